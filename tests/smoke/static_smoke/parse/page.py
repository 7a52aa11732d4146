"""The references in a page: every URL that some browser may request."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

import html5lib

from static_smoke.http.urls import resolve, unsigned
from static_smoke.parse import elements, links, metadata, modules, strings
from static_smoke.parse.reference import Asked, Reference
from static_smoke.parse.strings import Script

# What a script fills in before a browser requests it: in a <template> it is no URL.
_PLACEHOLDER = re.compile(r"\s*(\{\{|\{%|\$\{|#\{|<%|\[\[)")
_JAVASCRIPT = ("", "module", "text/babel", "text/jsx")


@dataclass(slots=True)
class Page:
    """What ``parse`` found in one page. ``scripts``: the inline ones. ``strings``: what may be a URL; see ``Asked``.

    ``links``, ``feeds``, ``fragments`` (with the headers of their request) and ``nofollow``: see ``links.Link``.
    """

    url: str
    place: str
    references: list[Reference] = field(default_factory=list)
    strings: list[Reference] = field(default_factory=list)
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

    def add(self, references: Iterable[Reference]) -> None:
        for reference in references:
            (self.strings if reference.asked is not Asked.NO else self.references).append(reference)


def parse(url: str, text: str, link_headers: Sequence[str] = (), place: str = "") -> Page:
    """Reads one page as a browser does (the HTML standard's parser)."""
    page = Page(url, place or url)
    _Document(page, url, text).read()
    for header in link_headers:
        for target, kind in metadata.link_header(header):
            if requested := resolve(url, target):
                page.add([Reference(requested, page.place, "Link header", kind, base=url)])
    return page


class _Document:
    """One document: a page, or what is written in a ``srcdoc``. ``maybe``: whether only some browsers show it."""

    def __init__(self, page: Page, base: str, text: str, *, maybe: bool = False):
        self._page, self._maybe = page, maybe
        # As the parser normalises them: a script's text is looked for in it.
        self._text = text.replace("\r\n", "\n").replace("\r", "\n")
        self._root = html5lib.parse(self._text, namespaceHTMLElements=False)
        # What stands before <base> is requested without it; links are resolved when they are clicked.
        self._base, self._final = base, base
        self._declared = next(_bases(self._root), None)
        if self._declared is not None:
            self._final = resolve(base, self._declared.get("href", "")) or base
        self._end = 0

    def read(self) -> None:
        for node in self._root.iter("script"):
            if _type(node) == "importmap":
                self._importmap(node.text or "")
        self._walk(self._root, maybe=self._maybe)

    def _importmap(self, text: str) -> None:
        importmap = self._page.importmap
        try:
            importmap.add(text, self._final)
        except (ValueError, AttributeError):
            return
        scoped = (target for table in importmap.scopes.values() for target in table.values())
        for target in (*importmap.imports.values(), *scoped):
            self._add(target, '<script type="importmap">', "module", maybe=True)

    def _walk(self, element: Element, *, maybe: bool) -> None:
        for node in element:
            if node is self._declared:
                self._base = self._final
            if not isinstance(node.tag, str):
                continue
            tag = node.tag.rpartition("}")[2].lower()
            inner = maybe or tag in ("noscript", "template")
            self._element(tag, node, maybe=inner)
            self._walk(node, maybe=inner)

    def _element(self, tag: str, node: Element, *, maybe: bool) -> None:
        attributes = {name.rpartition("}")[2].lower(): value for name, value in node.attrib.items()}
        cors = "crossorigin" in attributes
        for it in elements.references(tag, attributes, node.text or ""):
            self._add(it.url, it.how, it.kind, maybe=maybe or it.hidden, cors=cors or it.cors)
        followed = (it for it in links.links(tag, attributes, node) if not (maybe and _PLACEHOLDER.match(it.url)))
        _follow(self._page, self._final, followed)
        if "srcdoc" in attributes:
            _Document(self._page, self._base, attributes["srcdoc"], maybe=maybe).read()
        if tag == "link" and "icon" in attributes.get("rel", "").lower().split() and not maybe:
            self._page.has_icon |= bool(attributes.get("href", "").strip())
        if tag == "script":
            self._script(attributes, node.text or "", maybe=maybe)
        for name, value in elements.unread(tag, attributes):
            self._page.add(self._attribute(name, value, f"<{tag} {name}>"))

    def _script(self, attributes: dict[str, str], text: str, *, maybe: bool) -> None:
        kind = attributes.get("type", "").partition(";")[0].strip().lower()
        is_code = kind in _JAVASCRIPT or "javascript" in kind or "ecmascript" in kind
        address = attributes.get("src", attributes.get("href"))
        if address is not None:
            if is_code:
                how = "<script src>" if "src" in attributes else "<script href>"
                module = "module" if kind == "module" else "script"
                self._add(address, how, module, maybe=maybe, cors="crossorigin" in attributes)
            return
        if "json" not in kind and kind != "importmap":
            self._page.scripts.append(text)
        if kind == "application/ld+json":
            for url in metadata.json_ld_images(text):
                self._add(url, "JSON-LD", "image", maybe=True)
        elif kind == "speculationrules":
            for url in metadata.speculation_urls(text):
                self._add(url, '<script type="speculationrules">', "fetch", maybe=True)
        script = self._inline(text, f'<script type="{kind}">' if kind else "<script>")
        if is_code:
            self._page.add(strings.of_script(text, script))
        elif "json" in kind or kind == "speculationrules":
            self._page.add(strings.of_json(text, script))
        elif kind != "importmap":
            self._page.add(strings.of_text(text, script))

    def _inline(self, text: str, name: str) -> Script:
        """A script of the page, with its place in the page's text."""
        start = self._text.find(text, self._end) if text else -1
        self._end = max(self._end, start)
        source = self._text if start >= 0 else text
        return Script(self._base, self._base, self._page.place, name, self._page.importmap, source, max(start, 0))

    def _attribute(self, name: str, value: str, how: str) -> Iterator[Reference]:
        script = Script(self._base, self._base, self._page.place, how, self._page.importmap)
        if name.startswith("on"):
            yield from strings.of_script(value, script)
        elif value.lstrip().startswith(("{", "[")):
            yield from strings.of_json(value, script)
        yield from strings.of_text(value, script)

    def _add(self, url: str, how: str, kind: str, *, maybe: bool = False, cors: bool = False) -> None:
        if maybe and _PLACEHOLDER.match(url):
            return
        base = self._final if kind == "link" else self._base
        if target := resolve(base, url):
            cors = cors or kind in ("module", "manifest", "font")
            script_base = target if kind == "worker" else self._base
            self._page.add([Reference(target, self._page.place, how, kind, maybe, cors, script_base)])


def _bases(element: Element) -> Iterator[Element]:
    for node in element:
        if node.tag == "base" and node.get("href") is not None:
            yield node
        elif node.tag not in ("template", "noscript"):
            yield from _bases(node)


def _follow(page: Page, base: str, found: Iterable[links.Link]) -> None:
    for link in found:
        target = resolve(base, link.url)
        if target is None:
            continue
        if link.kind == "fragment":
            page.fragments.setdefault(target, link.headers)
        else:
            {"page": page.links, "feed": page.feeds, "nofollow": page.nofollow}[link.kind].append(target)


def _type(node: Element) -> str:
    return (node.get("type") or "").strip().lower()
