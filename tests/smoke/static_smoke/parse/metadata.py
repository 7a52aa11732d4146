"""References in a page's metadata: JSON-LD, a web app manifest, Link headers."""

import json
import re
from collections.abc import Iterator, Set

from static_smoke.http.hosts import IMAGE_EXTENSIONS, extension

ICONS = {"icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "fluid-icon"}
ICONS |= {"apple-touch-startup-image", "image_src"}
# as= of a preload: the kind.
_AS = {
    **{name: name for name in ("style", "script", "font", "image", "fetch", "track", "object", "document")},
    **dict.fromkeys(("worker", "sharedworker", "serviceworker"), "worker"),
    **dict.fromkeys(("audioworklet", "paintworklet"), "module"),
    **dict.fromkeys(("audio", "video"), "media"),
    "embed": "object",
    "json": "fetch",
}
_JSON_IMAGES = {"image", "logo", "thumbnailUrl", "contentUrl", "photo", "screenshot"}
_LD_FILES = IMAGE_EXTENSIONS | {".svg", ".mp4", ".webm", ".mp3"}


def json_ld_images(text: str) -> Iterator[str]:
    """The images and recordings that a JSON-LD block names."""
    try:
        pending = [("", json.loads(text))]
    except ValueError:
        return
    while pending:
        key, value = pending.pop()
        if isinstance(value, dict):
            under = key if value.get("@type") == "ImageObject" or key in _JSON_IMAGES else ""
            pending += [(under if name in ("url", "@id") else name, it) for name, it in value.items()]
        elif isinstance(value, list):
            pending += [(key, item) for item in value]
        elif isinstance(value, str) and (key in _JSON_IMAGES or extension(value) in _LD_FILES):
            yield value


def speculation_urls(text: str) -> Iterator[str]:
    """The URLs that speculation rules list."""
    try:
        rules = json.loads(text)
    except ValueError:
        return
    for listed in rules.values() if isinstance(rules, dict) else ():
        for rule in listed if isinstance(listed, list) else ():
            urls = rule.get("urls") if isinstance(rule, dict) else None
            yield from (url for url in urls or () if isinstance(url, str))


def manifest_urls(text: str) -> Iterator[str]:
    """The images that a web app manifest names."""
    try:
        document = json.loads(text)
    except ValueError:
        return
    shortcuts = document.get("shortcuts") or [] if isinstance(document, dict) else []
    for owner in [document, *shortcuts]:
        if isinstance(owner, dict):
            for entry in (owner.get("icons") or []) + (owner.get("screenshots") or []):
                if isinstance(entry, dict) and isinstance(entry.get("src"), str):
                    yield entry["src"]


def link_header(header: str) -> Iterator[tuple[str, str]]:
    """(URL, kind) of each entry of a Link header that a browser loads."""
    for match in re.finditer(r"<([^>]*)>((?:\s*;[^,<]*)*)", header):
        rel = re.search(r'\brel\s*=\s*"?([\w\s-]+)', match[2].lower())
        destination = re.search(r'\bas\s*=\s*"?(\w+)', match[2].lower())
        rels = set(rel[1].split()) if rel else set()
        kinds = linked_kinds(rels, destination[1] if destination else "")
        yield from ((match[1], kind) for kind in kinds)


def linked_kinds(rels: Set[str], destination: str) -> Iterator[str]:
    """The kind that a link with these relations loads, if any ("link" for any document)."""
    if "stylesheet" in rels:
        yield "style"
    elif rels & ICONS:
        yield "image"
    elif "manifest" in rels:
        yield "manifest"
    elif "modulepreload" in rels:
        yield "module"
    elif rels & {"preload", "prefetch"}:
        yield _AS.get(destination, "link")
