"""Gunicorn's threaded worker, for responses that take minutes: none is cut, and a worker that hangs is replaced."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from threading import get_ident
from typing import Any

from gunicorn.workers import gthread

# nginx has given up by then (proxy_read_timeout in nginx.conf): nobody waits for what a thread still computes.
GIVEN_UP = float(os.environ.get("SLIPWAY_TIMEOUT", "60"))  # s


class ThreadWorker(gthread.ThreadWorker):
    """A worker of ``threads`` threads that takes no more requests than it has threads: others do not queue behind
    downloads here, but wait for the next free thread of any worker."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Gunicorn would end the worker at this request, and what still runs after graceful_timeout.
        self._renewed_after, self.max_requests = self.max_requests, sys.maxsize
        # By thread: since when it has computed without a byte for nginx; infinite while it writes.
        self._computing: dict[int, float] = {}

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi = self._watched(self.wsgi)

    def handle_request(self, req: Any, conn: Any) -> bool:
        self._computing[get_ident()] = time.monotonic()
        try:
            return super().handle_request(req, conn)
        finally:
            del self._computing[get_ident()]

    def finish_request(self, conn: Any, fs: Any) -> None:
        super().finish_request(conn, fs)
        if self.nr >= self._renewed_after and not self.nr_conns and self.alive:
            self.log.info("Restarting worker after %s requests.", self.nr)
            self.alive = False

    def notify(self) -> None:
        """Tells the master process that this worker is well. A thread cannot be ended: when all hang, the worker is."""
        if not self._hangs():
            super().notify()

    def _hangs(self) -> bool:
        since = tuple(self._computing.values())
        return len(since) >= self.cfg.threads and time.monotonic() - max(since) > GIVEN_UP

    def _watched(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            response = application(environ, start_response)
            # Gunicorn sends a file by sendfile(2), which it does for this class alone.
            if isinstance(response, environ["wsgi.file_wrapper"]):
                self._computing[get_ident()] = float("inf")
                return response
            return _Watched(response, self._computing)

        return watched


class _Watched:
    """A response that notes when it begins to compute a chunk, and when the chunk is there."""

    def __init__(self, response: Iterable[bytes], computing: dict[int, float]) -> None:
        self._response = response
        self._chunks: Iterator[bytes] = iter(response)
        self._computing = computing

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        self._computing[get_ident()] = time.monotonic()
        chunk = next(self._chunks)
        self._computing[get_ident()] = float("inf")
        return chunk

    def close(self) -> None:
        getattr(self._response, "close", lambda: None)()
