"""Finds the files of a bundler that no manifest lists, by the scripts that load them.

A bundler writes the hash into the names, and then these names into its scripts. No import map is of use there: what
is loaded is a stylesheet too, and many bundlers ask for a script by a tag.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Set

from django.conf import settings

from slipway.tool.assets.bundlers.carried_hash import hashed
from slipway.tool.assets.collect import Naming, Source, shown
from slipway.tool.assets.scripts.modules import SCRIPTS, imported
from slipway.web.errors import SlipwayError

NAME = re.compile(rb"[\w.~-]+\Z")
LONGEST_NAME = 255
# What esbuild writes for an imported image without --public-path. Others put import.meta.url or their base before it.
RELATIVE = re.compile(rb"""(?<!URL\()(["'`])(\.\.?/[^"'`\s?#]+)\1""")
ADVICE = "give the bundler the URL of its files (esbuild: --public-path)"
NEWLINE = b"\n"
PAGES = (".html", ".htm")
LOADED_BESIDE = (*SCRIPTS, ".css", ".map")
# webpack puts its names together from a part for each chunk; its script begins with the folder that it is in.
# The second is its loader for modules (output.module).
WEBPACK = re.compile(rb"""ChunkLoadError|\bimport\(\s*["'`]\.\.?/[^"'`]*["'`]\s*\+\s*[\w$]+\.u\(""")


def decide(sources: Mapping[str, Source], pages: Iterable[bytes] = ()) -> list[str]:
    """Sets the ``naming`` of such files; returns warnings for those that have no hash in their names.

    ``pages`` are the project's templates: one that a bundler has written names its first script.
    Raises SlipwayError for one of these in pull mode.
    """
    scripts = {name: source for name, source in sources.items() if source.own and name.lower().endswith(SCRIPTS)}
    found = hashed(name for name, source in sources.items() if source.own and source.naming is Naming.HASHED)
    pages = [*pages, *(source.body for name, source in sources.items() if source.own and name.endswith(PAGES))]
    first = {name for name in found if name.endswith((*SCRIPTS, ".css"))}
    for name in (*_named(found, [script.body for script in scripts.values()]), *_named(first, pages)):
        sources[name].naming = Naming.KEPT
    for script in [name for name, source in scripts.items() if WEBPACK.search(source.body)]:
        _decide_webpack(script, found, sources)
    kept = [name for name in scripts if sources[name].naming is Naming.KEPT]
    warnings = list(_decide_importers(sources, kept, found))
    images = {
        name for name, source in sources.items() if source.naming is Naming.KEPT and not name.endswith(LOADED_BESIDE)
    }
    for script in scripts.values() if images else ():
        warnings += _relative_to_the_page(script, images)
    return warnings


def _named(names: Set[str], texts: Iterable[bytes]) -> Iterator[str]:
    """Those of the names that a script or a page has in it."""
    if any("." in posixpath.basename(name) for name in names):
        # By their ends: an expression that begins with any character takes ten times as long.
        extensions = {re.escape(posixpath.splitext(name)[1].encode()) for name in names} - {b""}
        end = re.compile(rb"(?:%s)(?!\w|[\w.~-]*\.\w\w)" % b"|".join(sorted(extensions)))
        words = {word for text in texts for word in _words(text, end)}
        yield from (name for name in names if posixpath.basename(name).encode() in words)


def _words(body: bytes, end: re.Pattern[bytes]) -> Iterator[bytes]:
    for match in end.finditer(body):
        if name := NAME.search(body[max(0, match.start() - LONGEST_NAME) : match.start()]):
            yield name[0] + match[0]


def _decide_webpack(script: str, found: Set[str], sources: Mapping[str, Source]) -> None:
    """What is beside a script with webpack's loader, and below it."""
    folder = posixpath.dirname(script)
    for name, source in sources.items():
        if not source.own or source.naming is not Naming.HASHED or name == script:
            continue
        if name in found and (not folder or name.startswith(f"{folder}/")):
            source.naming = Naming.KEPT
        elif folder and posixpath.dirname(name) == folder:
            source.naming = Naming.BOTH


def _decide_importers(sources: Mapping[str, Source], waiting: list[str], found: Set[str]) -> Iterator[str]:
    """What a script imports whose bytes stay: it is asked for by its plain name, and has no other."""
    while waiting:
        script = waiting.pop()
        for name in imported(sources, script):
            if name not in sources or sources[name].naming is not Naming.HASHED:
                continue
            waiting.append(name)
            if name in found:
                sources[name].naming = Naming.KEPT
            else:
                # With a second name a module would run twice.
                sources[name].naming = Naming.PLAIN
                what = f"{shown(sources[name].path)}:1: no hash in its name, by which {script} imports it"
                if settings.SLIPWAY_PULL:
                    raise SlipwayError(f"{what}; a CDN that pulls needs one: put [hash] into the bundler's file names")
                yield f"{what}: it is cached for five minutes only; put [hash] into the bundler's file names"


def _relative_to_the_page(script: Source, images: Set[str]) -> Iterator[str]:
    for match in RELATIVE.finditer(script.body):
        path = match[2].decode("utf-8", "replace")
        name = posixpath.normpath(posixpath.join(posixpath.dirname(script.name), path))
        if name in images:
            place = f"{shown(script.path)}:{script.body.count(NEWLINE, 0, match.start()) + 1}"
            yield f"{place}: {path} is relative to the page, so it is requested from the site; {ADVICE}"
