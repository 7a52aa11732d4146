"""One bound for the whole run: every part has to end at its share of it, and what a part leaves over the next ones get.

A second is always one of ``time.monotonic()``. The client's requests end at their part's second by themselves
(``Client(…, until=…)``), so a part that is late keeps what it has found. ``GRACE`` later a part is cancelled.
"""

import asyncio
import ctypes
import threading
import time
from collections.abc import Callable
from contextlib import suppress

# The share of --minutes that is over when a part has to end. Pages decide about everything else, and come first;
# Chromium takes the longest.
ENDS = {
    "crawl": 0.35,
    "assets": 0.55,
    "provisioned": 0.6,
    "uploads": 0.65,
    "canary": 0.95,
    "browser": 0.95,
    "controls": 0.95,
    "log": 0.98,
    "views": 1.0,
}
# Seconds: for a part that does not end by itself, and within which all of them do. --minutes and 30 s are the promise.
GRACE = 3.0
MOST = 30.0


class Deadline:
    """The seconds at which the parts of a run that begins now have to end."""

    def __init__(self, minutes: float, now: Callable[[], float] = time.monotonic):
        self._now = now
        self.start = now()
        self.seconds = minutes * 60

    def of(self, part: str) -> float:
        """The second at which a part of ENDS has to end."""
        return self.start + self.seconds * ENDS[part]

    def left(self, part: str) -> float:
        """The seconds that a part still has."""
        return max(0.0, self.of(part) - self._now())

    @property
    def passed(self) -> float:
        """Seconds since the run began."""
        return self._now() - self.start


class _GivenUp(BaseException):
    """Raised in a thread whose result nobody waits for any more."""


async def in_thread(until: float, function: Callable, *args, **kwargs):
    """The result of a function that computes for long, such as a parser. TimeoutError if it has none at ``until``.

    The event loop goes on meanwhile; the thread ends at its next line of Python.
    """
    loop = asyncio.get_running_loop()
    outcome = loop.create_future()

    def settle(report: Callable, value: object) -> None:
        if not outcome.done():
            report(value)

    def work() -> None:
        # The loop may be closed by the time that a given-up function ends.
        with suppress(RuntimeError, _GivenUp):
            try:
                result = function(*args, **kwargs)
            except Exception as error:  # it is raised where the result is awaited
                loop.call_soon_threadsafe(settle, outcome.set_exception, error)
            else:
                loop.call_soon_threadsafe(settle, outcome.set_result, result)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        async with asyncio.timeout(until - time.monotonic()):
            return await outcome
    finally:
        if not outcome.done() or outcome.cancelled():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(_GivenUp))
