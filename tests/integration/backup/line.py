"""The line to a local server, which a test can cut as a network does that drops packets: there is no error."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Line:
    """Its ``port`` is forwarded to ``server``, a port of this computer, until ``budget`` bytes have come back.

    From then on its connections, and those that are made later, stay open and silent.
    """

    def __init__(self, server: int) -> None:
        self.server, self.budget = server, float("inf")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                if self.budget > 0:
                    there = socket.create_connection(("127.0.0.1", self.server))
                    self._open.append(there)
                    for ends in ((client, there), (there, client)):
                        threading.Thread(target=self._pass_on, args=(*ends, ends[0] is there), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 14):
                if counted:
                    self.budget -= len(data)
                if self.budget > 0:
                    target.sendall(data)
            if self.budget > 0:
                target.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for each in (self._listener, *self._open):
            each.close()


@contextlib.contextmanager
def line(server: int) -> Iterator[Line]:
    opened = Line(server)
    thread = threading.Thread(target=opened.serve, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        opened.close()
        thread.join()
