"""Waits for what AWS does in its own time, and says so now and then."""

import time
from collections.abc import Callable

POLL = 5.0  # seconds between two questions
SPEAK = 30.0  # seconds between two lines


def wait_for(what: str, is_done: Callable[[], bool], say: Callable[[str], object], seconds: float) -> bool:
    """Whether ``is_done`` came true within ``seconds``; it is asked at once, and errors of its own go through."""
    began = spoken = time.monotonic()
    while not is_done():
        now = time.monotonic()
        if now - began > seconds:
            return False
        if now - spoken >= SPEAK or spoken == began:
            say(f"wait   for {what}: {now - began:.0f} s so far")
            spoken = now
        time.sleep(POLL)
    return True
