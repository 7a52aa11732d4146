"""The pages and files that feeds and sitemaps name."""

import re
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import urlsplit

from static_smoke.http import coding
from static_smoke.http.client import Answer, Client
from static_smoke.http.urls import resolve
from static_smoke.parse.reference import Reference
from static_smoke.site.pages import CrawlResult

# A site may name tens of thousands of pages: no run requests them all.
MAX_SITEMAPS = 20
MAX_PAGES = 1000
_GZIP = b"\x1f\x8b"
_LOCATION = re.compile(r"<(?:\w+:)?(?:loc|link|guid)\b[^>]*>\s*(?:<!\[CDATA\[)?\s*([^\s<\]]+)")
_LINK = re.compile(r"<(?:\w+:)?link\b[^>]*?\shref\s*=\s*[\"']([^\"']+)")
_SITEMAP = re.compile(r"<(?:\w+:)?sitemap\b[^>]*>.*?</(?:\w+:)?sitemap\s*>", re.DOTALL)
_STYLESHEET = re.compile(r"<\?xml-stylesheet\b[^>]*?\shref\s*=\s*[\"']([^\"']+)")


def pages(url: str, text: str) -> list[str]:
    """The pages that a feed (RSS, Atom) or a sitemap names, with those of other languages; no further sitemaps."""
    text = _SITEMAP.sub("", text)
    found = (resolve(url, unescape(written)) for written in (*_LOCATION.findall(text), *_LINK.findall(text)))
    return list(dict.fromkeys(filter(None, found)))


def references(url: str, text: str) -> Iterator[Reference]:
    """The stylesheets with which a browser shows an XML document."""
    for written in _STYLESHEET.findall(text):
        if target := resolve(url, unescape(written)):
            yield Reference(target, url, "<?xml-stylesheet?>", "xslt")


def add(result: CrawlResult, answer: Answer) -> list[str]:
    """Adds an XML document to the result; the pages that it names."""
    result.feeds[answer.url] = answer.text
    result.references += references(answer.url, answer.text)
    return pages(answer.url, answer.text)


async def read_sitemaps(client: Client, result: CrawlResult, urls: Iterable[str], is_inside) -> list[str]:
    """The pages of the site that the sitemaps at ``urls`` name, and those that they name.

    ``is_inside``: whether a URL belongs to the site. Bounded by MAX_SITEMAPS and MAX_PAGES; the rest is left out.
    """
    pending = list(dict.fromkeys(filter(is_inside, urls)))
    read: set[str] = set()
    named: dict[str, None] = {}
    while pending and len(read) < MAX_SITEMAPS:
        url = pending.pop(0)
        if url in read:
            continue
        read.add(url)
        answer = _unpacked(await client.request(url))
        if answer.status != 200 or not answer.text.lstrip("\ufeff \n\r\t").startswith("<") or "html" in answer.type:
            continue
        named |= dict.fromkeys(add(result, answer))
        for entry in _SITEMAP.findall(answer.text):
            pending += filter(is_inside, (resolve(url, unescape(it)) or "" for it in _LOCATION.findall(entry)))
    inside = [url for url in named if is_inside(url)]
    if named and not inside:
        hosts = ", ".join(sorted({urlsplit(url).netloc for url in named})[:3])
        result.notes.append(f"the sitemap names no page of the site, but pages of {hosts}")
    if left := len(set(pending) - read):
        result.notes.append(f"{left} sitemaps were not read (after {MAX_SITEMAPS})")
    result.leave_out("pages", len(inside[MAX_PAGES:]), f"the sitemap names more than {MAX_PAGES}")
    return inside[:MAX_PAGES]


def _unpacked(answer: Answer) -> Answer:
    """A sitemap.xml.gz is a gzip file, without a Content-Encoding."""
    try:
        body = answer.decoded()
        body = coding.decode(body, "gzip") if body.startswith(_GZIP) else body
    except ValueError:
        return Answer(answer.url, 0, answer.headers)
    headers = answer.headers.copy()
    headers.popall("Content-Encoding", None)
    return Answer(answer.url, answer.status, headers, body)
