"""How the backups are, and what is wrong with them: for `status`."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from agent import generation, record, schedule, slot
from agent.problem import Problem
from agent.schedule import DIFF, DUMP, FULL
from agent.units import shown

# WAL that waits longer than this is red, s: what is not archived is lost with the server.
LONGEST = 120
# For the first full backup, and the one that follows a gap.
SOON = timedelta(hours=2)
NAMES = {FULL: "full backup", DIFF: "differential backup", DUMP: "dump"}


def state() -> dict:
    """``kind`` (see `record.kind`), and where there are backups: ``generation``, ``waiting`` (seconds since the oldest
    WAL file was finished that is not archived, null without WAL), ``missing`` (why a full one is due, or ""),
    ``running`` ({} or `kind`, `percent`, `began`), and ``full``, ``diff``, ``dump``: null or as in last.json."""
    kind = record.kind()
    if kind not in (record.WAL, record.DUMP):
        return {"kind": kind}
    last, held = _last(), generation.held() or {}
    found = {each: last.get(each) for each in (FULL, DIFF, DUMP)}
    return {
        "kind": kind,
        "generation": held.get("generation", ""),
        "waiting": record.waiting(),
        "missing": record.missing().get("reason", ""),
        "running": record.running(),
        **found,
    }


def _last() -> dict:
    """last.json, without what is in another generation than this server's."""
    last = record.last()
    same = record.kind() == record.DUMP or last.get("generation") == (generation.held() or {}).get("generation")
    return last if same else {}


def problems() -> Iterator[Problem]:
    kind = record.kind()
    if kind == record.MISSING:
        line = "the database is not backed up, it has no bucket or no key for it: `make cdn`, then `make deploy`"
        yield Problem("backups", line)
    if kind not in (record.WAL, record.DUMP):
        return
    if shown([record.TIMER], "ActiveState")[record.TIMER]["ActiveState"] != "active":
        line = f"nothing makes the backups, {record.TIMER} is off: `sudo systemctl enable --now {record.TIMER}`"
        yield Problem(f"unit {record.TIMER}", line)
    last, now = _last(), datetime.now(UTC)
    if kind == record.WAL:
        yield from (*_wal(), *_missing(last, now))
    error = last.get("error")
    # One that a deploy stopped goes on after it, and what is made now tries again by itself.
    if error and not record.running() and not slot.is_stopped(record.UNIT):
        name = NAMES[error["kind"]]
        line = f"the last {name} failed at {error['at']}: {error['text']}; `make backup` tries it again"
        yield Problem(name, line)
    for each in (FULL, DIFF) if kind == record.WAL else (DUMP,):
        if schedule.overdue(now, last, each) and not error:
            began = schedule.newest(last, each).strftime("%Y-%m-%d %H:%M UTC")
            line = f"the newest {NAMES[each]} is of {began}: `make logs UNIT={record.UNIT}`; `make backup` makes one"
            yield Problem(NAMES[each], line)


def _wal() -> Iterator[Problem]:
    waiting, error = record.waiting(), record.archive_error()
    if waiting > LONGEST:
        why = error.get("error") or "`make logs UNIT=postgresql` says why"
        line = f"what the database has written in the last {waiting // 60} minutes is on this server alone: {why}"
        yield Problem("archive", line)
    elif error and _seconds(error) > LONGEST:
        yield Problem("archive", f"WAL is not archived since {error['since']}: {error['error']}")


def _seconds(error: dict) -> float:
    return (datetime.now(UTC) - schedule.moment(error["since"])).total_seconds()


def _missing(last: dict, now: datetime) -> Iterator[Problem]:
    """A full backup that is due beside the calendar: a gap at once, the first one when it takes too long."""
    marked = record.missing()
    late = "since" in marked and now - schedule.moment(marked["since"]) > SOON
    if not last.get(FULL):
        if late:
            yield Problem("full backup", f"no full backup yet, since {marked['since']}: `make backup`")
    elif marked:
        since, why = marked["since"], marked["reason"]
        line = f"what was written since {since} cannot be restored until a full backup is made ({why}): `make backup`"
        yield Problem("backup gap", line)
