"""Makes the URLs of a web manifest absolute: icons on the CDN host, pages on the site.

A manifest is fetched from the CDN host, so its relative URLs would be pages of that host.
https://www.w3.org/TR/appmanifest/
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

from slipway.web.errors import SlipwayError

PAGE_MEMBERS = ("start_url", "scope", "id")


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
        manifest = json.loads(body)
    except UnicodeDecodeError:
        raise SlipwayError(f"{shown}: is not UTF-8; save it as UTF-8") from None
    except json.JSONDecodeError as error:
        raise SlipwayError(f"{shown}:{error.lineno}: is not JSON: {error.msg}") from None
    if not isinstance(manifest, dict):
        raise SlipwayError(f"{shown}:1: a web manifest is a JSON object, {{…}}")
    return manifest


def _pages(manifest: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for member in PAGE_MEMBERS:
        yield manifest, member
    for shortcut in _objects(manifest, "shortcuts"):
        yield shortcut, "url"
    for handler in _objects(manifest, "protocol_handlers"):
        yield handler, "url"
    for handler in _objects(manifest, "file_handlers"):
        yield handler, "action"
    if isinstance(manifest.get("share_target"), dict):
        yield manifest["share_target"], "action"


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
