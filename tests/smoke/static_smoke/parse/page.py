"""The references in a page: every URL that some browser may request."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib

from static_smoke.http.hosts import FONT_EXTENSIONS, IMAGE_EXTENSIONS, extension
from static_smoke.http.urls import resolve, unsigned
from static_smoke.parse import css, links, metadata, modules

_META_IMAGES = re.compile(
    r"(og:(image|video|audio)(:url|:secure_url)?|twitter:(image|player:stream)(:src)?"
    r"|msapplication-\w*(logo|image|config)|image|thumbnailurl)",
    re.IGNORECASE,
)
_URL_ATTRIBUTES = {
    ("img", "src"): "image",
    ("input", "src"): "image",
    ("image", "href"): "image",
    ("body", "background"): "image",
    ("table", "background"): "image",
    ("td", "background"): "image",
    ("video", "poster"): "image",
    ("video", "src"): "media",
    ("audio", "src"): "media",
    ("source", "src"): "media",
    ("track", "src"): "track",
    ("embed", "src"): "object",
    ("object", "data"): "object",
    ("use", "href"): "use",
    ("feimage", "href"): "image",
    ("iframe", "src"): "document",
    ("frame", "src"): "document",
    ("a", "href"): "link",
    ("area", "href"): "link",
}
_CANDIDATE = re.compile(r"\s*,*\s*([^\s,]\S*[^\s,])(?:\s+([^,(]*(?:\([^)]*\)[^,(]*)*))?\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Reference:
    """``how`` names the tag or rule; ``maybe``: only some screens, styles or readers request it."""

    url: str
    place: str
    how: str
    kind: str
    maybe: bool = False
    cors: bool = False


@dataclass(slots=True)
class Page:
    """What ``parse`` found in one page. ``scripts``: the inline ones.

    ``links``, ``feeds``, ``fragments`` (with the headers of their request) and ``nofollow``: see ``links.Link``.
    """

    url: str
    place: str
    references: list[Reference] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    feeds: list[str] = field(default_factory=list)
    fragments: dict[str, Mapping[str, str]] = field(default_factory=dict)
    nofollow: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    has_icon: bool = False
    importmap: modules.ImportMap = field(default_factory=modules.ImportMap)

    @property
    def signature(self) -> frozenset:
        """The files and scripts of the page: pages of one template mostly share them."""
        loads = {(unsigned(it.url), it.kind) for it in self.references if it.kind not in ("link", "document")}
        return frozenset({*loads, *self.scripts})


def parse(url: str, text: str, link_headers: Sequence[str] = (), place: str = "") -> Page:
    """Reads one page as a browser does (the HTML standard's parser)."""
    page = Page(url, place or url)
    _document(page, url, text, maybe=False)
    for header in link_headers:
        for target, kind in metadata.link_header(header):
            _add(page, url, target, "Link header", kind)
    return page


def _document(page: Page, base: str, text: str, *, maybe: bool) -> None:
    root = html5lib.parse(text, namespaceHTMLElements=False)
    declared = root.find(".//base[@href]")
    if declared is not None:
        base = resolve(base, declared.get("href")) or base
    scripts = [node for node in root.iter("script") if _type(node) == "importmap"]
    for node in scripts:
        try:
            page.importmap.add(node.text or "", base)
        except (ValueError, AttributeError):
            continue
        for target in page.importmap.imports.values():
            _add(page, base, target, '<script type="importmap">', "module", maybe=True)
    _walk(page, base, root, maybe=maybe)


def _walk(page: Page, base: str, element: Element, *, maybe: bool) -> None:
    for node in element:
        if not isinstance(node.tag, str):
            continue
        tag = node.tag.rpartition("}")[2].lower()
        inner = maybe or tag in ("noscript", "template")
        _element(page, base, tag, node, maybe=inner)
        _walk(page, base, node, maybe=inner)


def _element(page: Page, base: str, tag: str, node: Element, *, maybe: bool) -> None:
    attributes = {name.rpartition("}")[2].lower(): value for name, value in node.attrib.items()}
    cors = "crossorigin" in attributes

    def add(url: str, how: str, kind: str, *, hidden: bool = False) -> None:
        _add(page, base, url, how, kind, maybe=maybe or hidden, cors=cors)

    for name, value in attributes.items():
        how = f"<{tag} {name}>"
        kind = _URL_ATTRIBUTES.get((tag, name))
        if kind == "link":
            add(value, how, kind, hidden=True)
        elif kind:
            add(value, how, kind)
        elif name in ("srcset", "imagesrcset"):
            for candidate in srcset(value):
                add(candidate, how, "image", hidden=True)
        elif name == "style":
            for url in css.style_urls(value):
                add(url, how, _kind_of(url), hidden=True)
        elif name == "srcdoc":
            _document(page, base, value, maybe=maybe)
        elif name.startswith("data-") and extension(value) in IMAGE_EXTENSIONS | {".svg"}:
            for candidate in srcset(value):
                add(candidate, how, "image", hidden=True)
    _follow(page, base, links.links(tag, attributes, node))
    if tag == "link":
        _link(page, base, attributes, maybe=maybe, cors=cors)
    elif tag == "meta":
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        if name and _META_IMAGES.fullmatch(name):
            add(attributes.get("content", ""), f"<meta {name}>", "image", hidden=True)
    elif tag == "style":
        for url in css.stylesheet_urls(node.text or ""):
            add(url, "<style>", _kind_of(url), hidden=True)
    elif tag == "script":
        _script(page, base, attributes, node.text or "", add)


def _follow(page: Page, base: str, found: Iterable[links.Link]) -> None:
    for link in found:
        target = resolve(base, link.url)
        if target is None:
            continue
        if link.kind == "fragment":
            page.fragments.setdefault(target, link.headers)
        else:
            {"page": page.links, "feed": page.feeds, "nofollow": page.nofollow}[link.kind].append(target)


def _link(page: Page, base: str, attributes: dict, *, maybe: bool, cors: bool) -> None:
    rels = set(attributes.get("rel", "").lower().split())
    href = attributes.get("href", "")
    how = f'<link rel="{" ".join(sorted(rels))}">'
    if rels & metadata.ICONS:
        page.has_icon |= "icon" in rels and not maybe and bool(href.strip())
        _add(page, base, href, how, "image", maybe=maybe)
    elif "stylesheet" in rels:
        _add(page, base, href, how, "style", maybe=maybe, cors=cors)
    elif "alternate" not in rels or "xml" not in attributes.get("type", ""):
        for kind in metadata.linked_kinds(rels, attributes.get("as", "")):
            _add(page, base, href, how, kind, maybe=maybe or kind == "link", cors=cors)


def _script(page: Page, base: str, attributes: dict, text: str, add) -> None:
    kind = attributes.get("type", "").strip().lower()
    if "src" in attributes:
        if kind in ("", "module") or "javascript" in kind:
            is_module = kind == "module"
            add(attributes["src"], "<script src>", "module" if is_module else "script")
        return
    if "json" not in kind and kind != "importmap":
        page.scripts.append(text)
    if kind == "module":
        for specifier in modules.imports(text):
            target = page.importmap.resolve(base, specifier)
            if target:
                add(target, "import in <script>", "module")
    elif kind == "application/ld+json":
        for url in metadata.json_ld_images(text):
            add(url, "JSON-LD", "image", hidden=True)


def srcset(text: str) -> Iterator[str]:
    """The URLs of a srcset's candidates; a URL may itself hold commas."""
    for match in _CANDIDATE.finditer(text):
        yield match[1]


def _add(page, base, url, how, kind, *, maybe=False, cors=False) -> None:
    target = resolve(base, url or "")
    if target:
        cors = cors or kind in ("module", "manifest", "font")
        page.references.append(Reference(target, page.place, how, kind, maybe, cors))


def _kind_of(url: str) -> str:
    if extension(url) in FONT_EXTENSIONS:
        return "font"
    return "style" if urlsplit(url).path.endswith(".css") else "image"


def _type(node: Element) -> str:
    return (node.get("type") or "").strip().lower()
