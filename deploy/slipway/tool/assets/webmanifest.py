"""Makes the URLs of a web manifest absolute: icons on the CDN host, pages on the site.

A manifest is fetched from the CDN host, so its relative URLs would be pages of that host. It may have any name: what
makes a file one is the ``<link rel="manifest">`` of a page. https://www.w3.org/TR/appmanifest/

The older browserconfig.xml, the one of Windows' tiles, names icons too.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin

from slipway.tool.assets import urls
from slipway.tool.assets.css import Reference
from slipway.web.errors import SlipwayError

PAGE_MEMBERS = ("start_url", "scope", "id")

# A tag of HTML, whose attributes may hold tags of a template.
TAG = re.compile(rb"""<(link|meta)\b(?:\{%.*?%\}|\{\{.*?\}\}|"[^"]*"|'[^']*'|[^>"'])*>""", re.IGNORECASE | re.DOTALL)
REL = re.compile(rb"""\srel\s*=\s*(?:"[^"]*\bmanifest\b|'[^']*\bmanifest\b|manifest\b)""", re.IGNORECASE)
CONFIG = re.compile(rb"""\sname\s*=\s*["']?msapplication-config\b""", re.IGNORECASE)
STATIC = re.compile(rb"""\bstatic[\s(]+(?:"([^"]+)"|'([^']+)')(?:\s+as\s+(\w+))?""")
VARIABLE = re.compile(rb"\{\{\s*(\w+)\s*\}\}")
ATTRIBUTE = re.compile(rb"""\s(?:href|content)\s*=\s*(?:"([^"]+)"|'([^']+)'|([^\s>]+))""", re.IGNORECASE)
COMMENT_OR_SRC = re.compile(rb"""<!--.*?(?:-->|\Z)|\ssrc\s*=\s*(?:"([^"]+)"|'([^']+)')""", re.IGNORECASE | re.DOTALL)
CONFIG_NAME = "browserconfig.xml"


def linked(bodies: Iterable[bytes]) -> set[str]:
    """The names of the static files that these templates link as manifest or as msapplication-config."""
    return {name for body in bodies if b"manifest" in body or b"msapplication-config" in body for name in _linked(body)}


def _linked(body: bytes) -> Iterator[str]:
    named = {match[3]: match[1] or match[2] for match in STATIC.finditer(body) if match[3]}
    for tag in TAG.finditer(body):
        if not (REL if tag[1].lower() == b"link" else CONFIG).search(tag[0]):
            continue
        if found := STATIC.search(tag[0]):
            yield (found[1] or found[2]).decode("utf-8", "replace")
        elif found := VARIABLE.search(tag[0]):
            if found[1] in named:
                yield named[found[1]].decode("utf-8", "replace")
        elif b"{%" not in tag[0] and (found := ATTRIBUTE.search(tag[0])):
            target = urls.target(unescape((found[1] or found[2] or found[3]).decode("utf-8", "replace")), "")
            if target:
                yield target.name


def config_icons(body: bytes) -> list[Reference]:
    """The icons of a browserconfig.xml."""
    found = []
    for match in COMMENT_OR_SRC.finditer(body):
        if match.lastindex:
            text = match[match.lastindex].decode("utf-8", "replace")
            found.append(Reference(*match.span(match.lastindex), unescape(text).strip(), "icon"))
    return found


def rewrite(body: bytes, shown: str, site_url: str, icon_url: Callable[[str], str]) -> bytes:
    """The manifest with absolute URLs; ``icon_url`` returns that of an image.

    Raises SlipwayError when the manifest is no JSON object.
    """
    manifest = _parse(body, shown)
    manifest.setdefault("start_url", "/")
    manifest.setdefault("scope", "/")
    manifest.setdefault("id", manifest["start_url"])
    for holder, member in _pages(manifest):
        if isinstance(holder.get(member), str):
            holder[member] = urljoin(f"{site_url}/", holder[member])
    for image in _images(manifest):
        if isinstance(image.get("src"), str):
            image["src"] = icon_url(image["src"])
    return json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode()


def _parse(body: bytes, shown: str) -> dict[str, Any]:
    try:
        manifest = json.loads(body, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise SlipwayError(f"{shown}:{line}: is not UTF-8; save it as UTF-8") from None
    except RecursionError:
        raise SlipwayError(f"{shown}:1: has too many brackets in brackets") from None
    except json.JSONDecodeError as error:
        raise SlipwayError(f"{shown}:{error.lineno}: is not JSON: {error.msg}") from None
    if not isinstance(manifest, dict):
        raise SlipwayError(f"{shown}:1: a web manifest is a JSON object, {{…}}")
    return manifest


def _no_constant(name: str) -> None:
    """Python takes NaN and Infinity, and no browser does."""
    raise json.JSONDecodeError(f"{name} is no value", "", 0)


def _pages(manifest: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for member in PAGE_MEMBERS:
        yield manifest, member
    for shortcut in _objects(manifest, "shortcuts"):
        yield shortcut, "url"
    for handler in _objects(manifest, "protocol_handlers"):
        yield handler, "url"
    for handler in _objects(manifest, "file_handlers"):
        yield handler, "action"
    for holder, member in (("share_target", "action"), ("note_taking", "new_note_url")):
        if isinstance(manifest.get(holder), dict):
            yield manifest[holder], member


def _images(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for holder in (
        manifest,
        *_objects(manifest, "shortcuts"),
        *_objects(manifest, "file_handlers"),
    ):
        yield from _objects(holder, "icons")
    yield from _objects(manifest, "screenshots")


def _objects(holder: dict[str, Any], member: str) -> Iterator[dict[str, Any]]:
    entries = holder.get(member)
    return (entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else iter(())
