"""Waits for AWS, and prints a line now and then."""

import time
from collections.abc import Callable

POLL = 5.0  # seconds between two checks
PRINT = 30.0  # seconds between two lines


def wait_for(what: str, is_done: Callable[[], bool], say: Callable[[str], object], seconds: float) -> bool:
    """Whether ``is_done`` becomes true within ``seconds``. It is called at once; its errors are not caught."""
    began = printed = time.monotonic()
    while not is_done():
        now = time.monotonic()
        if now - began > seconds:
            return False
        if now - printed >= PRINT or printed == began:
            say(f"wait   for {what}: {now - began:.0f} s so far")
            printed = now
        time.sleep(POLL)
    return True
