"""How many objects are on their way at once: as many as the line and the bucket take.

Two bounds, both of which follow what happens. The number begins moderate, grows with each success and is halved when
the bucket or the line fails, as TCP does it. The bytes are what the line takes in a few seconds: many small objects on
a line with a long way, few large ones on a slow line, where each would only make all others later.
"""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

# Measured behind 40 ms: 64 wait for the network, 96 keep one core busy, 128 gain nothing more.
MOST = 96
FIRST = 16
# Seconds' worth of bytes on their way, by the rate of the last SPAN seconds; and bytes, while no rate is known.
AHEAD = 5.0
SPAN = 20.0
FIRST_BYTES = 1_000_000
# Seconds for which nobody starts after a failure; doubled for each further one without a success between.
PAUSE = 0.3
LONGEST_PAUSE = 20.0


@dataclass
class Pace:
    """One thread asks and tells it. ``clock`` gives seconds."""

    clock: Callable[[], float] = time.monotonic
    limit: float = FIRST
    active: int = 0
    bytes: int = 0
    # Until then nobody starts.
    resumes: float = 0.0
    # Counts the failures that have halved the limit.
    era: int = 0
    _threshold: float = MOST
    _failures: int = 0
    _began: float | None = None
    # The answered objects of the last SPAN seconds: when, and how many bytes; and their sum.
    _answered: deque[tuple[float, int]] = field(default_factory=deque)
    _sum: int = 0

    def admits(self, size: int) -> bool:
        """Whether an object of ``size`` bytes may start now."""
        if self.clock() < self.resumes:
            return False
        return not self.active or (self.active < int(self.limit) and self.bytes + size <= self._ahead())

    def started(self, size: int) -> int:
        """Returns the era, for ``failed``."""
        if self._began is None:
            self._began = self.clock()
        self.active += 1
        self.bytes += size
        return self.era

    def succeeded(self, size: int) -> None:
        self._ended(size)
        self._answered.append((self.clock(), size))
        self._sum += size
        self._failures = 0
        self.limit = min(MOST, self.limit + (1 if self.limit < self._threshold else 1 / self.limit))

    def failed(self, size: int, era: int) -> None:
        """Those that were on their way at the time of one failure, and fail too, are the same failure."""
        self._ended(size)
        if era != self.era:
            return
        self.era += 1
        self.limit = self._threshold = max(1.0, self.limit / 2)
        pause = min(LONGEST_PAUSE, PAUSE * 2**self._failures)
        self._failures += 1
        self.resumes = self.clock() + pause * random.uniform(0.5, 1)

    def _ended(self, size: int) -> None:
        self.active -= 1
        self.bytes -= size

    def _ahead(self) -> float:
        """The bytes that may be on their way. What was answered counts: what is only sent may wait in some router."""
        now = self.clock()
        while self._answered and self._answered[0][0] < now - SPAN:
            self._sum -= self._answered.popleft()[1]
        if not self._answered:
            return FIRST_BYTES
        seconds = min(SPAN, now - self._began)
        return max(FIRST_BYTES, AHEAD * self._sum / max(seconds, 0.001))
