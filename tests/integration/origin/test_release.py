"""Two generations of processes on one socket, as systemd gives it to them: requests while one of them is ended."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.integration.origin.conftest import read, release

# What systemd does for a service with Sockets=.
INHERIT = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture
def generations(tmp_path):
    """``start`` starts a generation on the socket, ``ask`` sends it the beginning of a request."""
    directory, path = release(tmp_path), str(tmp_path / "socket")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        gunicorn = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "slow_site:application"]

        @contextmanager
        def start(*arguments):
            line = [sys.executable, "-c", INHERIT, str(listening.fileno()), *gunicorn, *arguments]
            env = os.environ | {"WEB_CONCURRENCY": "2", "SLIPWAY_THREADS": "4"}
            with subprocess.Popen(line, cwd=directory, env=env, pass_fds=[listening.fileno()]) as process:
                try:
                    yield process
                finally:
                    process.kill()

        def ask(text):
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(30)
            connection.connect(path)
            connection.sendall(text.encode())
            return connection

        yield start, ask


PAGE = "GET / HTTP/1.0\r\nHost: x\r\n"


def test_others_are_answered_by_the_next_generation_while_the_last_one_finishes_a_request(generations):
    start, ask = generations
    with start() as before, ask(PAGE) as held:
        with ask(PAGE + "\r\n") as other:
            assert read(other)[0] == 200
        with start("--workers", "1") as overlap:
            before.send_signal(signal.SIGTERM)
            for _ in range(10):
                with ask(PAGE + "\r\n") as other:
                    assert read(other)[0] == 200
            assert before.poll() is None
            held.sendall(b"\r\n")
            assert read(held)[0] == 200 and before.wait(30) == 0
            # And the other way round, when the site's own processes are back.
            with start() as after, ask(PAGE + "\r\n") as other:
                assert read(other)[0] == 200
                overlap.send_signal(signal.SIGTERM)
                assert overlap.wait(30) == 0 and after.poll() is None
                with ask(PAGE + "\r\n") as last:
                    assert read(last)[0] == 200


def test_a_request_that_outlasts_its_release_is_ended_at_the_limit(generations):
    start, ask = generations
    with start("--graceful-timeout", "1") as before, ask(PAGE) as held, ask(PAGE + "\r\n") as other:
        assert read(other)[0] == 200
        before.send_signal(signal.SIGTERM)
        assert before.wait(30) == 0
        assert held.recv(100) == b""
