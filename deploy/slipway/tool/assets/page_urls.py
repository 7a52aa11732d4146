"""Finds what the project's pages would request from the site, and not from the CDN.

That is a URL of the development server, in an attribute or in a `<style>` element, and a url() that is relative to the
page. A person has written it, or a bundler whose page is a template.
"""

import html
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from urllib.parse import unquote

from slipway.tool.assets import css, urls
from slipway.tool.assets.blocks.templates import TemplateFile
from slipway.tool.assets.collect import shown

# What is never requested, with a compressed block's styles: their addresses are those of the bundle.
COMMENT = re.compile(rb"<!--.*?-->|\{#.*?#\}|\{%-?\s*comment\b.*?\bendcomment\s*-?%\}", re.DOTALL)
COMPRESSED = re.compile(rb"\{%-?\s*compress\b.*?\bendcompress\s*-?%\}", re.DOTALL)
# A tag that writes nothing itself, and one that may: what follows that is a part of a longer URL.
SILENT = re.compile(rb"\{%-?\s*(?:if|elif|else|endif|for|empty|endfor|with|endwith|block|endblock)\b.*?%\}")
WRITES = re.compile(rb"\{%.*?%\}|\{\{.*?\}\}")
WRITTEN = b"\0"
TAG = re.compile(rb"""<[a-z](?:[^<>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
ATTRIBUTE = re.compile(
    rb"""\b(src|href|poster|srcset|imagesrcset|style|data|background|content|data-[\w-]+)\s*=\s*"""
    rb"""(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""",
    re.IGNORECASE,
)
STYLE = re.compile(rb"<style\b[^>]*>(.*?)</style", re.IGNORECASE | re.DOTALL)
PATH = re.compile(r"(?<![^\s\"'(=,;])" + urls.DEVELOPMENT_URL + r"([^\s\"'<>?#(){},\0]+)")
NEWLINE = b"\n"


def check(templates: Iterable[TemplateFile], sources: Collection[str], jinja: Mapping[str, str]) -> list[str]:
    """Warnings, with template and line, for such URLs of files that exist. ``jinja`` are Jinja2's templates by path."""
    pages = [(file.path, file.body, "{%% static '%s' %%}") for file in templates if file.own]
    pages += [(path, text.encode(), "{{ static('%s') }}") for path, text in jinja.items()]
    warnings = []
    for path, body, tag in pages:
        if urls.DEVELOPMENT_URL.encode() not in body and b"url(" not in body:
            continue
        for start, url, name in _found(body, sources):
            place = f"{shown(path)}:{body.count(NEWLINE, 0, start) + 1}"
            what = f"{place}: {url} is requested from the site, which has no static files; write {tag % name}"
            if url.startswith("/"):
                what += ", or let a bundler that writes this page have STATIC_URL as its base"
            warnings.append(what)
    return list(dict.fromkeys(warnings))


def _found(body: bytes, sources: Collection[str]) -> Iterator[tuple[int, str, str]]:
    """Place, URL and name of each."""
    page = WRITES.sub(_blank(WRITTEN), SILENT.sub(_blank(b" "), _without_comments(body)))
    for tag in TAG.finditer(page):
        for attribute in ATTRIBUTE.finditer(tag[0]):
            value = html.unescape((attribute[2] or attribute[3] or attribute[4] or b"").decode(errors="replace"))
            start = tag.start() + attribute.start()
            for match in PATH.finditer(value):
                name = unquote(match[1])
                if name in sources:
                    yield start, urls.DEVELOPMENT_URL + name, name
            if attribute[1].lower() == b"style":
                yield from ((start, *found) for _, *found in _relative(value.encode(), sources))
    # A compressed block is found by its tags, which are blank by now.
    plain = WRITES.sub(_blank(WRITTEN), COMPRESSED.sub(_blank(b" "), _without_comments(body)))
    for style in STYLE.finditer(plain):
        for reference in css.references(style[1]):
            name = unquote(re.split(r"[?#]", reference.url)[0].removeprefix(urls.DEVELOPMENT_URL))
            if reference.url.startswith(urls.DEVELOPMENT_URL) and name in sources:
                yield style.start(1) + reference.start, urls.DEVELOPMENT_URL + name, name
        yield from ((style.start(1) + start, *found) for start, *found in _relative(style[1], sources))


def _relative(style: bytes, sources: Collection[str]) -> Iterator[tuple[int, str, str]]:
    """Place, URL and name of each url() that is relative to the page and ends as the name of one file."""
    for reference in css.references(style):
        path = re.split(r"[?#]", reference.url)[0]
        if not path or path.startswith("/") or urls.SCHEME.match(path) or WRITTEN.decode() in path:
            continue
        end = re.sub(r"^(?:\.\.?/)+", "", posixpath.normpath(unquote(path)))
        names = [name for name in sources if name == end or name.endswith(f"/{end}")]
        if len(names) == 1:
            yield reference.start, reference.url, names[0]


def _without_comments(page: bytes) -> bytes:
    return COMMENT.sub(_blank(b" "), page)


def _blank(filler: bytes) -> Callable[[re.Match[bytes]], bytes]:
    """Replaces what is found by as many fillers: places and lines stay."""
    return lambda match: re.sub(rb"[^\n]", filler, match[0])
