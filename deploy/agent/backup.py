"""Makes the backup that is due, or that somebody asks for: in a unit of its own, which has the release's memory.

The unit starts as root, takes the slot, and goes on as PostgreSQL's user. It ends with the backup.
"""

import contextlib
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, NoReturn

from agent import dump, generation, moving, processes, progress, record, schedule, slot
from agent.paths import LAYOUT, RUN, HostError
from agent.record import LAST, RUNNING, UNIT
from agent.s3 import Bucket
from agent.s3 import settings as backup_settings
from agent.schedule import DIFF, DUMP, FULL, Due

# What a person asks for, for the unit to read: "full", "diff", or "" for what is due.
REQUEST = RUN / "slipway-backup.request"
NAMES = {FULL: "a full backup", DIFF: "a differential backup", DUMP: "a dump"}
# How long the unit waits for its turn; the next hour it tries again, s.
PATIENCE = 1800
# From one line about it to the next for who waits, s.
INTERVAL = 5
POLL = 0.5
# For systemd to start the unit, s.
STARTING = 10
# For PostgreSQL to hand over a segment, and for it to reach the bucket, s.
ARCHIVED = 60
# For another command of pgBackRest's to end, s.
LOCKED = 60
# pgBackRest writes down what it has copied after so many bytes: an interrupted backup goes on from there.
SAVED = "16MiB"
PERCENT = re.compile(r"\(.*?(\d+)(?:\.\d+)?%\)")


# In last.json, of a backup that ended so.
STOPPED = "it was stopped"


class Stopped(BaseException):
    """SIGTERM: a deploy needs the memory, or the machine goes down."""


def ask(kind: str = "", point: str = "") -> str:
    """Lets the unit make a backup of ``kind``, or what is due for "", and waits for it; returns a line about it.

    ``point`` names a restore point that is made after it, and is in the archive too. Raises HostError.
    """
    if record.kind() == record.DUMP:
        kind = kind and DUMP
    elif kind == DIFF and record.last().get("generation") != (generation.held() or {}).get("generation"):
        kind = FULL
    backup_settings()
    if record.is_active():
        progress.say("a backup is made already")
        _follow()
    began = generation.now()
    stopped = True
    while stopped:
        before = record.last().get("error")
        _start(kind)
        stopped = _goes_on(kind, before)
    said = _outcome(kind, began)
    return f"{said}; {_restore_point(point)}" if point and record.kind() == record.WAL else said


def _goes_on(kind: str, before: dict | None) -> bool:
    """Whether another command has stopped it since the error ``before``; returns once that has ended.

    The unit finds the request when it is started again, so that it makes what was asked for.
    """
    error = record.last().get("error")
    # A command with the deploy lock would wait for its own end.
    if not error or error == before or error["text"] != STOPPED or os.environ.get("SLIPWAY_LOCK"):
        return False
    REQUEST.write_text(kind or "due")
    progress.say("stopped for another command; it goes on after that, also without this one")
    while slot.is_stopped(UNIT):
        time.sleep(POLL)
    return True


def _start(kind: str) -> None:
    """Lets the unit run, and tells how far it is until it has ended."""
    REQUEST.write_text(kind or "due")
    processes.run(["systemctl", "start", "--no-block", UNIT])
    deadline = time.monotonic() + STARTING
    # It takes the request away when its turn has come, and systemd may need a moment until it starts.
    while REQUEST.exists() and not record.is_active() and time.monotonic() < deadline:
        time.sleep(POLL)
    _follow()
    if REQUEST.exists():
        what = NAMES[kind or FULL]
        raise HostError(f"{what} is not made yet, its turn has not come: it is made by itself; `make status` shows it")


def _follow() -> None:
    """Tells how far the unit is until it has ended."""
    began, told = time.monotonic(), -INTERVAL
    while record.is_active():
        passed = time.monotonic() - began
        if passed - told >= INTERVAL:
            told, now, other = passed, record.running(), slot.holder()
            if now:
                progress.say(f"{NAMES[now['kind']]}: {now['percent']} %, {passed:.0f} s")
            elif other and other["unit"] != UNIT:
                progress.say(f"waiting for {slot.describe(other)} to end, {passed:.0f} s")
        time.sleep(POLL)


def _outcome(kind: str, began: str) -> str:
    last = record.last()
    error = last.get("error")
    if error and error["at"] >= began:
        raise HostError(f"{NAMES[error['kind']]} was not made: {error['text']}")
    made = [each for each in (FULL, DIFF, DUMP) if last.get(each) and last[each]["began"] >= began]
    if made:
        return f"{NAMES[made[0]]}: {describe(last[made[0]])}"
    if kind:
        raise HostError(f"{NAMES[kind]} was not made: `make logs UNIT={UNIT}` shows why")
    return "nothing is due"


def describe(backup: Mapping) -> str:
    """A backup of last.json, for a person."""
    size, stored = (backup[name] / 1e6 for name in ("size", "stored"))
    return f"{backup['label']}, {size:.0f} MB in {backup['seconds']:.0f} s, {stored:.1f} MB in the bucket"


def _restore_point(name: str) -> str:
    """Makes a restore point that the archive has; returns a line. Raises HostError when it is not archived."""
    # A segment with nothing in it is not switched; the point itself is something.
    wal = _sql(f"select pg_create_restore_point('{name}'); select pg_walfile_name(pg_switch_wal())").split()[-1]
    deadline = time.monotonic() + ARCHIVED
    while _sql(f"select last_archived_wal >= '{wal}' from pg_stat_archiver") != "t":
        if time.monotonic() > deadline:
            why = record.archive_error().get("error", "PostgreSQL's log says why: `make logs UNIT=postgresql`")
            raise HostError(f"the WAL {wal} is not archived after {ARCHIVED} s: {why}")
        time.sleep(POLL)
    # Before what its caller does next.
    return f"restore point {name} at {generation.now()}"


def _sql(text: str) -> str:
    line = ["runuser", "-u", "postgres", "--", "psql", "-XAtqv", "ON_ERROR_STOP=1", "-c", text, "postgres"]
    done = processes.run(line, cwd="/")
    if done.returncode:
        raise HostError(f"PostgreSQL: {done.stderr.strip() or 'no answer'}")
    return done.stdout.strip()


def run(quiet: int) -> str:
    """The unit's command: makes what is asked for or due; ``quiet`` is the hour (UTC) of what can wait. Returns a line.

    Raises HostError when the backup fails; last.json has the reason too.
    """
    signal.signal(signal.SIGTERM, _stop)
    asked = REQUEST.read_text() if REQUEST.exists() else ""
    settings = backup_settings()
    if not asked and slot.is_stopped(UNIT):
        return "stopped for a deploy; it goes on after that"
    wal = "pg1-path" in settings
    due = _due(settings, asked, quiet, wal)
    if due is None:
        REQUEST.unlink(missing_ok=True)
        return "nothing is due"
    try:
        with slot.held(NAMES[due.kind], UNIT, stop=slot.AGAIN, stops=False, patience=PATIENCE):
            # Not before: the site's restart stops a backup that waits too, and it must be made after that.
            REQUEST.unlink(missing_ok=True)
            return _make(settings, due, wal)
    except Stopped:
        return "stopped; it goes on later from where it was"


def _stop(*_) -> NoReturn:
    raise Stopped


def _due(settings: Mapping[str, str], asked: str, quiet: int, wal: bool) -> Due | None:
    if asked in NAMES:
        return Due(asked, "asked for")
    now, last = datetime.now(UTC), record.last()
    if not wal:
        return schedule.dump_due(now, quiet, last)
    # What is there is not the site's database yet, or no database.
    if moving.state().get("state") == "arriving" or generation.awaits_data(settings):
        return None
    held = generation.held() or {"generation": ""}
    return schedule.due(now, quiet, last, held["generation"], record.missing().get("reason", ""))


def _make(settings: Mapping[str, str], due: Due, wal: bool) -> str:
    """Makes it and writes last.json. Raises HostError, with the reason, which is there too."""
    last, began, started = record.last(), generation.now(), time.monotonic()
    # Root alone can read all of the machine's identity, and it stays.
    generation.machine()
    if wal:
        _become("postgres")
    try:
        with _noted(due, began):
            if wal:
                mine = generation.checked(settings)
                # The bucket's own answer comes at once; pgBackRest tries for more than a minute.
                Bucket(settings).get(f"generations/{mine}.json")
                last = last if last.get("generation") == mine else {"generation": mine}
                kind = due.kind if last.get(FULL) else FULL
                made = _pgbackrest(settings, mine, kind, due, began)
            else:
                kind, made = DUMP, dump.make(settings, began)
    except (HostError, Stopped) as error:
        text = str(error) or STOPPED
        generation.write(LAST, last | {"error": {"kind": due.kind, "at": generation.now(), "text": text}})
        raise
    made |= {"began": began, "seconds": round(time.monotonic() - started, 1)}
    generation.write(LAST, last | {kind: made, "error": None})
    return f"{NAMES[kind]} ({due.why}): {describe(made)}"


def _become(user: str) -> None:
    """Goes on as ``user``: root is needed for the slot alone."""
    if os.geteuid() == 0:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)


@contextlib.contextmanager
def _noted(due: Due, began: str) -> Iterator[None]:
    """running.json for the block."""
    _percent(due, began, 0)
    try:
        yield
    finally:
        RUNNING.unlink(missing_ok=True)


def _percent(due: Due, began: str, percent: int) -> None:
    generation.write(RUNNING, {"kind": due.kind, "why": due.why, "began": began, "percent": percent})


def _pgbackrest(settings: Mapping[str, str], mine: str, kind: str, due: Due, began: str) -> dict:
    """Runs it; returns label, size and stored. Raises HostError.

    pgBackRest's lock is waited for: a new generation is being set up as a restored server makes its first backup.
    """
    marked, deadline = record.missing(), time.monotonic() + LOCKED
    while stderr := _attempt(mine, kind, due._replace(kind=kind), began):
        if not re.search(LOCK, stderr) or time.monotonic() > deadline:
            raise HostError(explained(settings, stderr))
        time.sleep(INTERVAL)
    # A gap that came meanwhile needs another.
    if kind == FULL and record.missing() == marked:
        generation.FULL_DUE.unlink(missing_ok=True)
    return _newest(mine)


def _attempt(mine: str, kind: str, due: Due, began: str) -> str:
    """Why pgBackRest failed, in its own words; "" when it has made a backup."""
    options = (f"--type={kind}", "--start-fast", f"--manifest-save-threshold={SAVED}", "--log-level-console=detail")
    with (
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(
            generation.command(mine, *options, "backup"),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
        ) as process,
    ):
        _read(process.stdout, due, began)
        failed = process.wait()
        errors.seek(0)
        if failed:
            return errors.read() or f"exit status {failed}"
        # Its warnings, for the journal.
        print(errors.read(), end="", file=sys.stderr)
    return ""


def _read(output: IO[str], due: Due, began: str) -> None:
    before = 0
    for line in output:
        found = PERCENT.search(line)
        if found and int(found[1]) != before:
            before = int(found[1])
            _percent(due, began, before)


def _newest(mine: str) -> dict:
    line = generation.command(mine, "--output=json", "info")
    newest = json.loads(processes.run(line, cwd="/").stdout)[0]["backup"][-1]
    return {
        "label": newest["label"],
        "size": newest["info"]["size"],
        "stored": newest["info"]["repository"]["delta"],
    }


def explained(settings: Mapping[str, str], stderr: str) -> str:
    """Why pgBackRest failed, in one line, with what to do."""
    for pattern, text in CAUSES.items():
        if re.search(pattern, stderr):
            return text.format(error=record.archive_error().get("error", "`make logs UNIT=postgresql` says why"))
    return generation.cause(settings, stderr)


# Another command of it has its lock; a lock that may not be opened is no reason to wait.
LOCK = r"\[050\](?!.*[Pp]ermission denied)"
# https://github.com/pgbackrest/pgbackrest/blob/main/src/build/error/error.yaml
CAUSES = {
    r"No space left on device|\[Errno 28\]": "the disk is full; `df -h` and `sudo du -xh / | sort -h | tail`",
    r"\[056\]": f"PostgreSQL does not answer: `systemctl status '{LAYOUT['database']}'`",
    r"\[095\]|CryptoError|cipher header|outside of section": (
        "the bucket's backups have another passphrase than BACKUP_PASSPHRASE in the secrets: write the one that they "
        "were made with, or take a new bucket by `backup_bucket` in site.yml"
    ),
    r"\[082\]": "the WAL does not reach the bucket: {error}",
    LOCK: "another backup or its clean-up runs in pgBackRest; it is tried again within the hour",
}
