"""A new connection waits while PostgreSQL is away: 5 s, counted once for all threads of the process."""

import functools
import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from threading import Lock
from typing import Any, TypeVar

from django.db import connections

from slipway.web.database.away import is_away

PATIENCE = 5.0  # s
PAUSE = 0.1  # s, between two attempts
# What a request of a longer outage waits for another one's attempt, s: the server may be back.
GLANCE = 0.5

T = TypeVar("T")
log = logging.getLogger("slipway.database")


class Wait:
    """How long a request may still wait; ``until`` is set by the first connection that it waits for."""

    until: float | None = None


# Unset outside a request: a management command and the ready check get the error at once.
current: ContextVar[Wait | None] = ContextVar("slipway_database_wait", default=None)


class Outage:
    """One database's, since its first failed connection. Whoever comes later than PATIENCE gets the error at once."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        # Since when it is away, and since when requests have waited for it.
        self._first = 0.0
        self._since: float | None = None
        self._tried = 0.0
        self._error: Exception | None = None
        # One thread tries, the others wait for what it finds: a server that starts is not asked by each of them.
        self._turn = Lock()

    def connect(self, attempt: Callable[[float], T], wait: Wait) -> T:
        """``attempt`` takes the seconds that it may take. Raises its last error when the time is over."""
        began = self._clock()
        if self._since is None:
            try:
                return attempt(PATIENCE)
            except Exception as error:
                self._failed(error, began)
        elif began - self._tried > PATIENCE:
            # Nobody has asked since: it may be another restart.
            self._since = began
        wait.until = wait.until or began + PATIENCE
        while True:
            until = min(wait.until, (self._since or began) + PATIENCE)
            if not self._turn.acquire(timeout=max(GLANCE, until - self._clock())):
                # A new object: each thread adds its own traceback.
                raise type(self._error)(*self._error.args) if self._error else TimeoutError("no connection in time")
            try:
                tried = self._clock()
                connection = attempt(max(0.0, until - tried))
            except Exception as error:
                self._failed(error, tried)
                if self._clock() + PAUSE >= until:
                    raise
                self._sleep(PAUSE)
            else:
                self._over()
                return connection
            finally:
                self._turn.release()

    def _failed(self, error: Exception, began: float) -> None:
        if not is_away(error):
            raise error
        self._error, self._tried = error, self._clock()
        if self._since is None:
            self._first = self._since = began
            why = " ".join(str(error).split())
            log.warning("the database is away: requests wait up to %.0f s, then get a 503: %s", PATIENCE, why)

    def _over(self) -> None:
        since, self._since, self._error = self._since, None, None
        if since is not None:
            log.warning("the database is back after %.1f s", self._clock() - self._first)


_outages: dict[str, Outage] = defaultdict(Outage)


def install() -> bool:
    """Lets the requests of this process wait for a new connection to each PostgreSQL; False without one."""
    wrappers = {type(connections[alias]) for alias in connections if connections[alias].vendor == "postgresql"}
    for wrapper in wrappers:
        if not hasattr(wrapper.get_new_connection, "waits"):
            wrapper.get_new_connection = _waiting(wrapper.get_new_connection)
    return bool(wrappers)


def _waiting(connect: Callable[[Any, dict[str, Any]], T]) -> Callable[[Any, dict[str, Any]], T]:
    @functools.wraps(connect)
    def get_new_connection(self: Any, conn_params: dict[str, Any]) -> T:
        wait = current.get()
        if wait is None:
            return connect(self, conn_params)

        def attempt(seconds: float) -> T:
            # A server that answers nothing: libpq would wait for minutes. It knows no less than 2 s.
            return connect(self, {"connect_timeout": max(2, math.ceil(seconds)), **conn_params})

        return _outages[self.alias].connect(attempt, wait)

    get_new_connection.waits = True  # type: ignore[attr-defined]
    return get_new_connection
