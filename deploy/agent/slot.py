"""One slot of memory, the budget's `release`: whatever runs for a while takes turns in it.

That is a release's code (its check, its migrations, a shell, a job), the process that serves while the site restarts, a
backup, and the database server of a restore. The lock file says who has the slot: `name`, `unit`, `since`, and what
may be done to who waits no longer (`stop`), and the terminal of a person whose command may be ended (`terminal`).
"""

import fcntl
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from agent import locks, processes, progress
from agent.paths import LAYOUT, SLOT, HostError
from agent.units import RESTART, shown

# How long a person's command waits before what may be stopped is stopped, s.
PATIENCE = 60
# From one line about it to the next, s.
INTERVAL = 5
# For a unit to end that was stopped, s.
STOPPING = 100
POLL = 0.2
# What may be done to a holder: nothing, end it, or stop it and start its unit again later.
NEVER, END, AGAIN = "", "end", "again"
# Units that `resume` starts again, a line each.
STOPPED = SLOT.with_name(f"{SLOT.name}.stopped")


@contextmanager
def held(
    name: str,
    unit: str,
    *,
    stop: str = NEVER,
    stops: bool = True,
    patience: float = PATIENCE,
    at_once: bool = False,
    keeps: bool = False,
) -> Iterator[None]:
    """Has the slot for the block; it ends with this process, or with ``unit`` if that outlives it.

    ``name`` is for a person: "a full backup". ``unit`` does the work. ``stop``: NEVER, END or AGAIN. A wait is told by
    `progress`; after ``patience`` seconds, if ``stops``, who may be stopped is; with ``at_once``, what runs again
    is at once. ``keeps`` leaves the slot to the program that this process becomes. Raises HostError, with who has the
    slot and since when, if it cannot be had.
    """
    with SLOT.open("a+") as file:
        stopped = _wait(file, unit, stops, patience, at_once)
        _note(file, name, unit, stop)
        # A command with the deploy lock starts it again at its end; for another, it waits for its turn from now on.
        if stopped and not locks.holder():
            resume()
        if keeps:
            fcntl.fcntl(file, fcntl.F_SETFD, 0)
        try:
            yield
        finally:
            file.truncate(0)


def take(name: str, unit: str, *, stop: str = NEVER) -> bool:
    """Has the slot for ``unit``, which starts now, until that ends: no process waits for it. False: another has it."""
    with SLOT.open("a+") as file:
        if _other(file, unit) is not None:
            return False
        _note(file, name, unit, stop)
    return True


def leave(unit: str) -> None:
    """``unit`` has ended: its note goes. Its next start may wait for its turn already, and would seem to have it."""
    with SLOT.open("a+") as file:
        while _read(file).get("unit") == unit:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                # Somebody looks who has it.
                time.sleep(POLL)
            else:
                file.truncate(0)


def make_way() -> None:
    """Before the site's restart by other hands than this program's: a job that runs gets its minute, and is stopped."""
    other = holder()
    if other and other["unit"] != RESTART:
        with held("the site's restart", RESTART):
            pass


def holder() -> dict | None:
    """Who has the slot: `name`, `unit`, `since`, `stop`; None when it is free."""
    with SLOT.open("a+") as file:
        return _other(file, "")


def describe(data: dict) -> str:
    since = f", since {data['since']}" if data.get("since") else ""
    return f"{data['name']} ({data['unit']}{since})"


def resume() -> None:
    """Starts again what was stopped, and the backup that may be due: it looks itself."""
    try:
        units = STOPPED.read_text().split()
        STOPPED.unlink()
    except FileNotFoundError:
        units = []
    processes.run(["systemctl", "start", "--no-block", *dict.fromkeys((*units, LAYOUT["backup_unit"]))])


def starts_again(unit: str) -> bool:
    """Whether ``unit`` was stopped, and `resume` has not started it yet."""
    return STOPPED.exists() and unit in STOPPED.read_text().split()


def is_stopped(unit: str) -> bool:
    """Whether ``unit`` was stopped for a command that still holds the deploy lock: it starts again after that."""
    return starts_again(unit) and bool(locks.holder())


def _note(file: TextIO, name: str, unit: str, stop: str) -> None:
    mine = {"name": name, "unit": unit, "since": locks.now(), "stop": stop}
    mine |= {"terminal": os.ttyname(0)} if stop == END and sys.stdin.isatty() else {}
    file.truncate(0)
    file.write(json.dumps(mine))
    file.flush()


def _wait(file: TextIO, unit: str, stops: bool, patience: float, at_once: bool) -> bool:
    """Returns once the file is locked: whether who had it was stopped."""
    began, told, stopped = time.monotonic(), None, None
    while (other := _other(file, unit)) is not None:
        waited = time.monotonic() - began
        if waited >= (0 if at_once and other["stop"] == AGAIN else patience) + (STOPPING if stopped else 0):
            if stopped or not (stops and other["stop"]):
                raise HostError(_still_held(other, waited))
            stopped = other
            _stop(other)
        elif told is None or waited - told >= INTERVAL:
            if told is None and stops and other["stop"] == END:
                _warn(other, patience)
            told = waited
            progress.say(f"waiting for {describe(other)} to end, {waited:.0f} s")
        time.sleep(POLL)
    return stopped is not None


def _warn(other: dict, patience: float) -> None:
    """Tells the person at the terminal of who will be ended; who has none, or has gone, is not told."""
    text = f"\r\nslipway: a deploy waits for this memory, and ends {other['name']} in {patience:.0f} s: finish now\r\n"
    with suppress(OSError, KeyError):
        # A terminal that is paused (Ctrl-S) holds nobody up.
        terminal = os.open(other["terminal"], os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            os.write(terminal, text.encode())
        finally:
            os.close(terminal)


def _still_held(other: dict, waited: float) -> str:
    return (
        f"{describe(other)} still runs after {waited:.0f} s, and there is memory for one such thing at a time; "
        "nothing was changed: wait for its end, and run the same command again"
    )


def _other(file: TextIO, unit: str) -> dict | None:
    """Locks the file: None; or leaves it, and returns who has the slot."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(file) or {"name": "a command that took it just now", "unit": "", "stop": NEVER}
    # A command that was killed has left its unit behind; the site's restart is started by systemd's own means too.
    left = _read(file)
    restart = {"name": "the site's restart", "unit": RESTART, "stop": NEVER}
    others = [each for each in (left, restart) if each and each["unit"] != unit]
    states = shown([each["unit"] for each in others], "ActiveState", "MainPID") if others else {}
    for each in others:
        state = states[each["unit"]]
        running = state["ActiveState"] == "active" and state["MainPID"] not in ("", "0")
        if running or state["ActiveState"] in ("activating", "deactivating", "reloading"):
            fcntl.flock(file, fcntl.LOCK_UN)
            return each
    return None


def _read(file: TextIO) -> dict:
    """What the last holder wrote; {} when it has ended in order."""
    file.seek(0)
    try:
        return json.loads(file.read())
    except ValueError:
        return {}


def _stop(other: dict) -> None:
    again = other["stop"] == AGAIN
    if again:
        with STOPPED.open("a") as file:
            file.write(f"{other['unit']}\n")
    progress.say(f"stopping {describe(other)}{': it is run again after this command' if again else ''}")
    processes.run(["systemctl", "stop", "--no-block", other["unit"]])
