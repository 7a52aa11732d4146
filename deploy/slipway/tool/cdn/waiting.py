"""Waits for AWS, and prints a line now and then."""

import time
from collections.abc import Callable

STEP = 5.0  # seconds that each pause counts for; a laptop that sleeps loses none of the rest
POLL = STEP  # seconds that it takes: tests shorten it
PRINT = 30.0  # seconds between two lines


def wait_for(what: str, is_done: Callable[[], bool], say: Callable[[str], object], seconds: float) -> bool:
    """Whether ``is_done`` becomes true within ``seconds``. It is called at once; its errors are not caught.

    Ctrl-C ends it, and loses nothing: a later run asks again.
    """
    waited = 0.0
    while not is_done():
        if waited >= seconds:
            return False
        if waited % PRINT == 0:
            say(f"wait   for {what}: {_shown(waited)} so far, {_shown(seconds)} at most")
        time.sleep(POLL)
        waited += STEP
    return True


def _shown(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
