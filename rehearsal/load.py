"""HTTP load in the background: so many requests a second, each one counted."""

import asyncio
import ssl
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from slipway.web.errors import SlipwayError

TIMEOUT = 60  # s; a longer wait is a failure
# nginx allows one address 256 at once, and all of these come from one; further ones wait, and the wait counts.
MAX_CONNECTIONS = 250
AGENT = "slipway-rehearsal"


@dataclass(slots=True)
class Requests:
    """Their results, by the second at which each was sent: seconds until the last byte, or why it failed."""

    rate: float
    answered: list[tuple[float, float]] = field(default_factory=list)
    failed: list[tuple[float, str]] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return len(self.answered) + len(self.failed)

    @property
    def median(self) -> float:
        return statistics.median(wait for _, wait in self.answered) if self.answered else 0.0

    @property
    def worst(self) -> float:
        return max((wait for _, wait in self.answered), default=0.0)

    def __str__(self) -> str:
        waits = f"{self.rate:.1f} a second, waits: median {self.median:.2f} s, worst {self.worst:.1f} s"
        first = f"; the first at {self.failed[0][0]:.1f} s: {self.failed[0][1]}" if self.failed else ""
        return f"{len(self.failed)} of {self.sent} failed ({waits}){first}"


def seconds_each(urls: Sequence[str], port: int, ca: Path, count: int = 20) -> float:
    """Seconds that a request takes without load: the mean of ``count``, to ``urls`` in turn.

    Raises SlipwayError when one is not answered.
    """

    async def ask() -> float:
        async with _session(port, ca) as session:
            began = time.monotonic()
            for number in range(count):
                async with session.get(urls[number % len(urls)], allow_redirects=False) as answer:
                    await answer.read()
            return (time.monotonic() - began) / count

    try:
        return asyncio.run(ask())
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise SlipwayError(f"the site does not answer before the load: {error or type(error).__name__}") from None


class Load:
    """``with Load(…) as requests``: ``rate`` requests a second to ``urls`` in turn, whether or not earlier ones have
    been answered.

    Connections are TLS, verified against ``ca``, kept open and sent to ``port`` of the loopback. Leaving the block
    stops sending, and waits for the responses.
    """

    def __init__(self, urls: Sequence[str], port: int, ca: Path, rate: float = 10) -> None:
        self.urls = urls
        self.port = port
        self.ca = ca
        self.requests = Requests(rate)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._send()), name="load")

    def __enter__(self) -> Requests:
        self._thread.start()
        return self.requests

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    async def _send(self) -> None:
        async with _session(self.port, self.ca) as session:
            start, number, tasks = time.monotonic(), 0, set()
            while not self._stop.is_set():
                task = asyncio.create_task(self._request(session, self.urls[number % len(self.urls)], start))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                number += 1
                await asyncio.sleep(max(0, start + number / self.requests.rate - time.monotonic()))
            await asyncio.gather(*tasks)

    async def _request(self, session: aiohttp.ClientSession, url: str, start: float) -> None:
        sent = time.monotonic()
        try:
            async with session.get(url, allow_redirects=False) as answer:
                await answer.read()
            why = "" if answer.status == 200 else f"status {answer.status}"
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            why = str(error) or type(error).__name__
        if why:
            self.requests.failed.append((sent - start, f"{urlsplit(url).path}: {why}"))
        else:
            self.requests.answered.append((sent - start, time.monotonic() - sent))


def _session(port: int, ca: Path) -> aiohttp.ClientSession:
    context = ssl.create_default_context(cafile=ca)
    connector = aiohttp.TCPConnector(resolver=_LoopbackResolver(port), ssl=context, limit=MAX_CONNECTIONS)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    session = aiohttp.ClientSession(connector=connector, timeout=timeout, headers={"User-Agent": AGENT})
    # aiohttp would silently retry when a connection breaks; its own test client turns that off in the same way.
    session._retry_connection = False
    return session


class _LoopbackResolver(AbstractResolver):
    """Every name resolves to one port of the loopback."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=2, proto=0, flags=0)]

    async def close(self) -> None:
        pass
