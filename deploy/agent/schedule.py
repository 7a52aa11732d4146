"""Which backup is due: a full one each week and a differential one each day, at a quiet hour; a missing one at once."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

FULL, DIFF, DUMP = "full", "diff", "dump"
# At the quiet hour the next one is made so much before its time, so that it stays there from day to day.
EARLY = timedelta(hours=4)
# So much over its time it is made at any hour: the server was off at the quiet one, or the slot was not free.
LATE = timedelta(hours=2)
EVERY = {FULL: timedelta(days=7), DIFF: timedelta(days=1), DUMP: timedelta(days=1)}


class Due(NamedTuple):
    kind: str
    why: str


def due(now: datetime, quiet: int, last: Mapping, generation: str, missing: str = "") -> Due | None:
    """What is due at ``now``, if anything; ``quiet`` is the hour (UTC) of those that can wait.

    ``last`` is last.json (see `record`). ``missing``: why a full backup is due beside the calendar, such as a gap.
    """
    if last.get("generation") != generation or not last.get(FULL):
        return Due(FULL, missing or f"generation {generation} has no full backup yet")
    if missing:
        return Due(FULL, missing)
    failed = (last.get("error") or {}).get("kind")
    if failed in (FULL, DIFF):
        return Due(failed, "the last one did not end")
    if _is_time(now, quiet, last, FULL):
        return Due(FULL, "the week is over")
    if _is_time(now, quiet, last, DIFF):
        return Due(DIFF, "the day is over")
    return None


def dump_due(now: datetime, quiet: int, last: Mapping) -> Due | None:
    """As `due`, for the dump of a database that is elsewhere."""
    if not last.get(DUMP):
        return Due(DUMP, "there is none yet")
    if last.get("error"):
        return Due(DUMP, "the last one did not end")
    return Due(DUMP, "the day is over") if _is_time(now, quiet, last, DUMP) else None


def newest(last: Mapping, kind: str) -> datetime | None:
    """When the newest backup began that serves as ``kind``: a full one is a differential one too."""
    kinds = (FULL, DIFF) if kind == DIFF else (kind,)
    times = [moment(last[each]["began"]) for each in kinds if last.get(each)]
    return max(times, default=None)


def overdue(now: datetime, last: Mapping, kind: str) -> bool:
    """Whether the newest is older than it may ever be: twice the time between two, a day at least."""
    began = newest(last, kind)
    return began is not None and now - began > EVERY[kind] + timedelta(days=1)


def _is_time(now: datetime, quiet: int, last: Mapping, kind: str) -> bool:
    age = now - newest(last, kind)
    return age > EVERY[kind] + LATE or (now.hour == quiet and age > EVERY[kind] - EARLY)


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
