"""What one element names, as it is written: https://html.spec.whatwg.org/, https://svgwg.org/svg2-draft/."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from static_smoke.http.hosts import FONT_EXTENSIONS, STATIC_EXTENSIONS, extension
from static_smoke.parse import css, metadata

_META_IMAGES = re.compile(
    r"(og:(image|video|audio)(:url|:secure_url)?|twitter:(image|player:stream)(:src)?"
    r"|msapplication-\w*(logo|image|config)|image|thumbnailurl|contenturl|logo)",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]?\s*url\s*=\s*[\"']?([^\"']+)", re.IGNORECASE)
_URL_ATTRIBUTES = {
    ("img", "src"): "image",
    ("input", "src"): "image",
    ("image", "href"): "image",
    ("image", "src"): "image",
    ("feimage", "href"): "image",
    **{(tag, "background"): "image" for tag in ("body", "table", "thead", "tbody", "tfoot", "tr", "td", "th")},
    ("video", "poster"): "image",
    ("video", "src"): "media",
    ("audio", "src"): "media",
    ("source", "src"): "media",
    ("track", "src"): "track",
    ("embed", "src"): "object",
    ("object", "data"): "object",
    ("use", "href"): "use",
    **{
        (tag, "href"): "image" for tag in ("lineargradient", "radialgradient", "pattern", "textpath", "mpath", "filter")
    },
    ("iframe", "src"): "document",
    ("frame", "src"): "document",
    ("a", "href"): "link",
    ("area", "href"): "link",
}
# Attributes of SVG that are CSS properties: https://svgwg.org/svg2-draft/styling.html#PresentationAttributes
_PROPERTIES = {"fill", "stroke", "filter", "mask", "clip-path", "cursor"}
_PROPERTIES |= {"marker", "marker-start", "marker-mid", "marker-end"}
_READ = _PROPERTIES | {"style", "srcdoc", "srcset", "imagesrcset"}
# Attributes whose image a script loads once it is near the screen.
_LAZY = re.compile(
    r"data-(?:[\w-]+-)?(?:src(?:set)?|bg|background(?:-image)?|lazy|original|poster|image|img|thumb(?:nail)?"
    r"|full|large|hi-?res|retina|zoom|icon|echo)(?:-\dx)?"
)
# Attributes that hold text, names or numbers, or the address of a page.
_SILENT = re.compile(
    r"(?:value|title|alt|label|placeholder|content|action|formaction|cite|class|id|name|for|type|lang|rel|media|sizes"
    r"|d|points|transform|viewbox|width|height|nonce|integrity|ping|aria-.*|xmlns.*)"
)
_CANDIDATE = re.compile(r"\s*,*\s*([^\s,]\S*[^\s,])(?:\s+([^,(]*(?:\([^)]*\)[^,(]*)*))?\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Written:
    """One URL of an element. ``hidden``: only some screens, scripts or readers request it."""

    url: str
    how: str
    kind: str
    hidden: bool = False
    cors: bool = False


def references(tag: str, attributes: Mapping[str, str], text: str) -> Iterator[Written]:
    """What an element names, but for its script. ``attributes``: with lower-case names. ``text``: its own."""
    for name, value in attributes.items():
        yield from _attribute(tag, name, value)
    if tag == "link":
        yield from _link(attributes)
    elif tag == "meta":
        yield from _meta(attributes)
    elif tag == "style":
        yield from (Written(url, "<style>", kind_of(url), True, url.cors) for url in css.stylesheet_urls(text))


def unread(tag: str, attributes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The attributes, name and value, that only a script gives a meaning."""
    for name, value in attributes.items():
        known = (tag, name) in _URL_ATTRIBUTES or name in _READ
        known |= tag in ("link", "base", "script") and name in ("href", "src")
        if ("/" in value or name.startswith("on")) and not known and not _SILENT.fullmatch(name):
            yield name, value


def srcset(text: str) -> Iterator[str]:
    """The URLs of a srcset's candidates; a URL may itself hold commas."""
    for match in _CANDIDATE.finditer(text):
        yield match[1]


def kind_of(url: str) -> str:
    """The kind of a file that a stylesheet names."""
    if extension(url) in FONT_EXTENSIONS:
        return "font"
    return "style" if urlsplit(url).path.endswith(".css") else "image"


def _attribute(tag: str, name: str, value: str) -> Iterator[Written]:
    how = f"<{tag} {name}>"
    if kind := _URL_ATTRIBUTES.get((tag, name)):
        yield Written(value, how, kind, kind == "link")
    elif name in ("srcset", "imagesrcset"):
        yield from (Written(url, how, "image", True) for url in srcset(value))
    elif name == "style":
        yield from (Written(url, how, kind_of(url), True, url.cors) for url in css.style_urls(value))
    elif name in _PROPERTIES and "url(" in value.lower():
        yield from (Written(url, how, "image", True, url.cors) for url in css.style_urls(f"{name}: {value}"))
    elif _LAZY.fullmatch(name) and not value.lstrip().startswith(("{", "[", "data:")):
        urls = css.style_urls(value) if "url(" in value else srcset(value)
        for url in urls:
            if extension(url) in STATIC_EXTENSIONS:
                yield Written(url, how, "image", True)
            elif url.startswith(("/", "http", "\\")):
                yield Written(url, how, "fetch", True)


def _link(attributes: Mapping[str, str]) -> Iterator[Written]:
    rels = set(attributes.get("rel", "").lower().split())
    href = attributes.get("href", "")
    how = f'<link rel="{" ".join(sorted(rels))}">'
    if not rels and _META_IMAGES.fullmatch(attributes.get("itemprop", "")):
        yield Written(href, "<link itemprop>", "image", True)
    for kind in metadata.linked_kinds(rels, attributes.get("as", "").strip().lower()):
        yield Written(href, how, kind, kind == "link")


def _meta(attributes: Mapping[str, str]) -> Iterator[Written]:
    content = attributes.get("content", "")
    name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
    if name and _META_IMAGES.fullmatch(name.strip()):
        yield Written(content, f"<meta {name.strip()}>", "image", True)
    if attributes.get("http-equiv", "").strip().lower() == "refresh":
        yield from (Written(url, "<meta refresh>", "link", True) for url in _REFRESH.findall(content))
