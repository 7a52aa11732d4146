"""Makes a database of a backup and its WAL: pgBackRest fetches it, and a PostgreSQL of its own recovers it.

Both run in the slot, as user postgres, and see nothing of the live database but its directory's neighbours. standby.py
lets the same PostgreSQL go on replaying.
"""

import os
import queue
import re
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agent import dropped, jobs, processes, progress
from agent.cluster import Cluster, as_postgres
from agent.paths import BACKUP_STATE, CLUSTER_DATA, LAYOUT, RUN, HostError, settings
from agent.repository import DROPPED, Backup, Repository, lsn, own_words, shown
from agent.s3 import Bucket
from agent.s3 import settings as backup_settings

UNIT = "slipway-restore"
# Peer login: the kernel names the user.
HBA = "local all postgres peer\n"
SOCKET = RUN / UNIT
SANDBOX = (
    "User=postgres",
    "Group=postgres",
    "ProtectSystem=strict",
    # The socket's folder is there for the recovery alone.
    f"ReadWritePaths={CLUSTER_DATA} {BACKUP_STATE} -{SOCKET}",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    # Without it PostgreSQL, which is the same user, could read the key by /proc/PID/root.
    "PrivateUsers=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectControlGroups=yes",
    "NoNewPrivileges=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "KillMode=mixed",
    "TimeoutStopSec=60s",
)
# PostgreSQL takes each exit status up to 125 for a file that the archive does not have: the end of the WAL. A bucket
# that is away must not look like that. 1 is pgBackRest's for a missing file.
# https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-PITR-RECOVERY
RESTORE_COMMAND = '{command} "%p" || {{ test $? = 1 || exit 255; echo "missing: %f"; exit 1; }} >&2'
# A checksum that differs, or bytes that cannot be decompressed or decrypted; also a file that is gone.
DAMAGE = re.compile(r"checksum|corruption|FormatError|CryptoError|zst error|does not match|missing file")
COMPLETED = re.compile(r"last completed transaction was at log time (.+)")
STOPPED = re.compile(r"recovery stopping before commit of transaction (\d+)")
REDONE = re.compile(r"redo done at ([0-9A-F]+/[0-9A-F]+)")
MISSING = re.compile(r"missing: ([0-9A-F]{24})$")
RESTORED = re.compile(r'restored log file "([0-9A-F]{24})" from archive')
# Of pgBackRest and of PostgreSQL.
FULL = "No space left on device"
READY = "database system is ready to accept connections"
SHORT = "recovery ended before configured recovery target"
EARLY = ("WAL ends before end of online backup", "WAL ends before consistent recovery point")
# What pgBackRest writes beside its errors, and there how much is done: `(1.2MB, 30.12%)`.
BESIDE = re.compile(r"\b(INFO|DETAIL|WARN): ")
PERCENT = re.compile(r"\(.*?(\d+)(?:\.\d+)?%\)")
# From one line about the restore to the next, s.
INTERVAL = 5
# Where a network drops packets there is no error, and pgBackRest tries for minutes. It is told after so long without
# a line or a byte, and given up after so long, s.
QUIET, GIVEN_UP = 10, 60
POLL = 2
SEGMENT = 16 << 20


@dataclass
class Recovered:
    """``last``: when the last transaction in it was made, None when the WAL has none after the backup."""

    last: datetime | None = None
    # Where its WAL ends.
    end: str = ""
    missing: str = ""
    # The transaction before whose end it stopped.
    stopped: str = ""
    # Where the DROP DATABASE begins that has taken the files; "" where they are there.
    dropped: str = ""


class Damaged(HostError):
    """A file of the backup is not what was written."""


def fetch(repository: Repository, backup: Backup, directory: Path) -> None:
    """Fills ``directory``, which does not exist yet. Raises Damaged, or HostError."""
    directory.mkdir(mode=0o700)
    shutil.chown(directory, "postgres", "postgres")
    line = repository.command("restore", f"--set={backup.label}", "--type=none", f"--pg1-path={directory}")
    with running([*line, "--log-level-stderr=detail"]) as process:
        written = _errors(_lines(process.stderr, directory))
    if not process.returncode:
        return
    text = "\n".join(written)
    if FULL in text or _is_full(directory):
        raise HostError(f"the disk is full while the backup is fetched; {room()}")
    if DAMAGE.search(text):
        raise Damaged(own_words(text))
    raise HostError(f"the backup cannot be fetched: {own_words(text)}")


def _is_full(directory: Path) -> bool:
    """pgBackRest gives no reason when a part of a file was written."""
    state = os.statvfs(directory)
    return state.f_bavail * state.f_frsize < 1 << 20


def _errors(output: Iterable[str]) -> list[str]:
    """The errors of what pgBackRest writes; the rest tells how far it is."""
    began = told = time.monotonic()
    errors = []
    for line in output:
        if not BESIDE.search(line):
            errors.append(line.strip())
        elif (match := PERCENT.search(line)) and time.monotonic() - told >= INTERVAL:
            told = time.monotonic()
            progress.say(f"fetching, {told - began:.0f} s: {match[1]} %")
    return errors


def recover(
    cluster: Cluster,
    repository: Repository,
    timeline: int,
    directory: Path,
    time_: datetime | None = None,
    name: str = "",
    place: str = "",
) -> Recovered:
    """Replays the WAL up to ``time_``, the restore point ``name`` or a ``place`` in it, and begins a timeline; then
    ``directory`` is a whole database that nothing runs on. Raises HostError."""
    found, lines = Recovered(), []
    signal(directory, "recovery.signal")
    # Up to, and without, the asked moment.
    target = {"recovery_target_action": "promote", "recovery_target_inclusive": "off"}
    if time_:
        target["recovery_target_time"] = time_.isoformat()
    if name:
        target["recovery_target_name"] = name
    if place:
        target["recovery_target_lsn"] = place
    # Nobody reads it before its end; and then the original's number of connections does not count.
    line = postgres(cluster, repository, timeline, directory, hot_standby="off", **target)
    with socket(HBA), running(line) as process:
        output = _lines(process.stderr, directory)
        _follow(output, found, lines)
        ready = any(READY in line for line in lines[-1:])
        if ready:
            check(cluster)
            if place:
                dropped.undo_mark(cluster, SOCKET)
            end = lsn(found.end) if found.end else 0
            found.dropped = dropped.begin(cluster, SOCKET, directory, timeline, found.stopped, end, SEGMENT)
            stop(cluster, directory)
            for _ in output:
                pass
    if not ready:
        raise HostError(why(lines, found, time_, name))
    conclude(cluster, directory)
    return found


def signal(directory: Path, name: str) -> None:
    """The file that tells PostgreSQL in ``directory`` to recover from the archive, alone: at its end it removes one."""
    for each in directory.glob("*.signal"):
        each.unlink()
    (directory / name).touch()
    shutil.chown(directory / name, "postgres", "postgres")


def stop(cluster: Cluster, directory: Path) -> None:
    as_postgres(cluster.program("pg_ctl"), "stop", "-D", str(directory), "-m", "fast", "-w", "-t", "300")


def conclude(cluster: Cluster, directory: Path) -> None:
    """Raises HostError unless ``directory`` is whole, and on the disk."""
    state = cluster.control(directory)["Database cluster state"]
    if state != "shut down":
        raise HostError(f"the restored database did not stop in order: it is {state}")
    write_to_disk(directory)


def write_to_disk(directory: Path) -> None:
    synced = processes.run(["sync", "--file-system", str(directory)])
    if synced.returncode:
        raise HostError(f"the restored database cannot be written to the disk: {synced.stderr.strip()}")


def _follow(output: Iterable[str], found: Recovered, lines: list[str]) -> None:
    """Reads what PostgreSQL writes until it is ready or ends."""
    began = told = time.monotonic()
    for line in output:
        note(line, found, lines)
        if (match := RESTORED.search(line)) and time.monotonic() - told >= INTERVAL:
            told = time.monotonic()
            progress.say(f"recovering, {told - began:.0f} s: WAL segment {match[1]}")
        if READY in line:
            return


def note(line: str, found: Recovered, lines: list[str]) -> None:
    """Keeps a line of PostgreSQL's log, and what it tells."""
    lines.append(line.strip())
    # A recovery of days writes a line for each segment.
    del lines[:-200]
    for pattern, key in ((MISSING, "missing"), (REDONE, "end"), (STOPPED, "stopped")):
        if match := pattern.search(line):
            setattr(found, key, match[1])
    if match := COMPLETED.search(line):
        found.last = moment(match[1])


def _lines(output: Iterable[str], directory: Path) -> Iterator[str]:
    """What a command that fills ``directory`` writes. Tells when nothing comes any more.

    Raises HostError once nothing has come for GIVEN_UP seconds.
    """
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(output, lines), daemon=True).start()
    since = told = time.monotonic()
    size = 0
    while True:
        try:
            line = lines.get(timeout=POLL)
        except queue.Empty:
            # A large file has one line, at its end.
            before, size = size, _size(directory)
            now = time.monotonic()
            if size != before:
                since = told = now
            elif now - since >= GIVEN_UP:
                bucket = Bucket(backup_settings())
                raise HostError(f"{bucket} has sent nothing for {GIVEN_UP} s: {DROPPED}") from None
            elif now - told >= QUIET:
                told = now
                progress.say(f"nothing has come from the bucket for {now - since:.0f} s; it ends after {GIVEN_UP} s")
            continue
        if line is None:
            return
        since = told = time.monotonic()
        yield line


def _read(output: Iterable[str], lines: "queue.SimpleQueue[str | None]") -> None:
    for line in output:
        lines.put(line)
    lines.put(None)


def _size(directory: Path) -> int:
    """Bytes of the files below ``directory``, which come and go meanwhile."""
    size = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            with suppress(OSError):
                size += os.lstat(f"{folder}/{name}").st_size
    return size


def check(cluster: Cluster) -> None:
    """Raises HostError when the database that is recovered is not the site's."""
    wanted = f"select 1 from pg_database where datname = '{LAYOUT['database']}'"
    if not cluster.ask(wanted, SOCKET):
        raise HostError(f"the backup has no database {LAYOUT['database']}: it is another program's")


def why(lines: list[str], found: Recovered, time_: datetime | None = None, name: str = "") -> str:
    """Why it ended before it was ready, by its last ``lines``."""
    text = "\n".join(lines)
    if FULL in text:
        return f"the disk is full while the WAL is replayed; {room()}"
    errors = [line for line in lines if line.startswith("ERROR:")]
    if errors and SHORT not in text:
        return f"the WAL cannot be fetched: {own_words(errors[-1])}"
    last = f"the last transaction before it is of {shown(found.last)}" if found.last else "no transaction is before it"
    gap = f"WAL segment {found.missing} is missing in the bucket" if found.missing else "the WAL ends"
    if any(each in text for each in EARLY):
        return f"{gap}, and the backup is of no use without it: name an earlier one with BACKUP= (`make backups`)"
    if SHORT in text:
        if name:
            return f"no restore point is called {name} in the WAL up to {found.missing or 'its end'}"
        return f"the WAL does not reach {shown(time_)}: {gap}, and {last}; give that time, or leave TO= out"
    fatal = [line for line in lines if re.match(r"(FATAL|PANIC):", line)] or lines or ["it wrote nothing"]
    return f"PostgreSQL cannot recover the backup: {fatal[-1]}"


def postgres(
    cluster: Cluster,
    repository: Repository,
    timeline: int,
    directory: Path,
    restore_command: str = RESTORE_COMMAND,
    **more: str,
) -> list[str]:
    """The command line of a PostgreSQL that replays ``timeline`` in ``directory``; ``more`` are settings of its."""
    get = shlex.join(repository.command("archive-get", f"--pg1-path={directory}", "--log-level-stderr=error", "%f"))
    options = {
        "config_file": SOCKET / "postgresql.conf",
        "hba_file": SOCKET / "pg_hba.conf",
        "ident_file": SOCKET / "pg_ident.conf",
        "listen_addresses": "",
        "unix_socket_directories": SOCKET,
        "external_pid_file": "",
        "shared_preload_libraries": "",
        "shared_buffers": "32MB",
        # Until its end it is worth nothing after a power cut: it is written to the disk once, then.
        "fsync": "off",
        "max_wal_size": "128MB",
        "min_wal_size": "32MB",
        "autovacuum": "off",
        "jit": "off",
        # The timeline's history waits in the directory for the site's own PostgreSQL, which archives it.
        "archive_mode": "on",
        "archive_command": "",
        "archive_library": "",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_line_prefix": "",
        "log_min_messages": "info",
        # Who replays a long while says so: it is not taken for one that waits for the bucket.
        "log_startup_progress_interval": "5s",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "lc_messages": "C",
        "restore_command": restore_command.format(command=get),
        # A number needs its history, which a generation that was begun on that timeline does not have.
        "recovery_target_timeline": "current" if cluster.timeline(directory) == timeline else str(timeline),
        **more,
    }
    if int(cluster.version) < 15:
        del options["archive_library"], options["log_startup_progress_interval"]
    # As arguments they win over what the original's ALTER SYSTEM has left in the directory.
    return [
        cluster.program("postgres"),
        "-D",
        str(directory),
        *(part for key, value in options.items() for part in ("-c", f"{key}={value}")),
    ]


@contextmanager
def socket(hba: str, group: str = "postgres") -> Iterator[None]:
    """The folder of its socket, which ``group`` may enter, with settings that let in whom ``hba`` names."""
    shutil.rmtree(SOCKET, ignore_errors=True)
    SOCKET.mkdir()
    for file, text in (("postgresql.conf", ""), ("pg_hba.conf", hba), ("pg_ident.conf", "")):
        (SOCKET / file).write_text(text)
    SOCKET.chmod(0o710)
    shutil.chown(SOCKET, "postgres", group)
    try:
        yield
    finally:
        shutil.rmtree(SOCKET, ignore_errors=True)


@contextmanager
def running(line: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A command in the unit; it has ended after the block, however that ends."""
    jobs.clear(UNIT)
    limits = (*jobs.LIMITS, f"MemoryMax={settings()['memory_max']}")
    start = ["systemd-run", "--quiet", f"--unit={UNIT}", f"--description={UNIT}", "--wait", "--pipe"]
    start += [f"--property={each}" for each in (*SANDBOX, *limits)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    process = subprocess.Popen([*start, *line], cwd="/", text=True, errors="replace", **pipes)
    try:
        yield process
    except BaseException:
        jobs.clear(UNIT)
        raise
    finally:
        # An end of its own, or the one that it was given.
        process.wait()
        jobs.clear(UNIT)


def clear() -> None:
    """Ends what an interrupted restore has left running."""
    jobs.clear(UNIT)


def moment(text: str) -> datetime:
    """PostgreSQL's time in its log: `2026-12-01 10:14:58.2+00`."""
    text = text.strip()
    return datetime.fromisoformat(text + ":00" if re.search(r"[+-]\d\d$", text) else text)


def room() -> str:
    return f"make room below {CLUSTER_DATA} (`df -h`), and run the same command again"
