"""Who may change the host: one deploy at a time, and one step of it at a time."""

import fcntl
import json
import os
import signal
import sys
import time
from contextlib import contextmanager

from slipway_host.paths import LOCK, STEP, HostError

STEP_SECONDS = 120


def hold(holder: str) -> None:
    """Holds the deploy's lock until the other end of stdin goes away, however it does.

    Raises HostError, with who holds it and since when, if somebody else does.
    """
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HostError(
                f"the deploy lock is held by {_held()}; wait for it, or end a stale one with `make unlock`"
            ) from None
        said = {"holder": holder, "since": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()), "pid": os.getpid()}
        file.truncate(0)
        file.write(json.dumps(said))
        file.flush()
        print("held", flush=True)
        sys.stdin.buffer.read()
        file.truncate(0)


def unlock() -> str:
    """Ends the process that holds the lock; what it was, for a person."""
    with LOCK.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = _held()
            os.kill(json.loads(LOCK.read_text())["pid"], signal.SIGTERM)
            return f"ended the lock of {who}"
        return "nobody holds the deploy lock"


def _held() -> str:
    try:
        said = json.loads(LOCK.read_text())
        return f"{said['holder']} since {said['since']}"
    except (OSError, ValueError, KeyError):
        return "somebody who took it this moment"


@contextmanager
def step():
    """Waits for a step that an earlier connection left running: the switch and its health gate end by themselves."""
    with STEP.open("a") as file:
        deadline = time.monotonic() + STEP_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise HostError(f"another step still runs after {STEP_SECONDS} s; `make status` shows it") from None
                time.sleep(0.2)
        yield
