"""Tells the person what a command does meanwhile: lines on stderr, which the tool prints as they come."""

import contextlib
import sys
import time
from collections.abc import Iterator

# tool/server/connection.py looks for it.
MARK = "progress: "


def say(text: str) -> None:
    """A line for a person. Its reader may be gone, and what runs goes on without."""
    with contextlib.suppress(OSError):
        print(f"{MARK}{text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """A line before the block, and one after it with its seconds."""
    began = time.monotonic()
    say(f"{name} …")
    yield
    say(f"{name}: {time.monotonic() - began:.1f} s")
