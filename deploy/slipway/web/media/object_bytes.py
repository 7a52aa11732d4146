"""An object's bytes, read forward in windows: no file is ever in memory as a whole."""

import re
from collections.abc import Callable

from slipway.web.media.errors import CUT, UNREADABLE, UploadError

WINDOW = 1024 * 1024  # bytes
# The segments or chunks that a file may have: a PNG of 25 MB in pieces of 4 KB has 6,250, and each costs some work.
MAX_PARTS = 20_000


class ObjectBytes:
    """``size`` bytes, of which ``first`` are there already; ``read`` gets those from a start up to a stop."""

    def __init__(self, size: int, read: Callable[[int, int], bytes], first: bytes = b"") -> None:
        self.size = size
        self._read, self._window, self._start = read, first, 0
        self._parts = 0

    @classmethod
    def of(cls, data: bytes) -> "ObjectBytes":
        """Those of a file in memory."""
        return cls(len(data), lambda start, stop: data[start:stop])

    def take(self, at: int, count: int) -> bytes:
        """``count`` bytes from ``at`` on. Raises UploadError where the object ends before."""
        if at + count > self.size:
            raise UploadError(CUT)
        if at < self._start or at + count > self._start + len(self._window):
            self._load(at, max(count, WINDOW))
        return self._window[at - self._start : at - self._start + count]

    def find(self, pattern: re.Pattern[bytes], at: int) -> int:
        """Where ``pattern``, which is two bytes long, comes next. Raises UploadError where it does not."""
        while at < self.size - 1:
            if not self._start <= at < self._start + len(self._window) - 1:
                self._load(at, max(2, WINDOW))
            if found := pattern.search(self._window, at - self._start):
                return self._start + found.start()
            # The last byte may be the first one of two.
            at = self._start + len(self._window) - 1
        raise UploadError(CUT)

    def count_part(self) -> None:
        """Raises UploadError for a file of so many segments or chunks that it is no photo."""
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise UploadError(UNREADABLE)

    def _load(self, start: int, count: int) -> None:
        self._window = b""  # two windows are never in memory
        self._window, self._start = self._read(start, min(start + count, self.size)), start
        if len(self._window) < min(count, self.size - start):
            raise UploadError(CUT)
