"""The last resort: the process ends in time whatever hangs, and leaves no browser behind."""

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

# Seconds that ``last`` may take. Code that does not let other threads run (a regular expression) is ended after them.
LAST = 6.0


class Watchdog:
    """``seconds`` from now it calls ``last``, ends all child processes and the process itself with ``status``."""

    def __init__(self, seconds: float, last: Callable[[], None]):
        self.status = 1
        self._last = last
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()
        faulthandler.dump_traceback_later(seconds + LAST, exit=True, file=sys.__stderr__)

    def _end(self) -> None:
        try:
            self._last()
        finally:
            end_children()
            os._exit(self.status)


def end_children() -> None:
    """Kills every process that this one has started, and theirs: Playwright's driver, Chromium."""
    for process in descendants(os.getpid()):
        with suppress(OSError):
            os.kill(process, signal.SIGKILL)


def descendants(process: int) -> list[int]:
    """The ids of all processes below ``process``; none where the system has no /proc."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in parentheses, may hold anything.
            parent = int(path.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    found, pending = [], [process]
    while pending:
        below = children.get(pending.pop(), [])
        found += below
        pending += below
    return found
