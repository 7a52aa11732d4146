"""Prints the phases of a long command, each with its seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def phase(title: str) -> Iterator[None]:
    """Prints ``title`` at once, and at the end the seconds, or that it failed."""
    start = time.monotonic()
    print(f"▸ {title}", flush=True)
    try:
        yield
    except BaseException:
        print(f"  failed after {time.monotonic() - start:.1f} s", flush=True)
        raise
    print(f"  {time.monotonic() - start:.1f} s", flush=True)
