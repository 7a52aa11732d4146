"""A copy of another server's database that goes on replaying what that one archives, until it takes over from it.

It is a restore's PostgreSQL (recovery.py) beside the live database, in the same sandbox and the same slot. It can be
read, so it says itself how far it is.
"""

import shutil
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from agent import progress, recovery
from agent.cluster import Cluster, as_postgres
from agent.paths import LAYOUT, HostError
from agent.recovery import Recovered
from agent.repository import Repository, lsn, own_words

# A bucket that is away for a moment does not end it: it asks again. What pgBackRest wrote tells why it waits.
RESTORE_COMMAND = '{command} "%p" || {{ echo "missing: %f"; exit 1; }} >&2'
READABLE = "database system is ready to accept read-only connections"
ENDED = ""
# From one look into the archive to the next.
RETRY = "1s"
# Without any progress for so long, it is given up, s; and the time for its last WAL.
STALLED = 60
LAST = 30
POLL = 0.3
# The site's release is checked with it. Its user alone can enter the socket's folder, and in the sandbox's namespace of
# users peer login does not know who that is.
GROUP = LAYOUT["site_user"]
HBA = f"{recovery.HBA}local {LAYOUT['database']} {LAYOUT['site_user']} trust\n"
# What a copy that can be read must have as its original has it, and how pg_controldata calls it.
# https://www.postgresql.org/docs/current/hot-standby.html#HOT-STANDBY-ADMIN
SAME = {
    "max_connections": "max_connections setting",
    "max_worker_processes": "max_worker_processes setting",
    "max_wal_senders": "max_wal_senders setting",
    "max_prepared_transactions": "max_prepared_xacts setting",
    "max_locks_per_transaction": "max_locks_per_xact setting",
}


class Standby:
    """It runs while the block does, in ``directory``, which a backup has filled; `finish` makes that a whole database.

    Each method raises HostError with the reason when it does not get that far.
    """

    def __init__(self, cluster: Cluster, repository: Repository, timeline: int, directory: Path) -> None:
        self._cluster, self._directory = cluster, directory
        control = cluster.control(directory)
        settings = {name: control[shown] for name, shown in SAME.items()}
        settings |= {"hot_standby": "on", "wal_retrieve_retry_interval": RETRY}
        self._line = recovery.postgres(cluster, repository, timeline, directory, RESTORE_COMMAND, **settings)
        self._found, self._lines = Recovered(), []
        # What PostgreSQL has said of itself, and "" once it has ended.
        self._states: set[str] = set()
        self._news = threading.Condition()
        self._moved = time.monotonic()

    def __enter__(self) -> "Standby":
        recovery.signal(self._directory, "standby.signal")
        with ExitStack() as stack:
            stack.enter_context(recovery.socket(HBA, GROUP))
            self._process = stack.enter_context(recovery.running(self._line))
            threading.Thread(target=self._read, daemon=True).start()
            self._wait_for(READABLE)
            recovery.check(self._cluster)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)

    def reach(self, at: str) -> None:
        """Returns once the WAL up to ``at`` is replayed, and on the disk."""
        self._replay(lambda replayed: replayed >= lsn(at), STALLED)
        recovery.write_to_disk(self._directory)

    def finish(self, at: str, segment: str, wal: bytes) -> None:
        """Replays the last WAL, and begins a timeline of its own.

        ``wal`` is the beginning of ``segment``, which no archive has: in it, at ``at``, is the record with which the
        original was shut down, after which it has written nothing.
        """
        self._put(segment, wal)
        self._replay(lambda replayed: replayed > lsn(at), LAST)
        as_postgres(self._cluster.program("pg_ctl"), "promote", "-D", str(self._directory), "-W")
        self._wait_for(recovery.READY)
        if lsn(self._found.end or "0/0") != lsn(at):
            raise HostError(f"the WAL was replayed up to {self._found.end}, and the old database ends at {at}")
        recovery.stop(self._cluster, self._directory)
        self._wait_for(ENDED)
        recovery.conclude(self._cluster, self._directory)

    def _put(self, segment: str, wal: bytes) -> None:
        folder = self._directory / "pg_wal"
        partial = folder / "last"
        with partial.open("wb") as file:
            file.write(wal)
            file.truncate(recovery.SEGMENT)
        partial.chmod(0o600)
        shutil.chown(partial, "postgres", "postgres")
        partial.replace(folder / segment)

    def _replay(self, enough: Callable[[int], bool], seconds: float) -> None:
        """Until it is ``enough``; ``seconds`` may pass without progress."""
        moved, before, began = time.monotonic(), -1, time.monotonic()
        told = began
        while True:
            text = self._cluster.ask("select pg_last_wal_replay_lsn()", recovery.SOCKET)
            replayed, now = lsn(text or "0/0"), time.monotonic()
            if enough(replayed):
                return
            if replayed != before:
                moved, before = now, replayed
            elif now - moved > seconds or ENDED in self._states:
                raise HostError(self._why(f"the WAL after {text} does not arrive within {seconds} s"))
            if now - told >= recovery.INTERVAL:
                told = now
                progress.say(f"replaying, {now - began:.0f} s: up to {text}")
            time.sleep(POLL)

    def _wait_for(self, state: str) -> None:
        """Until PostgreSQL says so; each WAL file that arrives gives it time."""
        with self._news:
            while not self._states & {state, ENDED}:
                if not self._news.wait(STALLED) and time.monotonic() - self._moved > STALLED:
                    raise HostError(self._why(f"no more WAL arrives within {STALLED} s"))
        if state not in self._states:
            raise HostError(self._why(""))

    def _read(self) -> None:
        """Keeps what PostgreSQL writes, until it ends."""
        with suppress(ValueError):  # closed at the end of the block
            for line in self._process.stderr:
                recovery.note(line, self._found, self._lines)
                if recovery.RESTORED.search(line):
                    self._moved = time.monotonic()
                self._tell(*(state for state in (READABLE, recovery.READY) if state in line))
        self._tell(ENDED)

    def _tell(self, *states: str) -> None:
        with self._news:
            self._states.update(states)
            self._news.notify_all()

    def _why(self, what: str) -> str:
        """``what``, with the archive's own error; without it, why PostgreSQL has ended."""
        errors = [line for line in self._lines if line.startswith("ERROR:")]
        if not what or ENDED in self._states:
            return recovery.why(self._lines, self._found)
        reason = own_words(errors[-1]) if errors else f"{self._found.missing or 'the next one'} is not in the bucket"
        return f"{what}: {reason}"
