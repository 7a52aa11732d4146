"""Permits the site's `{% compress … inline %}` blocks in its Content-Security-Policy, whoever sends that.

By their hashes: a nonce would have to be another one in each answer, and a page from a cache has that of its first. The
blocks are those of the release, so that the policy permits nothing else.
https://www.w3.org/TR/CSP3/#match-element-to-source-list
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from html.parser import HTMLParser

from compressor.cache import get_offline_manifest
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADERS = ("Content-Security-Policy", "Content-Security-Policy-Report-Only")
# The directives that judge an inline element; the first that is there does.
JUDGES = {tag: (f"{tag}-src-elem", f"{tag}-src", "default-src") for tag in ("script", "style")}
# With one of these in a directive, browsers ignore its 'unsafe-inline'.
OVERRIDES = re.compile(r"'(nonce-|sha(256|384|512)-|strict-dynamic')", re.I)

Hashes = Mapping[str, tuple[str, ...]]


class InlineBundles:
    """Adds their hashes to the policies of each page. A site without such a block does without this middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._hashes = hashes(get_offline_manifest().values())
        if not any(self._hashes.values()):
            raise MiddlewareNotUsed
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        for header in HEADERS:
            if header in response.headers:
                policies = response.headers[header].split(",")
                response.headers[header] = ",".join(permitting(policy, self._hashes) for policy in policies)
        return response


def hashes(blocks: Iterable[str]) -> Hashes:
    """The source expressions of the inline scripts and styles in these blocks' HTML."""
    parser = _Inline()
    for html in blocks:
        parser.feed(html.replace(settings.COMPRESS_URL_PLACEHOLDER, str(settings.COMPRESS_URL)))
        parser.close()
        parser.reset()
    return {tag: tuple(sorted(map(_hash, texts))) for tag, texts in parser.found.items()}


def permitting(policy: str, hashes: Hashes) -> str:
    """The policy with the hashes in it; as it is where it permits every inline element, or says nothing of them."""
    directives: dict[str, list[str]] = {}
    for text in policy.split(";"):
        name, *sources = text.split() or [""]
        # Browsers ignore a directive that comes twice.
        directives.setdefault(name.lower(), sources)
    directives.pop("", None)
    for tag, more in hashes.items():
        judge = next((name for name in JUDGES[tag] if name in directives), None)
        if judge and more and not _permits_inline(directives[judge]):
            sources = [source for source in directives[judge] if source.lower() != "'none'"]
            # default-src judges other kinds, too.
            name = f"{tag}-src" if judge == "default-src" else judge
            directives[name] = [*sources, *(each for each in more if each not in sources)]
    return "; ".join(" ".join((name, *sources)) for name, sources in directives.items())


def _permits_inline(sources: Iterable[str]) -> bool:
    return "'unsafe-inline'" in map(str.lower, sources) and not any(map(OVERRIDES.match, sources))


def _hash(text: str) -> str:
    # A browser has made each end of line a line feed before it looks at the text.
    body = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    return f"'sha256-{b64encode(sha256(body).digest()).decode()}'"


class _Inline(HTMLParser):
    """``found``: the texts of inline elements by tag."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: dict[str, set[str]] = {"script": set(), "style": set()}
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in self.found and "src" not in dict(attributes):
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.found and self._text is not None:
            self.found[tag].add("".join(self._text))
            self._text = None
