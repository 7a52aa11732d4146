"""Restores the database beside the live one, exchanges the two, asks the site, and goes back if it is not well.

Until the exchange, whatever fails leaves the live database as it is. The steps, in their order, are those of `restore`.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from agent import cluster as clusters
from agent import generation, probe, progress, recovery, releases, slot, timelines
from agent.check import READY
from agent.cluster import Cluster
from agent.paths import HostError
from agent.recovery import Recovered
from agent.repository import Backup, Repository, lsn, shown
from agent.s3 import settings as backup_settings

# For the WAL that a restore replays, and what PostgreSQL writes of its own meanwhile, in bytes.
SPARE = 256 << 20
# For a segment to reach the bucket, and for the site to be well, s.
ARCHIVED = 60
WELL = 60
POLL = 0.5
NOTHING = "the live database is as it was"


def restore(name: str = "", *, path: str = "", time: str = "", point: str = "", backup: str = "") -> str:
    """Restores generation ``name``, by default this server's own; returns a line for a person.

    ``time`` in ISO form or a restore ``point`` is where it ends, else the last WAL; ``backup`` is the label of the one
    to begin with, else the newest that leads there. Raises HostError.
    """
    cluster = clusters.here()
    until = _parsed(time)
    tidy(cluster)
    with progress.step("look at the backups"):
        ours = generation.held() or {}
        name = name or ours.get("generation", "")
        if not name:
            raise HostError("this server has no backups of its own yet; name others with GENERATION= (`make backups`)")
        repository = Repository(name, path)
        check_version(cluster, repository)
        own = not path and ours.get("generation") == name and ours.get("machine") == generation.machine()
    if own:
        archive_all(cluster)
    with progress.step("choose the backup"):
        timeline, last = timelines.of(repository, until, cluster.timeline() if own else 0)
        chosen = timelines.choose(repository, timeline, until, backup)
        make_room(cluster, chosen)
    goal = f"as of {shown(until)}" if until else f"at {point}" if point else "with all of its WAL"
    progress.say(f"restoring {repository} {goal}, from the backup {chosen}, {chosen.size / 1e6:.0f} MB")
    with slot.held("a restore", f"{recovery.UNIT}.service"), beside(cluster):
        with progress.step("fetch the backup"):
            fetch(repository, chosen, cluster.beside)
        with progress.step("recover it"):
            found = recovery.recover(cluster, repository, timeline, cluster.beside, until, point)
            if found.dropped:
                progress.say(
                    "its files were gone by then: a DROP DATABASE was under way; once more, up to its beginning"
                )
                clusters.remove(cluster.beside)
                fetch(repository, chosen, cluster.beside)
                found = recovery.recover(cluster, repository, timeline, cluster.beside, place=found.dropped)
            if not (until or point):
                _check_end(found, last)
        progress.say(_reached(found, chosen, until))
    lost = exchange(cluster, cluster.beside, "" if own else name)
    cluster.allocate_wal()
    return f"{_reached(found, chosen, until)}; {lost}the database before it is {cluster.before}: `make restore BACK=1`"


def back() -> str:
    """Exchanges the live database with the one before the last restore. Returns a line. Raises HostError."""
    cluster = clusters.here()
    tidy(cluster)
    if not cluster.before.exists():
        raise HostError(f"there is no database of before a restore: {cluster.before} does not exist")
    other = cluster.control(cluster.before)
    clusters.note(began=generation.now())
    foreign = other["Database system identifier"] != cluster.control(cluster.data)["Database system identifier"]
    try:
        exchange(cluster, cluster.before, "" if not foreign else "the one before")
    finally:
        clusters.forget()
    return f"the database from before the restore is live again; the restored one is {cluster.before}"


def _parsed(text: str) -> datetime | None:
    """Raises HostError for a time that has not come."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise HostError(f"{text!r} is no time; give it as 2026-12-01T10:14:59Z") from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    now = datetime.now(UTC)
    if moment > now:
        raise HostError(f"{shown(moment)} has not come: this server's clock says {shown(now.replace(microsecond=0))}")
    return moment


def check_version(cluster: Cluster, repository: Repository) -> None:
    there, here = repository.version, cluster.version
    if there != here:
        newer = float(there) > float(here)
        what = "needs a server with a newer Debian or Ubuntu" if newer else f"needs a server with PostgreSQL {there}"
        then = "" if newer else ", from where `make move` brings it to a newer one"
        raise HostError(
            f"{repository} is of PostgreSQL {there}, and this server has {here}: it {what}{then}; {NOTHING}"
        )
    processor, own = repository.claim.get("processor"), os.uname().machine
    if processor and processor != own:
        raise HostError(f"{repository} is of a server with {processor}, and this one has {own}: restore on one like it")


def archive_all(cluster: Cluster) -> str:
    """What the live database has written is in the bucket afterwards: nothing newer is lost silently.

    Returns where that WAL ends, "" where PostgreSQL does not run.
    """
    with progress.step("archive the newest WAL"):
        if not cluster.is_running():
            progress.say("PostgreSQL does not run: what it has not archived, 60 s at most, cannot be restored")
            return ""
        # A transaction, so that one is later than each asked time.
        cluster.ask("select pg_current_xact_id()")
        switched = cluster.ask("select lsn, pg_walfile_name(lsn) from pg_switch_wal() as lsn")
        end, _, segment = switched.partition("|")
        left, deadline = "", 0.0
        # The names of a timeline grow; of another timeline nothing is archived meanwhile.
        waiting = (
            "select count(*) from pg_ls_archive_statusdir() where name ~ '^[0-9A-F]{24}[.]ready$' "
            f"and name <= '{segment}.ready'"
        )
        while (now := cluster.ask(waiting)) != "0":
            # After a load of data many wait, and go one by one.
            if now != left:
                left, deadline = now, time.monotonic() + ARCHIVED
            elif time.monotonic() > deadline:
                raise HostError(
                    f"the newest WAL is not archived after {ARCHIVED} s, so the newest transactions would be missing: "
                    f"`make status` says why; {NOTHING}"
                )
            time.sleep(POLL)
    return end


def make_room(cluster: Cluster, backup: Backup) -> None:
    needed = backup.size + SPARE
    if cluster.free() < needed and cluster.before.exists():
        size = clusters.remove(cluster.before)
        progress.say(f"removed {cluster.before}, {size / 1e6:.0f} MB of before an earlier restore, to make room")
    if cluster.free() < needed:
        raise HostError(
            f"the restored database needs {needed / 1e6:.0f} MB beside the live one, and the disk has "
            f"{cluster.free() / 1e6:.0f} MB: {recovery.room()}; {NOTHING}"
        )


def fetch(repository: Repository, backup: Backup, directory: Path) -> None:
    try:
        recovery.fetch(repository, backup, directory)
    except recovery.Damaged as error:
        older = timelines.before(repository, backup)
        then = f"`make restore BACKUP={older.label}` takes the one before, of {shown(older.stop)}" if older else ""
        raise HostError(f"backup {backup.label} is damaged ({error}): {then or 'there is no older one'}") from None


def _check_end(found: Recovered, last: str) -> None:
    """All of the WAL that the bucket has was replayed: PostgreSQL itself takes a gap for the end."""
    size = recovery.SEGMENT
    reached = lsn(found.end) // size if found.end else 0
    newest = int(last[8:16], 16) * (0x1_0000_0000 // size) + int(last[16:24], 16) if last else 0
    if found.end and reached < newest:
        until = f"TO= up to {shown(found.last)}" if found.last else "an earlier BACKUP="
        raise HostError(
            f"WAL segment {found.missing} is missing in the bucket, and later ones up to {last} are there: what was "
            f"written since cannot be restored; {until} restores what was before"
        )


def _reached(found: Recovered, backup: Backup, until: datetime | None) -> str:
    if not found.last:
        return f"restored to {shown(backup.stop)}, when the backup was complete: no transaction came after it" + (
            f" and before {shown(until)}" if until else ""
        )
    return f"restored to {shown(found.last)}, the last transaction" + (f" before {shown(until)}" if until else "")


def exchange(cluster: Cluster, other: Path, source: str, *, ask: Callable[[Cluster], None] | None = None) -> str:
    """Makes ``other`` the live directory; the one that was live is the one before then. Returns what is not in it.

    ``source``: another generation, whose data it has. ``ask`` raises HostError when the new one is not well; by default
    the site is asked. Raises HostError once the old one is live again.
    """
    held = generation.held()
    with progress.step("exchange the databases"):
        clusters.note(new=other.stat().st_ino, other=str(other))
        began = time.monotonic()
        try:
            archives = bool(source) and _archives(cluster)
            cluster.stop()
            lost = _lost(cluster.control(cluster.data), cluster.control(other))
            if source:
                # Whatever happens from here on: its WAL never goes to where the old one's does.
                generation.HELD.unlink(missing_ok=True)
            cluster.exchange(other)
            if archives:
                generation.take(backup_settings(), "its data is another generation's", source)
            cluster.start()
            progress.say(f"PostgreSQL was away for {time.monotonic() - began:.1f} s")
            (ask or _ask)(cluster)
        except (HostError, OSError) as error:
            _exchange_back(cluster, other, held, error)
        clusters.keep(cluster, other)
        clusters.forget()
    return lost


def _archives(cluster: Cluster) -> bool:
    """Whether this server needs a place in the bucket: the machine of a restore drill archives nothing."""
    return not cluster.is_running() or cluster.ask("show archive_mode") != "off"


def _exchange_back(cluster: Cluster, other: Path, held: dict | None, error: Exception) -> None:
    """Raises HostError, always."""
    try:
        if cluster.data.stat().st_ino == clusters.noted()["new"]:
            cluster.stop()
            cluster.exchange(other)
        if held:
            generation.write(generation.HELD, held)
        else:
            generation.HELD.unlink(missing_ok=True)
        if not cluster.is_running():
            cluster.start()
    except (HostError, OSError) as second:
        raise HostError(f"{error}; and the database before it does not come back: {second}") from None
    if other == cluster.beside:
        clusters.remove(other)
    clusters.forget()
    raise HostError(f"{error}; the database from before is live") from None


def _lost(old: dict[str, str], new: dict[str, str]) -> str:
    """How many transactions of the old database the new one does not have; "" where that cannot be told."""
    if old["Database system identifier"] != new["Database system identifier"]:
        return ""
    ids = [_transaction(each["Latest checkpoint's NextXID"]) for each in (old, new)]
    return f"up to {max(0, ids[0] - ids[1])} later transactions are not in it; "


def _transaction(text: str) -> int:
    epoch, _, number = text.partition(":")
    return (int(epoch) << 32) + int(number)


def _ask(cluster: Cluster) -> None:
    """Raises HostError when the site is not well with its database after a while."""
    cluster.ask("select 1")
    if not releases.current():
        return
    deadline = time.monotonic() + WELL
    while True:
        try:
            fault = probe.fault(*probe.nginx(READY))
            if not fault:
                page, status = probe.page(probe.nginx)
                fault = f"answers {status}" if status >= 500 else ""
                if not fault:
                    return
                fault = f"{page} {fault}"
            else:
                fault = f"{READY} {fault}"
        except OSError as error:
            fault = f"does not answer: {error}"
        if time.monotonic() > deadline:
            raise HostError(
                f"the site is not well with the restored database: {fault} (a release may need a newer database: "
                "`make rollback` first)"
            )
        time.sleep(POLL)


@contextmanager
def beside(cluster: Cluster) -> Iterator[None]:
    """Notes that a restore is under way; what it has fetched is removed unless the block ends well."""
    clusters.note(began=generation.now())
    try:
        yield
    except BaseException:
        clusters.remove(cluster.beside)
        clusters.forget()
        raise


def tidy(cluster: Cluster) -> None:
    recovery.clear()
    line = clusters.tidy(cluster)
    if line:
        progress.say(line)
