"""Speaks a long job's phases, each with its seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def phase(title: str) -> Iterator[None]:
    """Prints ``title`` now and the seconds it took at its end, or that it failed."""
    start = time.monotonic()
    print(f"▸ {title}", flush=True)
    try:
        yield
    except BaseException:
        print(f"  failed after {time.monotonic() - start:.1f} s", flush=True)
        raise
    print(f"  {time.monotonic() - start:.1f} s", flush=True)
