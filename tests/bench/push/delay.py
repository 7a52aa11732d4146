"""A TCP proxy that adds a network's latency to a local server: `python -m tests.bench.push.delay PORT`.

Every byte takes half a round trip each way, and a new connection more, for the handshakes of TCP and TLS;
bandwidth and order are unchanged. It prints its own port, then reads one command a line: `reset` clears the count,
`deny TEXT` answers 403 to each PUT whose path has TEXT in it, `deny` alone ends that, `count` prints the number of
HTTP requests since the last reset.
"""

import asyncio
import sys
from collections import deque

ROUND_TRIP = 0.040  # seconds
CONNECT = 0.080  # seconds more for a new connection: a round trip each for TCP and TLS 1.3
METHODS = (b"PUT ", b"GET ", b"HEAD ", b"POST ", b"DELETE ")
DENIAL = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: 41\r\nConnection: close\r\n\r\n"
    b"<Error><Code>AccessDenied</Code></Error>\n"
)


class State:
    """The state that all connections share."""

    requests = 0
    deny = b""


class Delayed:
    """Calls ``deliver`` with each piece, in order, after a fixed time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, deliver) -> None:
        self.loop, self.deliver = loop, deliver
        self.pieces: deque[bytes] = deque()

    def put(self, piece: bytes, not_before: float = 0.0) -> None:
        self.pieces.append(piece)
        # Timers for the same time fire in any order; the queue keeps the pieces in order.
        self.loop.call_at(max(self.loop.time(), not_before) + ROUND_TRIP / 2, self._next)

    def _next(self) -> None:
        self.deliver(self.pieces.popleft())


class Server(asyncio.Protocol):
    """The connection to the real server."""

    def __init__(self, client: "Client") -> None:
        self.client = client

    def connection_made(self, transport) -> None:
        self.client.server_is_ready(transport)

    def data_received(self, data: bytes) -> None:
        self.client.idle = not data.startswith(b"HTTP/1.1 100")
        self.client.back.put(data)

    def connection_lost(self, error: Exception | None) -> None:
        self.client.back.put(b"")


class Client(asyncio.Protocol):
    """The delayed client's connection."""

    def __init__(self, state: State, port: int) -> None:
        self.state, self.port = state, port
        self.loop = asyncio.get_running_loop()
        self.forth = Delayed(self.loop, self._forth)
        self.back = Delayed(self.loop, self._back)
        self.idle = True
        self.denied = False
        self.early: list[bytes] = []
        self.server = None

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.opened = self.loop.time() + CONNECT
        self.connecting = self.loop.create_task(
            self.loop.create_connection(lambda: Server(self), "127.0.0.1", self.port)
        )

    def server_is_ready(self, transport) -> None:
        self.server = transport
        for piece in self.early:
            self._forth(piece)

    def data_received(self, data: bytes) -> None:
        if self.denied:
            return
        if self.idle and data.startswith(METHODS):
            self.idle = False
            self.state.requests += 1
            line = data.partition(b"\r\n")[0]
            if self.state.deny and line.startswith(b"PUT ") and self.state.deny in line:
                # The rest of this connection is the body: it is read and discarded.
                self.denied = True
                self.loop.call_at(max(self.loop.time(), self.opened) + ROUND_TRIP, self._deny)
                return
        self.forth.put(data, self.opened)

    def connection_lost(self, error: Exception | None) -> None:
        self.forth.put(b"", self.opened)

    def _deny(self) -> None:
        self._back(DENIAL)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _forth(self, piece: bytes) -> None:
        if self.server is None:
            self.early.append(piece)
        elif piece:
            self.server.write(piece)
        else:
            self.server.close()

    def _back(self, piece: bytes) -> None:
        if not piece:
            self.transport.close()
        elif not self.transport.is_closing():
            self.transport.write(piece)


async def _main(port: int) -> None:
    state = State()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(state, port), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    words = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(words), sys.stdin)
    while line := await words.readline():
        word, _, text = line.strip().partition(b" ")
        if word == b"deny":
            state.deny = text
        elif word == b"reset":
            state.requests = 0
        elif word == b"count":
            print(state.requests, flush=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
