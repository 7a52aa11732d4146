"""Clients that are slow on purpose: nobody else may wait for them."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

from rehearsal.drills.drill import loaded
from rehearsal.load import Requests
from rehearsal.run import Run
from rehearsal.run_log import Phase

SECONDS = 20  # of the load beside them
FACTOR, FLOOR = 2, 0.3  # others' p95 may double; and 0.3 s is quick on any computer
BODY = 1_000_000


def slow_headers(run: Run, phase: Phase) -> None:
    _beside(run, "200 clients that send headers slowly", 200, _send_headers)


def slow_uploads(run: Run, phase: Phase) -> None:
    _beside(run, "50 uploads of 1 KB/s", 50, _send_body)


def slow_readers(run: Run, phase: Phase) -> None:
    _beside(run, "50 clients that read slowly", 50, _read)


def _beside(run: Run, what: str, count: int, act: Callable[[ssl.SSLSocket, str, threading.Event], None]) -> None:
    with loaded(run, f"the time before {what}") as before:
        time.sleep(SECONDS / 2)
    with _clients(run, count, act) as connected, loaded(run, what) as beside:
        time.sleep(SECONDS)
    quick, allowed = _p95(beside), max(FACTOR * _p95(before), FLOOR)
    run.log.check(
        f"Others do not wait for {what}",
        # nginx cuts off those that send nothing whole for 10 s.
        quick <= allowed and len(connected) > count // 2,
        f"p95 {quick:.2f} s, {_p95(before):.2f} s before; {len(connected)} of {count} connected",
    )


def _p95(requests: Requests) -> float:
    waits = sorted(wait for _, wait in requests.answered)
    return waits[int(len(waits) * 0.95)] if waits else float("inf")


@contextlib.contextmanager
def _clients(run: Run, count: int, act: Callable) -> Iterator[list[int]]:
    """Yields the list to which each adds its port when it is connected."""
    ended, connected = threading.Event(), []
    port, host = run.machine.ports[443], run.site.site.host
    context = ssl.create_default_context(cafile=str(run.site.trusted))

    def client() -> None:
        with (
            contextlib.suppress(OSError, ssl.SSLError),
            socket.create_connection(("127.0.0.1", port), timeout=30) as raw,
            context.wrap_socket(raw, server_hostname=host) as secure,
        ):
            connected.append(secure.getsockname()[1])
            act(secure, host, ended)

    threads = [threading.Thread(target=client, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield connected
    finally:
        ended.set()
        for thread in threads:
            thread.join(35)


def _send_headers(secure: ssl.SSLSocket, host: str, ended: threading.Event) -> None:
    secure.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n".encode())
    number = 0
    while not ended.wait(1):
        number += 1
        secure.sendall(f"X-Slow-{number}: 1\r\n".encode())


def _send_body(secure: ssl.SSLSocket, host: str, ended: threading.Event) -> None:
    head = f"POST /healthz HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\nContent-Length: {BODY}\r\n\r\n"
    secure.sendall(head.encode())
    while not ended.wait(1):
        secure.sendall(b"x" * 1024)


def _read(secure: ssl.SSLSocket, host: str, ended: threading.Event) -> None:
    secure.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    while not ended.wait(1):
        secure.recv(64)
