"""Check B: the browser's requests, the failed and the blocked ones."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from static_smoke.browser.watch import BrowserRequest, PageLoad
from static_smoke.checks.result import Result
from static_smoke.http.hosts import STATIC_DESTINATIONS, Hosts
from static_smoke.rules import Fact, Rule

_BLOCKED_MESSAGES = re.compile(
    r"blocked by CORS policy|MIME type|integrity|Mixed Content|Unsafe attempt to load URL"
    r"|SecurityError|Failed to load module script"
)
# Chromium's errors that need an explanation.
_EXPLAINED = {"net::ERR_BLOCKED_BY_ORB": "blocked for its Content-Type (net::ERR_BLOCKED_BY_ORB)"}
_URL = re.compile(r"https?://[^\s'\"<>]+")


def check(loads: Sequence[PageLoad], hosts: Hosts, earlier: Sequence[PageLoad] = ()) -> Result:
    """``earlier``: page loads of a browser that was killed: what it requested counts too."""
    failed = [load for load in loads if load.failed]
    facts = list(judge([*earlier, *loads], hosts))
    if len(failed) == len(loads):
        return Result(facts, reason=f"no page could be loaded: {failed[0].problem}" if failed else "no page was loaded")
    reason = f"{len(failed)} of {len(loads)} page loads failed: {failed[0].problem}" if failed else ""
    return Result(facts, sum(len(load.requests) for load in loads), reason)


def notes(loads: Iterable[PageLoad]) -> Iterator[str]:
    """What the report says of the page loads besides findings: problems, and what was stopped in the browser."""
    for load in loads:
        if load.problem:
            yield f"{load.place} ({load.device}): {load.problem}"
        if load.unsent:
            kept = (
                "a request that may change something was"
                if len(load.unsent) == 1
                else (f"{len(load.unsent)} requests that may change something were")
            )
            yield f"{load.place} ({load.device}): {kept} not sent: {load.unsent[0]}"


def judge(loads: Iterable[PageLoad], hosts: Hosts) -> Iterator[Fact]:
    for load in loads:
        seen_from = f"{load.device}, {load.place}"
        from_cdn, from_origin = [], []
        for request in load.requests:
            role = hosts.role(request.url)
            if role == "origin" and is_static(request, hosts):
                from_origin.append(request)
                yield _leak(request, load)
            elif role in ("static", "media") and _has_failed(request):
                problem = _EXPLAINED.get(request.failure, request.failure) or f"status {request.status}"
                yield Fact(Rule.FAILED, request.url, load.place, f"{request.kind} failed on {seen_from}: {problem}")
            elif role == "static" and request.kind == "stylesheet" and _is_not_css(request):
                what = f"a stylesheet of type {request.type!r} is not applied"
                yield Fact(Rule.BLOCKED, request.url, load.place, what)
            if role == "static":
                from_cdn.append(request)
        if from_origin and not from_cdn:
            first = from_origin[0]
            what = f"all {len(from_origin)} static requests of the page went to the origin"
            yield Fact(Rule.NO_CDN, first.url, load.place, what)
        for text, where in load.messages:
            yield from _blocked(text, where, load, hosts)
        for blocked, directive in load.violations:
            url = blocked if urlsplit(blocked).scheme else load.url
            what = f"{directive} of the Content-Security-Policy blocks {blocked}"
            yield Fact(Rule.CSP, url, load.place, what)


def is_static(request: BrowserRequest, hosts: Hosts) -> bool:
    """Whether a request to the origin is one for a static file, by its type or its URL."""
    if hosts.allowed(request.url):
        return False
    if request.kind == "document" and request.status < 400 and hosts.may_be_page(request.url, request.type):
        return False
    return request.kind in STATIC_DESTINATIONS or hosts.looks_static(request.url)


def _leak(request: BrowserRequest, load: PageLoad) -> Fact:
    who = "a service worker" if request.worker else f"the page ({load.device})"
    by = f", redirected by {request.chain[0]}" if request.chain else ""
    what = f"{who} requests this {request.kind} from the origin{by}"
    return Fact(Rule.ASKED, request.url, load.place, what, request.chain)


def _has_failed(request: BrowserRequest) -> bool:
    return request.status >= 400 or (bool(request.failure) and request.failure != "net::ERR_ABORTED")


def _is_not_css(request: BrowserRequest) -> bool:
    return request.status == 200 and not request.type.startswith("text/css")


def _blocked(text: str, where: str, load: PageLoad, hosts: Hosts) -> Iterator[Fact]:
    if not _BLOCKED_MESSAGES.search(text):
        return
    urls = [url.rstrip(".,;:)") for url in _URL.findall(text)]
    urls = [url for url in [*urls, where] if hosts.is_ours(url)]
    if urls:
        yield Fact(Rule.BLOCKED, urls[0], load.place, " ".join(text.split())[:300])
