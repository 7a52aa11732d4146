"""Check B: what the browser asked for, what failed and what it blocked."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from tests.smoke.attribution import Fact, Rule
from tests.smoke.browser import BrowserRequest, PageLoad
from tests.smoke.hosts import STATIC_DESTINATIONS, Hosts
from tests.smoke.result import Result

_BLOCKED_MESSAGES = re.compile(
    r"blocked by CORS policy|MIME type|integrity|Mixed Content|Unsafe attempt to load URL"
    r"|SecurityError|Failed to load module script"
)
# What Chromium's own words do not tell a person.
_MEANT = {"net::ERR_BLOCKED_BY_ORB": "blocked for its Content-Type (net::ERR_BLOCKED_BY_ORB)"}
_URL = re.compile(r"https?://[^\s'\"<>]+")


def check(loads: Sequence[PageLoad], hosts: Hosts) -> Result:
    failed = [load for load in loads if load.failed]
    facts = list(judge(loads, hosts))
    if len(failed) == len(loads):
        return Result(facts, reason="no page could be loaded")
    reason = f"{len(failed)} of {len(loads)} page loads failed: {failed[0].problem}" if failed else ""
    return Result(facts, sum(len(load.requests) for load in loads), reason)


def judge(loads: Iterable[PageLoad], hosts: Hosts) -> Iterator[Fact]:
    for load in loads:
        seen_from = f"{load.device}, {load.place}"
        from_cdn, from_origin = [], []
        for asked in load.requests:
            role = hosts.role(asked.url)
            if role == "origin" and is_static(asked, hosts):
                from_origin.append(asked)
                yield _asked(asked, load)
            elif role in ("static", "media") and _has_failed(asked):
                problem = _MEANT.get(asked.failure, asked.failure) or f"status {asked.status}"
                yield Fact(Rule.FAILED, asked.url, load.place, f"{asked.kind} failed on {seen_from}: {problem}")
            elif role == "static" and asked.kind == "stylesheet" and _is_no_style(asked):
                what = f"a stylesheet of type {asked.type!r} is not applied"
                yield Fact(Rule.BLOCKED, asked.url, load.place, what)
            if role == "static":
                from_cdn.append(asked)
        if from_origin and not from_cdn:
            first = from_origin[0]
            what = f"all {len(from_origin)} static requests of the page went to the origin"
            yield Fact(Rule.NO_CDN, first.url, load.place, what)
        for text, where in load.messages:
            yield from _refusal(text, where, load, hosts)
        for blocked, directive in load.violations:
            url = blocked if urlsplit(blocked).scheme else load.url
            what = f"{directive} of the Content-Security-Policy blocks {blocked}"
            yield Fact(Rule.CSP, url, load.place, what)


def is_static(asked: BrowserRequest, hosts: Hosts) -> bool:
    """Whether a request to the origin is one for a file, by what asks and by what it names."""
    if hosts.allowed(urlsplit(asked.url).path):
        return False
    return asked.kind in STATIC_DESTINATIONS or hosts.looks_static(asked.url)


def _asked(asked: BrowserRequest, load: PageLoad) -> Fact:
    who = "a service worker" if asked.worker else f"the page ({load.device})"
    by = f", redirected by {asked.chain[0]}" if asked.chain else ""
    what = f"{who} asks the origin for this {asked.kind}{by}"
    return Fact(Rule.ASKED, asked.url, load.place, what, asked.chain)


def _has_failed(asked: BrowserRequest) -> bool:
    return asked.status >= 400 or (bool(asked.failure) and asked.failure != "net::ERR_ABORTED")


def _is_no_style(asked: BrowserRequest) -> bool:
    return asked.status == 200 and not asked.type.startswith("text/css")


def _refusal(text: str, where: str, load: PageLoad, hosts: Hosts) -> Iterator[Fact]:
    if not _BLOCKED_MESSAGES.search(text):
        return
    urls = [url.rstrip(".,;:)") for url in _URL.findall(text)]
    urls = [url for url in [*urls, where] if hosts.is_ours(url)]
    if urls:
        yield Fact(Rule.BLOCKED, urls[0], load.place, " ".join(text.split())[:300])
