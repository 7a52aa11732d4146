"""Who may change the host: one command at a time, one step of it at a time, none without its lock."""

import fcntl
import json
import os
import secrets
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from agent.paths import LOCK, STEP, HostError

STEP_SECONDS = 120
# Time for a holder to end after SIGTERM.
END_SECONDS = 10
# Time for a new holder to write who it is, and for a reader to release the file.
GRACE_SECONDS = 1


def hold(holder: str, checkout: str) -> None:
    """Holds the deploy lock until stdin closes, for whatever reason; prints ``held TOKEN`` first.

    A lock that ``checkout`` left behind is taken over, and the line says so: the caller has checked that no other
    command of that checkout runs. Raises HostError, with who holds the lock and since when, if somebody else does.
    """
    with LOCK.open("a+") as file:
        previous = _take(file, checkout)
        data = {
            "holder": holder,
            "checkout": checkout,
            # Each step must show it: an old lock's token is worth nothing.
            "token": secrets.token_hex(8),
            "since": now(),
            "pid": os.getpid(),
            "started": _started(os.getpid()),
        }
        file.truncate(0)
        file.write(json.dumps(data))
        file.flush()
        print(f"held {data['token']}{f' taken over from {previous}' if previous else ''}", flush=True)
        sys.stdin.buffer.read()
        file.truncate(0)


def _take(file: TextIO, checkout: str) -> str:
    """Locks the file; returns the holder whose lock was taken over, if any."""
    data = _lock(file)
    if data is None:
        return ""
    if checkout and data.get("checkout") == checkout:
        return _end(file, data)
    raise HostError(f"the deploy lock is held by {_describe(data)}; wait for it, or end a stale one with `make unlock`")


def _lock(file: TextIO) -> dict | None:
    """Locks the file: None, or what its holder wrote."""
    deadline = time.monotonic() + GRACE_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return None
        except BlockingIOError:
            data = _read()
            if data or time.monotonic() > deadline:
                return data
        time.sleep(0.02)


def fence(token: str) -> None:
    """Raises HostError, with who holds the lock now, unless it is held by the command that was given ``token``."""
    data = _holding()
    # A holder of an earlier version has no token.
    if data is not None and data.get("token", "") == token:
        return
    now = "nobody holds it" if data is None else f"{_describe(data)} holds it"
    raise HostError(
        f"this command's deploy lock is gone, {now}: its connection broke, or `make unlock` ended it; "
        "this step has changed nothing, so look at `make releases` and run the command again"
    )


def holder() -> str:
    """Who holds the lock and since when, for a person; "" when nobody does."""
    data = _holding()
    return "" if data is None else _describe(data)


def _holding() -> dict | None:
    """What the holder wrote; None when there is none."""
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read()
    return None


def unlock() -> str:
    """Ends the process that holds the lock; returns a line for a person."""
    with LOCK.open("a+") as file:
        data = _lock(file)
        if data is None:
            return "nobody holds the deploy lock"
        if not data:
            raise HostError("the deploy lock was taken just now; try again")
        return f"ended the lock of {_end(file, data)}"


def _end(file: TextIO, data: dict) -> str:
    """Ends the holder that wrote ``data`` and locks the file; returns its description."""
    os.kill(data["pid"], signal.SIGTERM)
    deadline = time.monotonic() + END_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            return _describe(data)
        except BlockingIOError:
            if time.monotonic() > deadline or _read() not in (data, {}):
                raise HostError(
                    f"the deploy lock of {_describe(data)} was ended, and {_describe(_read())} has it"
                ) from None
        time.sleep(0.02)


def _read() -> dict:
    """What the holder wrote; {} before it has, and when it is gone and another process has its number."""
    try:
        data = json.loads(LOCK.read_text())
        # A holder of an earlier version has no start time.
        return data if data.get("started") in (None, _started(data["pid"])) else {}
    except (OSError, ValueError):
        return {}


def _started(pid: int) -> str:
    """In ticks since boot: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]


def _describe(data: dict) -> str:
    return f"{data['holder']} since {data['since']}" if data else "a command that took it just now"


def is_busy() -> bool:
    """Whether a step runs now."""
    with STEP.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def step(name: str):
    """Waits for a step that an earlier connection left running: the switch and its health gate end by themselves."""
    with STEP.open("a+") as file:
        deadline = time.monotonic() + STEP_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    what = f"another step still runs after {STEP_SECONDS} s: {STEP.read_text() or 'it began just now'}"
                    raise HostError(f"{what}; wait for it, and run the command again") from None
                time.sleep(0.2)
        file.truncate(0)
        file.write(f"{name} since {now()}")
        file.flush()
        yield


def now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
