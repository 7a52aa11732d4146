"""A line with a rate, in front of a local server, that may break or stall: for tests, and for `tests.bench.push.slow`.

All connections share the rate of the way up; the way down is free. Its buffers are small: what they hold has not left
this machine, and looks as if it had.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BUFFER = 16 * 1024
BURST = 0.1  # seconds


class Line:
    """Runs in a thread of its own. ``rate`` is in bytes per second, ``breaks`` in seconds between two breaks."""

    def __init__(self, host: str, port: int, rate: float, breaks: float = 0.0) -> None:
        self.host, self.port, self.rate, self.breaks = host, port, rate, breaks
        self.broken = 0
        self._free = 0.0
        self._open: set[asyncio.Transport] = set()
        self._stalled: set[asyncio.Transport] = set()
        self._stall_next = 0
        self._ready = threading.Event()
        self._ended: asyncio.Event | None = None

    def stall_next(self, connections: int = 1) -> None:
        """Takes no byte more from the next ``connections``."""
        self._stall_next = connections

    def fall_asleep(self) -> None:
        """Takes no byte more from those that are open, and does not say so: a laptop's lid was closed."""
        self._loop.call_soon_threadsafe(lambda: self._stalled.update(self._open))

    def run(self) -> None:
        asyncio.run(self._serve())

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        # Accepted connections have the listener's buffer.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        self.local = listener.getsockname()[1]
        server = await asyncio.start_server(self._connected, sock=listener, limit=BUFFER)
        breaking = self._loop.create_task(self._break())
        self._ready.set()
        await self._ended.wait()
        breaking.cancel()
        self._abort()
        server.close()

    async def _break(self) -> None:
        while self.breaks:
            await asyncio.sleep(self.breaks)
            self.broken += bool(self._open)
            self._abort()

    def _abort(self) -> None:
        for transport in list(self._open):
            transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, down = writer.transport, None
        self._open.add(up)
        if self._stall_next:
            self._stall_next -= 1
            self._stalled.add(up)
        with suppress(OSError, asyncio.CancelledError):
            back, forth = await asyncio.open_connection(self.host, self.port)
            down = self._loop.create_task(self._down(back, writer))
            while piece := await reader.read(BUFFER):
                # One queue for all: each waits for its turn on the line, which is not idle while this process wakes up.
                self._free = max(self._free, self._loop.time() - BURST) + len(piece) / self.rate
                await asyncio.sleep(self._free - self._loop.time())
                while up in self._stalled and not up.is_closing():
                    await asyncio.sleep(0.02)
                forth.write(piece)
                await forth.drain()
            forth.close()
        self._open.discard(up)
        if down:
            down.cancel()
        up.abort()

    async def _down(self, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await back.read(65536):
                writer.write(piece)
                await writer.drain()
            writer.close()


@contextmanager
def line(host: str, port: int, rate: float, breaks: float = 0.0) -> Iterator[Line]:
    """A line to ``host``:``port``; ``local`` is its port here."""
    made = Line(host, port, rate, breaks)
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    made._ready.wait(10)
    try:
        yield made
    finally:
        made.end()
        thread.join(5)
