"""The edge's cache: what was fetched, until when it is fresh, and what an invalidation removes."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from multidict import CIMultiDict

from rehearsal.cdn.configuration import Invalidation
from rehearsal.cdn.request import CacheKey


@dataclass
class Entry:
    """An answer as it will be delivered, compressed or not.

    ``fetched`` and ``expires`` are readings of the cache's clock, in seconds. ``validators`` are
    the origin's own ETag and Last-Modified, for asking it again.
    """

    status: int
    headers: CIMultiDict
    body: bytes
    fetched: float = 0.0
    expires: float = 0.0
    validators: dict[str, str] = field(default_factory=dict)


class Cache:
    """Entries by key. ``clock`` is monotonic and in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._entries: dict[CacheKey, Entry] = {}
        self._locks: WeakValueDictionary[CacheKey, asyncio.Lock] = WeakValueDictionary()
        self._invalidations: dict[str, Invalidation] = {}

    def lookup(self, key: CacheKey) -> Entry | None:
        """The entry under ``key``, fresh or not."""
        return self._entries.get(key)

    def is_fresh(self, entry: Entry) -> bool:
        return self.clock() < entry.expires

    def age(self, entry: Entry) -> int:
        return int(self.clock() - entry.fetched)

    def fetching(self, key: CacheKey) -> asyncio.Lock:
        """Held while the origin is asked for ``key``, so that simultaneous misses wait for one."""
        return self._locks.setdefault(key, asyncio.Lock())

    def mark(self) -> int:
        """A point in time for ``store``: the number of invalidations so far."""
        return len(self._invalidations)

    def store(self, key: CacheKey, entry: Entry, lifetime: float | None, since: int) -> None:
        """Keep ``entry`` for ``lifetime`` seconds; forget the key if it must not be stored.

        ``since`` is the mark from before the fetch: what was invalidated during the fetch is not stored.
        """
        newer = list(self._invalidations.values())[since:]
        if lifetime is None or any(_removes(each, key) for each in newer):
            self._entries.pop(key, None)
            return
        entry.fetched = self.clock()
        entry.expires = entry.fetched + lifetime
        self._entries[key] = entry

    def extend(self, entry: Entry, lifetime: float, revalidated: bool = True) -> None:
        """Extend an expired entry; its age starts anew only if the origin confirmed it."""
        now = self.clock()
        if revalidated:
            entry.fetched = now
        entry.expires = now + lifetime

    def apply(self, invalidations: tuple[Invalidation, ...]) -> list[Invalidation]:
        """Remove what the invalidations name; each takes effect once, when first seen. Those that did, are returned."""
        new = [each for each in invalidations if each.id not in self._invalidations]
        for invalidation in new:
            self._invalidations[invalidation.id] = invalidation
            for key in [key for key in self._entries if _removes(invalidation, key)]:
                del self._entries[key]
        return new


def _removes(invalidation: Invalidation, key: CacheKey) -> bool:
    if key.distribution_id != invalidation.distribution_id:
        return False
    return any(key.uri.startswith(path[:-1]) if path.endswith("*") else key.uri == path for path in invalidation.paths)
