"""Check P: the references in pages, stylesheets, modules, feeds and manifests."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from html import unescape
from urllib.parse import quote, urljoin, urlsplit

from static_smoke.checks.fetch import LISTED, Asset
from static_smoke.checks.icon_fix import icon_fix
from static_smoke.checks.result import Result
from static_smoke.http.hosts import Hosts, extension
from static_smoke.http.urls import resolve
from static_smoke.parse.reference import Reference
from static_smoke.rules import Fact, Rule
from static_smoke.site.crawl import CrawledPage, CrawlResult
from static_smoke.site.manifest import Manifest

_FEED_URL = re.compile(
    r"""(?:src|href|url|poster)\s*=\s*["']([^"']+)["']|<(?:url|icon|logo|link)>\s*([^<\s]+)|(https?://[^\s"'<>\\]+)"""
)
# Files that only developer tools request: no finding when one is missing.
_OPTIONAL = {"map"}
# What a bucket answers for an object that it does not have: 403 to one who may not list it.
_NO_OBJECT = {403, 404}
_LINKED = {"link", "document", "fetch", "object"}


def check(
    crawled_site: CrawlResult,
    references: Sequence[Reference],
    listed: Sequence[Reference],
    assets: Mapping[str, Asset],
    hosts: Hosts,
    manifest: Manifest | None = None,
) -> Result:
    """``references``: in pages and their files; ``listed``: in the manifest; ``assets``: the CDN's answers."""
    manifest = manifest or Manifest()
    facts = [
        *judge_pages(crawled_site.pages),
        *judge_references(references, hosts),
        *judge_feeds(crawled_site.feeds, hosts),
        *judge_missing(assets, [*references, *listed], hosts, manifest),
    ]
    return Result(facts, len(references) + len(listed))


def judge_pages(pages: Iterable[CrawledPage]) -> Iterator[Fact]:
    for crawled in pages:
        place = crawled.page.place
        name = f"the {crawled.kind} page" if crawled.kind.isdecimal() else "the page"
        if crawled.has_debug_body:
            yield Fact(Rule.DEBUG_PAGE, crawled.url, place, f"{name} shows DEBUG = True")
        # Browsers ask for no icon for a part of a page.
        if not crawled.page.has_icon and not crawled.fragment:
            yield Fact(Rule.NO_ICON, crawled.url, place, f"{name} names no icon", fix=icon_fix(crawled))


def judge_references(references: Iterable[Reference], hosts: Hosts) -> Iterator[Fact]:
    """References to the origin, whether a browser requests them or not."""
    for reference in references:
        url, place, how = reference.url, reference.place, reference.how
        if hosts.role(url) == "origin":
            if is_leak(reference, hosts):
                yield written(reference, hosts, f"{how} names {thing(url, hosts)} on the origin")
        elif hosts.is_ours(url):
            if url.startswith("http://") and hosts.site.startswith("https://"):
                yield Fact(Rule.PLAIN_HTTP, url, place, f"{how} uses plain http")
            if reference.kind == "use":
                what = f"{how} names a sprite on another origin"
                yield Fact(Rule.CROSS_ORIGIN_USE, url, place, what)


def written(reference: Reference, hosts: Hosts, what: str) -> Fact:
    """The fact that a reference names a static file of the origin."""
    rule = Rule.WRITTEN_MAYBE if reference.maybe else Rule.WRITTEN
    fix = Rule.WRITTEN_MEDIA.fix if hosts.is_media_path(reference.url) else ""
    if reference.kind == "link":
        rule = Rule.LINKED
    elif fix:
        rule = Rule.WRITTEN_MEDIA
    return Fact(rule, reference.url, reference.place, what, fix=fix)


def thing(url: str, hosts: Hosts) -> str:
    return "an uploaded file" if hosts.is_media_path(url) else "a static file"


def is_leak(reference: Reference, hosts: Hosts) -> bool:
    """Whether a reference to the origin is one for a static file."""
    entry = hosts.allowed(reference.url)
    # A service worker's stub is written in the call that registers it, and nowhere else.
    if entry is not None and (entry.written or reference.kind == "worker"):
        return False
    if reference.head:
        return hosts.is_below_prefix(reference.url)
    if reference.kind == "link" and not hosts.is_home(reference.url):
        return False  # somebody else's site on the same host
    if reference.kind == "link" and extension(reference.url) == ".ts":
        return hosts.is_below_prefix(reference.url)  # else it is rather a page about TypeScript than a stream's segment
    return reference.kind not in _LINKED or hosts.looks_static(reference.url)


def judge_feeds(feeds: Mapping[str, str], hosts: Hosts) -> Iterator[Fact]:
    """RSS, Atom and sitemaps: the files they name."""
    for place, text in feeds.items():
        # The articles in it are markup, escaped once more.
        for match in _FEED_URL.finditer(unescape(text)):
            url = resolve(place, unescape(match[match.lastindex]))
            if url and hosts.is_origin(url) and hosts.looks_static(url):
                rule = Rule.WRITTEN_MEDIA if hosts.is_media_path(url) else Rule.LINKED
                yield Fact(rule, url, place, f"the feed names {thing(url, hosts)} on the origin")


def judge_missing(
    assets: Mapping[str, Asset], references: Iterable[Reference], hosts: Hosts, manifest: Manifest
) -> Iterator[Fact]:
    """References to files that are missing on the CDN."""
    for reference in references:
        asset = assets.get(reference.url)
        if asset is None or reference.kind in _OPTIONAL:
            continue
        status = asset.last.status
        # Other answers of success are no file: 204 has no body, 206 a part of one.
        if status == 0 or status >= 400 or 200 < status < 300:
            answer = asset.last.error or f"answers {status}"
            what = f"{reference.how} names it, and {urlsplit(reference.url).netloc} {answer}"
            pushed = status in _NO_OBJECT and manifest.entry(reference.url, hosts)
            fix = "it is in the release's manifest and missing in the bucket: push again" if pushed else ""
            yield Fact(Rule.MISSING, reference.url, reference.place, what, fix=fix)


def listed(manifest: Manifest, hosts: Hosts, known: Set[str]) -> Iterator[Reference]:
    """Names of the manifest that no page refers to: each must be on the CDN too.

    Django's manifest names plain files too, which need not be pushed.
    """
    for name, entry in manifest.entries.items():
        url = urljoin(hosts.static or "", quote(name))
        if hosts.static and url not in known and (entry.hashed or entry.md5):
            yield Reference(url, entry.source, "the manifest", LISTED)
