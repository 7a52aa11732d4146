"""Check O: the origin's own access log, filtered by the run id in the User-Agent."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from static_smoke.checks.result import Result
from static_smoke.http.client import agent
from static_smoke.http.hosts import STATIC_DESTINATIONS, STATIC_TYPES, Hosts
from static_smoke.rules import Fact, Rule

_COMBINED = re.compile(
    r'\S+ \S+ \S+ \[[^\]]*\] "(?P<method>\S+) (?P<uri>\S+)[^"]*" (?P<status>\d+) (?P<bytes>\d+|-)'
    r'(?: "[^"]*" "(?P<agent>[^"]*)")?'
)
_CDN_AGENTS = re.compile(r"Amazon CloudFront|Fastly|Akamai|Cloudflare|BunnyCDN", re.IGNORECASE)
_ORIGIN = re.compile(r"^https?://[^/]*", re.IGNORECASE)
_HOST = re.compile(r"[\w.-]+(:\d+)?")
WAIT = 10.0  # s for a buffered log to be written

# https://www.gnu.org/software/coreutils/manual/html_node/tail-invocation.html: of --follow=name, untranslated.
_GAP = re.compile(r"tail: .*(truncated|replaced|inaccessible|appeared)")


@dataclass(frozen=True, slots=True)
class Line:
    """One request in the origin's log. ``place`` is "file:line"."""

    place: str
    run: str
    host: str
    uri: str
    status: int
    bytes: int
    type: str
    dest: str
    agent: str

    def is_of(self, run: str) -> bool:
        return self.run == run or agent(run) in self.agent


class OriginLog:
    """The lines written to a log from now on."""

    def __init__(self, path: Path):
        self._path = path
        data = path.read_bytes()
        self._offset, self._lines = len(data), data.count(b"\n")

    def lines(self) -> list[Line]:
        """Lines since the beginning of the run; a line that is not a request is left out."""
        parsed = (_parse(text, f"{self._path.name}:{number}") for number, text in self._texts())
        return [line for line in parsed if line]

    def gap(self) -> str:
        """tail's message, where it may have missed lines."""
        return next((text.removeprefix("tail: ") for _, text in self._texts() if _GAP.match(text)), "")

    def _texts(self) -> Iterator[tuple[int, str]]:
        with self._path.open("rb") as log:
            log.seek(0, 2)
            # Rotated meanwhile: the new file is read from its start.
            at, number = (self._offset, self._lines) if log.tell() >= self._offset else (0, 0)
            log.seek(at)
            texts = log.read().decode("utf-8", "replace").splitlines()
        return enumerate(texts, number + 1)

    async def wait_for(self, has_come: Callable[[list[Line]], bool]) -> bool:
        """Waits for ``has_come``; whether it became true in time."""
        for _ in range(int(WAIT / 0.1)):
            if has_come(self.lines()):
                return True
            await asyncio.sleep(0.1)
        return False


def _parse(text: str, place: str) -> Line | None:
    try:
        found = json.loads(text)
    except ValueError:
        match = _COMBINED.match(text)
        found = match.groupdict() if match else None
    if not isinstance(found, dict) or "uri" not in found:
        return None
    get = {key: str(value or "") for key, value in found.items()}.get
    return Line(
        place,
        get("run", ""),
        get("host", ""),
        get("uri", ""),
        _number(get("status", "")),
        _number(get("bytes", "")),
        get("type", ""),
        get("dest", ""),
        get("agent", ""),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def check(log: OriginLog, run: str, hosts: Hosts, cdn_paths: Set[str], allowances: list[dict]) -> Result:
    """The requests since the log was opened; see ``judge``."""
    lines = log.lines()
    facts = list(judge(lines, run, hosts, cdn_paths, allowances))
    if gap := log.gap():
        return Result(facts, reason=f"the log was rotated meanwhile, and lines may be missing ({gap}); run it again")
    return Result(facts, sum(line.is_of(run) for line in lines))


def judge(lines: Iterable[Line], run: str, hosts: Hosts, cdn_paths: Set[str], allowances: list[dict]) -> Iterator[Fact]:
    """Facts of one run's lines. Lines that a CDN's own agent caused belong to this run if they name
    a path that it requested from the CDN. Allowed requests are added to ``allowances``."""
    for line in lines:
        url = _url(_base(line, hosts), line)
        path = urlsplit(url).path
        pulled = not line.is_of(run)
        if pulled and not (_CDN_AGENTS.search(line.agent) and path.lstrip("/") in cdn_paths):
            continue
        if pulled:
            what = f"{line.agent!r} fetched it from the origin: {line.status}, {line.bytes} bytes"
            yield Fact(Rule.PULLED, hosts.static or url, line.place, what, (url,))
        elif is_static(line, hosts):
            entry = hosts.allowed(url)
            sent_too_much = (
                entry is not None
                and entry.max_bytes is not None
                and line.status == 200
                and line.bytes > entry.max_bytes
            )
            if entry is not None and not sent_too_much:
                allowances.append({"url": url, "place": line.place, "bytes": line.bytes, "reason": entry.reason})
                continue
            kind = line.dest or "request"
            what = f"{kind}: {line.status} {line.type}, {line.bytes} bytes".replace(" ,", ",")
            yield Fact(Rule.ARRIVED, url, line.place, what)


def is_static(line: Line, hosts: Hosts) -> bool:
    """By its Sec-Fetch-Dest, its name or its Content-Type; or it is on the allow-list."""
    url = _url(hosts.site, line)
    sent = line.status < 300 and STATIC_TYPES.match(line.type)
    return bool(line.dest in STATIC_DESTINATIONS or hosts.looks_static(url) or sent or hosts.allowed(url))


def _url(base: str, line: Line) -> str:
    """The requested URL on ``base``. Anybody may request //[ , which is a path here and not a host."""
    return f"{base.rstrip('/')}/{_ORIGIN.sub('', line.uri).lstrip('/')}"


def _base(line: Line, hosts: Hosts) -> str:
    """The known host of a line: $host in the log has no port."""
    for base in filter(None, (hosts.site, hosts.static, hosts.media)):
        if line.host in (urlsplit(base).hostname, urlsplit(base).netloc):
            return base
    scheme = urlsplit(hosts.site).scheme
    return f"{scheme}://{line.host}/" if _HOST.fullmatch(line.host) else hosts.site
