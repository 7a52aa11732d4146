"""Shows how far a push is: a bar on a terminal, lines elsewhere, each with its rate and the time that is left."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from slipway.tool.push.upload import Progress, Progressing

# The rate is that of the last seconds.
SPAN = 15.0
# On a slow line a line is printed at least so often; otherwise at every tenth.
EVERY = 15.0  # seconds


@dataclass
class Rate:
    """Bytes per second. ``clock`` gives seconds; one that stands still while a laptop sleeps is right here."""

    clock: Callable[[], float] = time.monotonic
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def of(self, sent: int) -> float:
        """The rate, now that ``sent`` bytes are on their way; 0.0 while it is unknown."""
        now = self.clock()
        self._seen.append((now, sent))
        while self._seen[0][0] < now - SPAN:
            self._seen.popleft()
        began, before = self._seen[0]
        # A body that has to be sent again takes its bytes back.
        return max(0, sent - before) / (now - began) if now > began else 0.0


@contextmanager
def bar() -> Iterator[Progressing]:
    from rich.progress import BarColumn
    from rich.progress import Progress as Bars

    rate = Rate()
    with Bars("push", BarColumn(), "{task.fields[text]}") as bars:
        task = bars.add_task("push", total=None, text="")

        def show(progress: Progress) -> None:
            text = described(progress, rate.of(progress.sent))
            bars.update(task, completed=progress.sent, total=progress.bytes, text=text)

        yield show


def lines(write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> Progressing:
    """Calls ``write`` with each line."""
    rate = Rate(clock)
    printed, at = -1, clock()

    def show(progress: Progress) -> None:
        nonlocal printed, at
        speed = rate.of(progress.sent)
        part, whole = (progress.sent, progress.bytes) if progress.bytes else (progress.done, progress.total)
        ended = progress.done == progress.total
        tenth = 10 if ended else min(9, 10 * part // whole if whole else 9)
        if tenth > printed or clock() - at >= EVERY:
            printed, at = max(tenth, printed), clock()
            write(f"push {described(progress, speed)}")

    return show


def described(progress: Progress, rate: float) -> str:
    """``120/2,352 objects, 12.3 of 56.2 MB, 1.2 MB/s, 0:37 left``; the last two while there is something left."""
    text = f"{progress.done:,}/{progress.total:,} objects, {progress.sent / 1e6:.1f} of {progress.bytes / 1e6:.1f} MB"
    left = progress.bytes - progress.sent
    if progress.done == progress.total or not left or not rate:
        return text
    minutes, seconds = divmod(round(left / rate), 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"{text}, {speed(rate)}, {clock} left"


def speed(rate: float) -> str:
    """``1.2 MB/s``, or ``85 kB/s`` where that says more."""
    return f"{rate / 1e6:.1f} MB/s" if rate >= 1e6 else f"{rate / 1e3:.0f} kB/s"
