"""`slipway logs --errors`: each exception of the site, its jobs and workers, whole, with its request in nginx's log."""

import json
import re
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import gmtime, strftime

from agent import units
from agent.cause import HEADER
from agent.paths import NGINX_LOGS
from agent.processes import printable

SINCE = "-7d"
# A process writes the lines of one exception at once: a longer pause ends it, microseconds.
PAUSE = 100_000
# As slipway.web.request_id writes it, and as nginx does.
REQUEST = re.compile(r"\[request ([0-9a-f]{32})\]")
LOGGED = re.compile(rb'"id":"([0-9a-f]{32})"')


def show(count: int) -> str:
    """The last ``count`` of a week, oldest first."""
    found = deque(_exceptions(_journal()), maxlen=count)
    if not found:
        return "no exception in a week, as far as the journal reaches back"
    wanted = {match[1] for _, lines in found for match in map(REQUEST.search, lines) if match}
    requests = _requests(wanted)
    return "\n\n".join("\n".join(_block(title, lines, requests)) for title, lines in found)


def _block(title: str, lines: list[str], requests: dict[str, str]) -> Iterator[str]:
    yield title
    ids = [match[1] for match in map(REQUEST.search, lines) if match]
    yield from (f"nginx  {requests[each]}" for each in ids if each in requests)
    yield from (printable(line) for line in lines)


def _journal() -> Iterator[dict]:
    line = ["journalctl", "--quiet", "--no-pager", "--output=json", f"--since={SINCE}"]
    line += ["--output-fields=MESSAGE,_PID,_SYSTEMD_UNIT", f"--unit={units.SITE}", "--unit=slipway-*"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as process:
        for entry in process.stdout:
            yield json.loads(entry)


def _exceptions(journal: Iterable[dict]) -> Iterator[tuple[str, list[str]]]:
    """Each with its title, the unit and the time; a process's lines may stand between another's."""
    open_: dict[str, tuple[int, str, list[str]]] = {}
    for entry in journal:
        at, pid = int(entry["__REALTIME_TIMESTAMP"]), entry.get("_PID", "")
        before = open_.get(pid)
        if before and at - before[0] > PAUSE:
            yield from _split(*open_.pop(pid)[1:])
            before = None
        title, lines = before[1:] if before else (_title(at, entry.get("_SYSTEMD_UNIT", "")), [])
        open_[pid] = (at, title, [*lines, _text(entry.get("MESSAGE"))])
    for _, title, lines in open_.values():
        yield from _split(title, lines)


def _split(title: str, lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    """The exceptions in what a process wrote at once, each with the line before it: the logger's."""
    heads = [number for number, line in enumerate(lines) if line.strip() == HEADER]
    # One that belongs to the exception before has an empty line above it.
    first = [number for number in heads if number == 0 or lines[number - 1].strip()]
    starts = [max(0, number - 1) for number in first]
    for start, end in zip(starts, [*starts, len(lines)][1:], strict=True):
        yield title, lines[start:end]


def _requests(wanted: set[str]) -> dict[str, str]:
    """nginx's lines by their id. A line is whole: what a visitor sent is escaped in it."""
    found = {}
    for path in sorted(NGINX_LOGS.glob("access.log*"), reverse=True) if wanted else ():
        found |= _in(path, wanted)
    return found


def _in(path: Path, wanted: set[str]) -> dict[str, str]:
    if path.suffix == ".gz":
        return {}
    with path.open("rb") as file:
        matches = ((LOGGED.search(line), line) for line in file)
        lines = ((match[1].decode(), line) for match, line in matches if match)
        return {each: line.decode("utf-8", "replace").strip() for each, line in lines if each in wanted}


def _text(message: str | list[int] | None) -> str:
    """The journal has what is no UTF-8 as numbers."""
    return bytes(message).decode("utf-8", "replace") if isinstance(message, list) else message or ""


def _title(microseconds: int, unit: str) -> str:
    return f"{strftime('%Y-%m-%d %H:%M:%S UTC', gmtime(microseconds // 1_000_000))}  {unit}"
