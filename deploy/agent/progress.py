"""Tells the person what a command does meanwhile: lines on stderr, which the tool prints as they come."""

import contextlib
import sys

# tool/server/connection.py looks for it.
MARK = "progress: "


def say(text: str) -> None:
    """A line for a person. Its reader may be gone, and what runs goes on without."""
    with contextlib.suppress(OSError):
        print(f"{MARK}{text}", file=sys.stderr, flush=True)
