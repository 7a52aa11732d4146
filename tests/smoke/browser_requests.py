"""Witness B: what the browser asked for, what failed and what it refused."""

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from tests.smoke.attribution import Check, Fact
from tests.smoke.browser import Asked, Visit
from tests.smoke.hosts import STATIC_DESTINATIONS, Hosts
from tests.smoke.result import Testimony

_REFUSALS = re.compile(
    r"blocked by CORS policy|MIME type|integrity|Mixed Content|Unsafe attempt to load URL"
    r"|SecurityError|Failed to load module script"
)
# What Chromium's own words do not tell a person.
_MEANT = {"net::ERR_BLOCKED_BY_ORB": "refused for its Content-Type (net::ERR_BLOCKED_BY_ORB)"}
_URL = re.compile(r"https?://[^\s'\"<>]+")


def testify(visits: Sequence[Visit], hosts: Hosts) -> Testimony:
    failed = [visit for visit in visits if visit.failed]
    facts = list(judge(visits, hosts))
    if len(failed) == len(visits):
        return Testimony(facts, unseen="no page could be visited")
    unseen = f"{len(failed)} of {len(visits)} visits failed: {failed[0].problem}" if failed else ""
    return Testimony(facts, sum(len(visit.asked) for visit in visits), unseen)


def judge(visits: Iterable[Visit], hosts: Hosts) -> Iterator[Fact]:
    for visit in visits:
        seen_from = f"{visit.look}, {visit.place}"
        from_cdn, from_origin = [], []
        for asked in visit.asked:
            role = hosts.role(asked.url)
            if role == "origin" and is_static(asked, hosts):
                from_origin.append(asked)
                yield _asked(asked, visit)
            elif role in ("static", "media") and _has_failed(asked):
                said = _MEANT.get(asked.failure, asked.failure) or f"status {asked.status}"
                yield Fact(Check.FAILED, asked.url, visit.place, f"{asked.kind} failed on {seen_from}: {said}")
            elif role == "static" and asked.kind == "stylesheet" and _is_no_style(asked):
                what = f"a stylesheet of type {asked.type!r} is not applied"
                yield Fact(Check.BLOCKED, asked.url, visit.place, what)
            if role == "static":
                from_cdn.append(asked)
        if from_origin and not from_cdn:
            first = from_origin[0]
            what = f"all {len(from_origin)} static requests of the page went to the origin"
            yield Fact(Check.NO_CDN, first.url, visit.place, what)
        for text, where in visit.messages:
            yield from _refusal(text, where, visit, hosts)
        for blocked, directive in visit.violations:
            url = blocked if urlsplit(blocked).scheme else visit.url
            what = f"{directive} of the Content-Security-Policy blocks {blocked}"
            yield Fact(Check.CSP, url, visit.place, what)


def is_static(asked: Asked, hosts: Hosts) -> bool:
    """Whether a request to the origin is one for a file, by what asks and by what it names."""
    if hosts.allowed(urlsplit(asked.url).path):
        return False
    return asked.kind in STATIC_DESTINATIONS or hosts.looks_static(asked.url)


def _asked(asked: Asked, visit: Visit) -> Fact:
    who = "a service worker" if asked.worker else f"the page ({visit.look})"
    by = f", redirected by {asked.chain[0]}" if asked.chain else ""
    what = f"{who} asks the origin for this {asked.kind}{by}"
    return Fact(Check.ASKED, asked.url, visit.place, what, asked.chain)


def _has_failed(asked: Asked) -> bool:
    return asked.status >= 400 or (bool(asked.failure) and asked.failure != "net::ERR_ABORTED")


def _is_no_style(asked: Asked) -> bool:
    return asked.status == 200 and not asked.type.startswith("text/css")


def _refusal(text: str, where: str, visit: Visit, hosts: Hosts) -> Iterator[Fact]:
    if not _REFUSALS.search(text):
        return
    urls = [url.rstrip(".,;:)") for url in _URL.findall(text)]
    urls = [url for url in [*urls, where] if hosts.is_ours(url)]
    if urls:
        yield Fact(Check.BLOCKED, urls[0], visit.place, " ".join(text.split())[:300])
