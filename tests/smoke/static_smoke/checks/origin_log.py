"""Check O: the origin's own access log, filtered by the run id in the User-Agent."""

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from static_smoke.checks.log_files import RotatedLog
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
    """The requests written to a log from now on. Raises ValueError if it cannot be read."""

    def __init__(self, path: Path):
        self._name = path.name
        self._log = RotatedLog(path)
        self._lines: list[Line] = []
        self._texts: set[str] = set()
        self._gap, self._truncated = "", ""

    def lines(self) -> list[Line]:
        """Requests of any run, and of CDNs, since the beginning of the run."""
        for place, text in self._log.new_lines():
            if _GAP.match(text):
                self._gap = self._gap or text.removeprefix("tail: ")
                if "truncated" in text:
                    self._truncated = text.removeprefix("tail: ")
            # A copy, or a compressed file, has lines that were read before.
            copied = not place.startswith(f"{self._name}:") and text in self._texts
            line = None if copied else _parse(text, place)
            if line and (line.run or agent("") in line.agent or _CDN_AGENTS.search(line.agent)):
                self._lines.append(line)
                self._texts.add(text)
        return list(self._lines)

    def gap(self) -> str:
        """What may have lost lines: a truncation, a new file that cannot be read, or a rotation that tail reports."""
        self.lines()
        return self.truncated() or self._log.unreadable or self._gap

    def truncated(self) -> str:
        """Which file was emptied, if any: nobody knows what stood there."""
        self.lines()
        return self._log.truncated or self._truncated

    def gone(self) -> str:
        """That the log was deleted. No line is lost where the server writes to the deleted file."""
        self.lines()
        return self._log.gone

    async def wait_for(self, has_come: Callable[[list[Line]], bool], seconds: float | None = None) -> bool:
        """Waits for ``has_come``; whether it became true within ``seconds``, or WAIT."""
        for _ in range(int((WAIT if seconds is None else seconds) / 0.1)):
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
        return Result(facts, reason=f"the log was rotated meanwhile, and lines may be missing ({gap}): run it again")
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
            yield Fact(Rule.ARRIVED, url, line.place, _arrived(line))


def _arrived(line: Line) -> str:
    """Browsers call what a script fetches "empty" in Sec-Fetch-Dest."""
    kind = {"": "", "empty": " (fetch)"}.get(line.dest, f" ({line.dest})")
    sent = ", ".join(filter(None, (line.type, f"{line.bytes} bytes")))
    return (
        f"a request for a static file{kind} reached the origin, which answered {line.status} to it ({sent}): "
        "a fault whatever the answer"
    )


def is_static(line: Line, hosts: Hosts) -> bool:
    """By its Sec-Fetch-Dest, its name or its Content-Type; or it is on the allow-list."""
    url = _url(hosts.site, line)
    sent = line.status < 300 and STATIC_TYPES.match(line.type)
    opened = line.dest in ("document", "iframe", "frame") and line.status < 400
    named = hosts.looks_static(url) and not (opened and hosts.may_be_page(url, line.type))
    return bool(line.dest in STATIC_DESTINATIONS or named or sent or hosts.allowed(url))


def _url(base: str, line: Line) -> str:
    """The requested URL on ``base``. Anybody may request //[ , which is a path here and not a host."""
    return f"{urljoin(base, '/')}{_ORIGIN.sub('', line.uri).lstrip('/')}"


def _base(line: Line, hosts: Hosts) -> str:
    """The known host of a line: $host in the log has no port."""
    for base in filter(None, (hosts.site, hosts.static, hosts.media)):
        if line.host in (urlsplit(base).hostname, urlsplit(base).netloc):
            return base
    scheme = urlsplit(hosts.site).scheme
    return f"{scheme}://{line.host}/" if _HOST.fullmatch(line.host) else hosts.site
