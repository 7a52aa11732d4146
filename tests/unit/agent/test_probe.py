"""Root's requests to a release that misbehaves."""

import socket
import threading
import time

import pytest

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"


@pytest.fixture
def site(tmp_path):
    """``site(first, again)``: the socket of a process that says ``first``, then ``again`` every 20 ms for 3 s."""
    over = threading.Event()
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "sock"))
    listening.listen()

    def drip(first, again):
        connection, _ = listening.accept()
        end = time.monotonic() + 3
        with connection:
            connection.sendall(first)
            while time.monotonic() < end and not over.wait(0.02):
                try:
                    connection.sendall(again)
                except OSError:
                    return

    def start(first, again):
        threads.append(threading.Thread(target=drip, args=(first, again)))
        threads[-1].start()
        return tmp_path / "sock"

    threads = []
    yield start
    over.set()
    for thread in threads:
        thread.join()
    listening.close()


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 ", b"2"),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (HEAD, b"x"),
    ],
)
def test_an_answer_that_does_not_end_is_a_timeout(first, again, host, site, monkeypatch):
    monkeypatch.setattr(host.probe, "SECONDS", 0.3)
    with pytest.raises(TimeoutError):
        host.probe.gunicorn(site(first, again), "/")


def test_one_that_ends_is_read_and_nothing_ticks_on(host, site, monkeypatch):
    monkeypatch.setattr(host.probe, "SECONDS", 0.3)
    assert host.probe.gunicorn(site(HEAD, b"x" * 400), "/") == (200, "x" * 400)
    assert host.probe.signal.getitimer(host.probe.signal.ITIMER_REAL) == (0, 0)
