"""The links of a page that a crawler may follow: GETs only, and none that announces an effect."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode
from xml.etree.ElementTree import Element

# What Rails, Turbo, Unpoly and htmx send by another method, or after a question.
_METHODS = ("data-method", "data-turbo-method", "up-method", "data-up-method")
_REQUESTS = tuple(f"{prefix}hx-{method}" for prefix in ("", "data-") for method in ("post", "put", "patch", "delete"))
_QUESTIONS = ("data-confirm", "data-turbo-confirm", "hx-confirm", "data-hx-confirm", "up-confirm", "data-up-confirm")
# Relations of <link> whose target is another page.
_PAGES = {"next", "prev", "canonical", "amphtml", "alternate", "shortlink"}
_REFRESH = re.compile(r"^\s*[\d.]*\s*[;,]?\s*url\s*=\s*[\"']?([^\"']+)", re.IGNORECASE)
_LOCATION = re.compile(r"""(?:location(?:\.href)?\s*=\s*|(?:location\.assign|window\.open)\(\s*)(["'])(.+?)\1""")
_CHOICES = ("radio", "checkbox")
_BUTTONS = ("submit", "image", "button", "reset")
# A form's further options: each is requested once, up to here.
OPTIONS_A_FORM = 20
_SWAP = "data-w-swap-src-value"


@dataclass(frozen=True, slots=True)
class Link:
    """``url`` as it is written. ``kind``: "page", "feed", "nofollow" (it asks crawlers to stay away) or "fragment".

    A fragment is a part of a page that a script or a frame loads, with ``headers``.
    """

    kind: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


def links(tag: str, attributes: Mapping[str, str], node: Element) -> Iterator[Link]:
    """One element's links. ``attributes``: with lower-case names."""
    if has_effect(attributes):
        return
    href, src = attributes.get("href"), attributes.get("src", "")
    rels = set(attributes.get("rel", "").lower().split())
    if tag == "link":
        yield from _relation(rels, attributes)
    elif tag == "meta" and attributes.get("http-equiv", "").strip().lower() == "refresh":
        yield from (Link("page", url) for url in _REFRESH.findall(attributes.get("content", "")))
    elif tag in ("a", "area") and href is not None and "download" not in attributes:
        yield Link("nofollow" if "nofollow" in rels else "page", href)
    elif tag == "form":
        # Wagtail's admin puts the answer into the page: nobody sees it as a document of its own.
        part = _SWAP in attributes
        kind, headers = ("fragment", {"X-Requested-With": "XMLHttpRequest"}) if part else ("page", {})
        yield from (Link(kind, url, headers) for url in _form(attributes, node))
    elif tag in ("iframe", "frame", "include-fragment") and src:
        yield Link("fragment", src)
    elif tag == "turbo-frame" and src:
        yield Link("fragment", src, {"Turbo-Frame": attributes.get("id", "")})
    for prefix in ("", "data-"):
        if url := attributes.get(f"{prefix}hx-get"):
            yield Link("fragment", url, {"HX-Request": "true"})
        if url := attributes.get(f"{prefix}up-href"):
            yield Link("fragment", url, {"X-Up-Version": "3"})
    yield from (Link("page", url) for _, url in _LOCATION.findall(attributes.get("onclick", "")))


def has_effect(attributes: Mapping[str, str]) -> bool:
    """Whether a link or form says that it does more than a GET: another method, or a question before it."""
    methods = (attributes[name].strip().lower() for name in _METHODS if name in attributes)
    return (
        any(method not in ("", "get") for method in methods)
        or any(name in attributes for name in (*_REQUESTS, *_QUESTIONS))
        or "confirm(" in attributes.get("onclick", "") + attributes.get("onsubmit", "")
    )


def _relation(rels: set[str], attributes: Mapping[str, str]) -> Iterator[Link]:
    kind = attributes.get("type", "").lower()
    if "stylesheet" in rels:
        return
    if "search" in rels or ("alternate" in rels and "xml" in kind):
        yield Link("feed", attributes.get("href", ""))
    elif rels & _PAGES and kind in ("", "text/html", "application/xhtml+xml"):
        yield Link("page", attributes.get("href", ""))


def _form(attributes: Mapping[str, str], form: Element) -> Iterator[str]:
    """What a GET form requests: its address, its values as they stand, and once each option."""
    fields = [node for node in form.iter() if node.tag in ("input", "select") and node.get("name")]
    if attributes.get("method", "get").strip().lower() not in ("get", "") or {"password", "file"} & set(
        map(_kind, fields)
    ):
        return
    action = attributes.get("action", "").strip().partition("#")[0].partition("?")[0]
    yield action
    sent: dict[str, str] = {}
    options: list[tuple[str, str]] = []
    for node in fields:
        name, kind = node.get("name") or "", _kind(node)
        if node.tag == "select":
            values = [_value(option) for option in node.iter("option")]
            chosen = [_value(option) for option in node.iter("option") if option.get("selected") is not None]
            sent[name] = next(iter([*chosen, *values]), "")
            options += [(name, value) for value in values if value != sent[name]]
        elif kind in _CHOICES and node.get("checked") is None:
            options.append((name, node.get("value") or "on"))
        elif kind not in _BUTTONS:
            sent[name] = node.get("value") or ("on" if kind in _CHOICES else "")
    if any(sent.values()):
        yield f"{action}?{urlencode(sent)}"
    for name, value in options[:OPTIONS_A_FORM]:
        yield f"{action}?{urlencode({**sent, name: value})}"


def _kind(field: Element) -> str:
    return (field.get("type") or "").strip().lower()


def _value(option: Element) -> str:
    value = option.get("value")
    return (option.text or "").strip() if value is None else value
