"""Clients that read slowly, responses that take long, and everybody else meanwhile."""

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.integration.origin.conftest import BINARIES, read, release

MEGABYTES = 24  # more than the kernel and nginx keep in memory


def begin(stack, origin, count, path):
    """``count`` clients who have read the beginning of a response, and read no more; with what they read."""
    clients = [stack.enter_context(origin.connect(path, receive=1 << 16)) for _ in range(count)]
    return [(client, client.recv(1000)) for client in clients]


@pytest.mark.parametrize("origin", BINARIES[:1], indirect=True)
@pytest.mark.parametrize("kind", ["export", "file"])
def test_slow_downloads_leave_the_threads_to_others_and_arrive_whole(kind, origin, tmp_path):
    path = f"/export/?megabytes={MEGABYTES}"
    if kind == "file":
        (tmp_path / "file").write_bytes(b"x" * MEGABYTES * 1_000_000)
        path = f"/file/?name={tmp_path}/file"
    with ExitStack() as stack:
        # More than there are threads.
        slow = begin(stack, origin, 5, path)
        assert origin.ask("/")[0] == 200
        with ThreadPoolExecutor(len(slow)) as pool:
            whole = list(pool.map(lambda each: read(*each), slow))
    assert [(status, body.count(b"x")) for status, _, body in whole] == [(200, MEGABYTES * 1_000_000)] * 5


@pytest.mark.parametrize("origin", BINARIES[:1], indirect=True)
def test_events_arrive_as_they_are_sent_and_leave_a_thread_for_others(origin):
    with ExitStack() as stack:
        streams = [stack.enter_context(origin.connect("/events/")) for _ in range(3)]
        # The second event needs this process to answer another request.
        first = [_until(stream, b"data: first") for stream in streams]
        assert origin.ask("/open/")[0] == 200
        for stream, received in zip(streams, first, strict=True):
            assert read(stream, received)[2].endswith(b"data: last\n\n")


def test_a_worker_takes_no_request_before_it_has_a_thread_for_it(tmp_path):
    """Another worker may have one."""
    line = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "deploy/gunicorn.conf.py",
        "--print-config",
        "slow_site:application",
    ]
    env = os.environ | {"SLIPWAY_THREADS": "5"}
    said = subprocess.run(line, cwd=release(tmp_path), env=env, capture_output=True, text=True, check=True).stdout
    told = dict(re.findall(r"^(threads|worker_connections|keepalive) += (\d+)$", said, re.M))
    assert told == {"threads": "5", "worker_connections": "5", "keepalive": "0"}


@pytest.mark.parametrize(("threads", "heartbeat"), [("8", "30"), ("1", "90")])
def test_gunicorn_gives_a_request_the_seconds_of_site_yml(threads, heartbeat, tmp_path):
    """With several threads its own timeout is that of the heartbeat, which slipway.web.worker withholds."""
    env = os.environ | {"SLIPWAY_THREADS": threads, "SLIPWAY_TIMEOUT": "90"}
    line = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "deploy/gunicorn.conf.py",
        "--print-config",
        "slow_site:application",
    ]
    said = subprocess.run(line, cwd=release(tmp_path), env=env, capture_output=True, text=True, check=True).stdout
    told = dict(re.findall(r"^(timeout|graceful_timeout) += (\d+)$", said, re.M))
    assert told == {"timeout": heartbeat, "graceful_timeout": "90"}


def test_a_stream_is_not_cut_when_it_takes_longer_than_a_workers_timeout(serve):
    with serve("--timeout=1") as origin:
        _, _, body = origin.ask("/lines/?lines=6")
    assert body.split() == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_a_worker_that_is_due_for_renewal_waits_for_the_streams_of_its_threads(serve):
    with serve("--max-requests=5", "--max-requests-jitter=0", "--graceful-timeout=1") as origin, ExitStack() as stack:
        stream = stack.enter_context(origin.connect("/events/"))
        received = _until(stream, b"data: first")
        pids = {origin.ask("/")[2] for _ in range(8)}
        origin.ask("/open/")
        assert len(pids) == 1 and read(stream, received)[2].endswith(b"data: last\n\n")
        # Now nothing runs: the worker ends as soon as it has put the stream away.
        assert _another_worker(origin, pids)


def test_a_worker_whose_threads_all_hang_is_replaced(serve):
    with serve("--timeout=1", threads=2, SLIPWAY_TIMEOUT="1") as origin, ExitStack() as stack:
        before = origin.ask("/")[2]
        for _ in range(2):
            stack.enter_context(origin.connect("/hang/"))
        assert origin.ask("/")[2] != before


def test_a_worker_that_ends_runs_what_is_registered_and_does_not_clean_up(serve, tmp_path):
    """Cleaning up would write to each page that it shares with the others."""
    with serve("--max-requests=1", "--max-requests-jitter=0", EXIT_FOLDER=str(tmp_path)) as origin:
        assert _another_worker(origin, {origin.ask("/")[2]})
        assert (tmp_path / "atexit").exists() and not (tmp_path / "cleanup").exists()


def test_one_thread_is_a_worker_that_answers_one_request_at_a_time(serve):
    with serve("--timeout=1", threads=1) as origin:
        assert origin.ask("/")[0] == 200
        # As code that is not thread-safe needs it: the worker is killed, and so is its request.
        assert origin.ask("/hang/")[0] >= 500
        assert origin.ask("/")[0] == 200


def _another_worker(origin, pids):
    """Whether another worker than these answers within 10 s. One that is to end may take a last request."""
    given_up = time.monotonic() + 10
    while origin.ask("/")[2] in pids:
        if time.monotonic() > given_up:
            return False
    return True


def _until(connection, text):
    """What a connection has sent when ``text`` is in it."""
    received = b""
    while text not in received:
        part = connection.recv(4096)
        assert part, received
        received += part
    return received
