"""Check N: the browser's net log, with the requests that its automation does not report, such as the favicon's."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from static_smoke.browser.watch import PageLoad
from static_smoke.checks.icon_fix import icon_fix
from static_smoke.checks.result import Result
from static_smoke.http.hosts import STATIC_DESTINATIONS, STATIC_TYPES, Hosts
from static_smoke.rules import Fact, Rule
from static_smoke.site.crawl import CrawledPage

_START = "URL_REQUEST_START_JOB"
_SENT = (
    "HTTP_TRANSACTION_SEND_REQUEST_HEADERS",
    "HTTP_TRANSACTION_HTTP2_SEND_REQUEST_HEADERS",
    "HTTP_TRANSACTION_QUIC_SEND_REQUEST_HEADERS",
)
_ANSWERED = "HTTP_TRANSACTION_READ_RESPONSE_HEADERS"


@dataclass(slots=True)
class Sent:
    """One request that the browser sent. ``destination``: Sec-Fetch-Dest; ``type``: the answer's Content-Type."""

    url: str
    agent: str
    referer: str
    has_cookie: bool
    destination: str = ""
    type: str = ""


def check(logs: Iterable[Path], loads: Iterable[PageLoad], pages: Iterable[CrawledPage], hosts: Hosts) -> Result:
    """``logs``: of browsers that have ended, the last one's last; ``loads``: what that one reports."""
    sent, last = [], []
    problem = ""
    for log in logs:
        try:
            last = read(log)
        except (OSError, ValueError) as error:
            last, problem = [], str(error)
        else:
            problem = ""
        sent += last
    facts = list(judge(sent, pages, hosts))
    return Result(facts, reason=problem) if problem else Result(facts, len(sent), _cut_short(last, loads))


def _cut_short(sent: Iterable[Sent], loads: Iterable[PageLoad]) -> str:
    """What is missing in the log of a process of Chromium that died: it is started again, but its log is not."""
    logged = {urldefrag(request.url).url for request in sent}
    answered = {
        urldefrag(request.url).url
        for load in loads
        for request in load.requests
        if request.status and not request.cached and request.url.startswith("http")
    }
    missing = answered - logged
    return f"{len(missing)} of {len(answered)} URLs are not in it, such as {min(missing)}" if missing else ""


def read(path: Path) -> list[Sent]:
    """Every http request in a net log. Raises ValueError if it is not one, OSError if it is missing."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        types = _event_types(next(lines, ""))
        if _START not in types:
            raise ValueError(f"{path}: not a net log")
        start, sent = types[_START], {types[name] for name in _SENT if name in types}
        answered = types.get(_ANSWERED)
        urls: dict[int, str] = {}
        latest: dict[int, Sent] = {}
        found = []
        for line in lines:
            # Most lines are about sockets and caches: skipped before they are parsed.
            if '"url":' not in line and '"headers":' not in line:
                continue
            try:
                event = json.loads(line.rstrip().rstrip(",").removesuffix("]}"))
            except ValueError:
                continue
            kind, source = event.get("type"), event.get("source", {}).get("id")
            parameters = event.get("params", {})
            if kind == start:
                urls[source] = parameters.get("url", "")
            elif kind in sent and source in urls:
                latest[source] = _sent(urls[source], parameters.get("headers", []))
                found.append(latest[source])
            elif kind == answered and source in latest:
                latest[source].type = _values(parameters.get("headers", [])).get("content-type", "")
    return [request for request in found if request.url.startswith("http")]


def _event_types(first: str) -> dict[str, int]:
    """The event types in the first line, which has the constants; each event has a line of its own."""
    try:
        return json.loads(first.rstrip().removesuffix(",") + "}")["constants"]["logEventTypes"]
    except (ValueError, KeyError):
        return {}


def _sent(url: str, headers: Iterable[str]) -> Sent:
    values = _values(headers)
    agent, referer, destination = (values.get(name, "") for name in ("user-agent", "referer", "sec-fetch-dest"))
    return Sent(url, agent, referer, "cookie" in values, destination)


def _values(headers: Iterable[str]) -> dict[str, str]:
    pairs = (header.lstrip(":").partition(":") for header in headers)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def judge(requests: Iterable[Sent], pages: Iterable[CrawledPage], hosts: Hosts) -> Iterator[Fact]:
    pages = list(pages)
    for request in requests:
        path = urlsplit(request.url).path
        if hosts.is_ours(request.url) and request.has_cookie:
            what = "the browser sends a cookie"
            place = request.referer or hosts.site
            yield Fact(Rule.COOKIE_SENT, request.url, place, what)
        if not hosts.is_origin(request.url):
            continue
        if path == "/favicon.ico":
            for place, name, fix in _iconless(request.referer, pages):
                what = f"{name} names no icon, so the browser requests /favicon.ico from the origin"
                yield Fact(Rule.HIDDEN, request.url, place, what, fix=fix)
        elif _is_static(request, hosts) and not hosts.allowed(request.url):
            what = "the browser requests it from the origin, unseen by its automation"
            yield Fact(Rule.HIDDEN, request.url, request.referer or hosts.site, what)


def _is_static(request: Sent, hosts: Hosts) -> bool:
    """By what it is for, by what the answer is, or by its URL: a prefetch or a beacon says no destination."""
    by_type = STATIC_TYPES.match(request.type) is not None
    return request.destination in STATIC_DESTINATIONS or by_type or hosts.looks_static(request.url)


def _iconless(referer: str, pages: list[CrawledPage]) -> list[tuple[str, str, str]]:
    """(place, name, fix) of the pages that requested it; with a strict referrer policy, of all that may have."""
    without = [crawled for crawled in pages if not crawled.page.has_icon]
    exact = [crawled for crawled in without if crawled.url == referer]
    named = [
        (
            crawled.page.place,
            f"the {crawled.kind} page" if crawled.kind.isdecimal() else "the page",
            icon_fix(crawled),
        )
        for crawled in exact or without
    ]
    return named or [(referer, "the page", "")]
