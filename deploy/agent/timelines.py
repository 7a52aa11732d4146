"""Which timeline of the WAL a restore follows, and from which backup.

Each restore begins a timeline, and the server may go back to the one before. PostgreSQL's own rule, the newest, would
lose what was written since then: the one that was archived at the asked time counts.
"""

import re
from datetime import datetime, timedelta

from agent.paths import HostError
from agent.repository import Backup, Repository, shown

SEGMENT = re.compile(r"[0-9A-F]{24}")


def of(repository: Repository, time: datetime | None, live: int = 0) -> tuple[int, str]:
    """The timeline that was written to at ``time`` (None: last), and its last segment in the archive.

    A transaction is archived after it was made: so the first segment from then on tells. ``live`` is the timeline of
    the live database, where that is this generation's: the bucket knows times to the second alone.
    """
    histories = repository.histories()
    if not histories:
        return int(repository.last_wal[:8] or "1", 16), repository.last_wal
    segments = [(at, name[:24]) for name, at in repository.files().items() if SEGMENT.match(name) and ".b" not in name]
    segments = sorted((at, name) for at, name in segments if name)
    # A copy of a generation has the times of the copying.
    if live and time is None and any(int(name[:8], 16) == live for _, name in segments):
        timeline = live
    elif repository.path != repository.name:
        timeline = max(int(name[:8], 16) for _, name in segments)
    else:
        later = [name for at, name in segments if time and at >= time.timestamp()]
        timeline = int((later[:1] or [segments[-1][1]])[0][:8], 16)
    return timeline, max(name for _, name in segments if int(name[:8], 16) == timeline)


def choose(repository: Repository, timeline: int, time: datetime | None, label: str = "") -> Backup:
    """The newest backup from before ``time`` whose WAL is on ``timeline``; with ``label``, that backup.

    Raises HostError when there is none.
    """
    left = repository.history(timeline) if timeline in repository.histories() else {}
    usable = [
        each
        for each in repository.backups
        if int(each.wal[:8], 16) == timeline or each.lsn <= left.get(int(each.wal[:8], 16), -1)
    ]
    if label:
        named = [each for each in usable if each.label == label]
        if not named:
            raise HostError(f"{repository} has no backup {label} that leads there: it has {_list(usable)}")
        usable = named
    # A second's part is cut off.
    early = [each for each in usable if time is None or each.stop + timedelta(seconds=1) <= time]
    if not early:
        first = min((each.stop for each in usable), default=None)
        since = f"its first backup there was complete at {shown(first)}: give a later time" if first else "it has none"
        source = repository.claim.get("restored_from") or ""
        since += f", or take what it was restored from, GENERATION={source}" if source.isdigit() else ""
        raise HostError(f"no backup of {repository} is as old as {shown(time) if time else 'that'}; {since}")
    return max(early, key=lambda each: each.stop)


def before(repository: Repository, damaged: Backup) -> Backup | None:
    """The newest backup that is older than a damaged one, and needs nothing of it."""
    older = [each for each in repository.backups if each.stop < damaged.stop and each.label[:16] != damaged.label[:16]]
    return max(older, key=lambda each: each.stop, default=None)


def _list(backups: list[Backup]) -> str:
    return ", ".join(str(each) for each in backups) or "none"
