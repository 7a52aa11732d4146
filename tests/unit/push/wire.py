"""A local server whose every response a test decides."""

import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Asked:
    """A request as it came; ``number`` counts those of its method from 1."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    number: int


@dataclass
class Answered:
    """What goes back. With ``promised`` the length header says more than is sent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    promised: int = 0


# None breaks the connection without an answer.
Answering = Callable[[Asked], Answered | None]


@dataclass
class Wire:
    url: str
    answering: Answering
    asked: list[Asked] = field(default_factory=list)

    def of(self, method: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == method]


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True

    def handle_error(self, *where: object) -> None:
        """A client that has gone away is no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(*where)


@contextmanager
def wire(answering: Answering, tls: ssl.SSLContext | None = None) -> Iterator[Wire]:
    """Serves until the block ends; ``answering`` may be replaced meanwhile."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two writes; without this the second waits for an acknowledgement.
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with lock:
                number = len(served.of(self.command)) + 1
                asked = Asked(self.command, self.path, dict(self.headers.items()), body, number)
                served.asked.append(asked)
            answered = served.answering(asked)
            if answered is None:
                self.close_connection = True
                return
            self.send_response_only(answered.status)
            length = answered.promised or len(answered.body)
            for name, value in {"Content-Length": str(length), **answered.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answered.body)
            self.close_connection = bool(answered.promised)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = answer

    server = _Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    served = Wire(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", answering)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
