"""Finds what a bundler has written that would request its files from the site, and not from the CDN.

A bundler writes its base URL into its scripts: for chunks that are loaded later, their stylesheets, and imported
images.
"""

import re
from collections.abc import Iterator, Mapping

from django.conf import settings

from slipway.tool.assets import urls
from slipway.tool.assets.bundlers.manifests import Output
from slipway.tool.assets.collect import Source, shown
from slipway.web.errors import SlipwayError

URL = rb"""(["'`])((?:/|https?:)[^"'`\n]*)\1"""
# Vite's function that gives the URL of a chunk's stylesheet, and webpack's public path; each with a word of its script.
BASES = {
    b"modulepreload": re.compile(rb"function\s*\(\w+\)\s*\{\s*return\s*" + URL + rb"\s*\+"),
    b"ChunkLoadError": re.compile(rb"\.p\s*=\s*" + URL),
}
PATH = re.compile(rb"""(["'`])(/[^/"'`\s?#][^"'`\s?#]*)(?=["'`?#])""")


def check(output: Output, sources: Mapping[str, Source]) -> None:
    """Raises SlipwayError, with file and line, for a script of ``output`` with a base that is not its folder's URL."""
    for name in output.files:
        source = sources[name]
        if name.endswith((".js", ".mjs")):
            for start, base in _wrong(source.body, output):
                line = source.body.count(b"\n", 0, start) + 1
                raise SlipwayError(
                    f"{shown(source.path)}:{line}: {base} is not the URL of its files; {advice(output.prefix)}"
                )


def advice(prefix: str) -> str:
    """What to do about a wrong base."""
    folder = f" + '{prefix}'" if prefix else ""
    return f"set Vite's base to (process.env.STATIC_URL ?? '/static/'){folder}, webpack's output.publicPath to 'auto'"


def _wrong(script: bytes, output: Output) -> Iterator[tuple[int, str]]:
    for word, pattern in BASES.items():
        for match in pattern.finditer(script) if word in script else ():
            if match[2].decode(errors="replace") != settings.STATIC_URL + output.prefix:
                yield match.start(2), match[2].decode(errors="replace")
    tails = tuple(f"/{name.removeprefix(output.prefix)}" for name in output.listed)
    for match in PATH.finditer(script):
        path = match[2].decode(errors="replace")
        if path == urls.DEVELOPMENT_URL + output.prefix or path.endswith(tails):
            yield match.start(2), path
