"""The deadline of a run and its parts, functions that are given up, and the watchdog."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from static_smoke.deadline import ENDS, GRACE, MOST, Deadline, in_thread
from static_smoke.http.client import TOO_LATE, Client
from static_smoke.options import Options
from static_smoke.parse.page import parse
from static_smoke.watchdog import LAST, descendants

# Far above what anything here takes, on any machine.
OUTER = 30.0


def test_what_a_part_leaves_over_the_next_ones_get():
    now = 100.0
    bound = Deadline(10, now=lambda: now)
    assert bound.left("crawl") == pytest.approx(600 * ENDS["crawl"])
    now = 150.0
    assert bound.left("log") == pytest.approx(600 * ENDS["log"] - 50) and bound.passed == 50
    now = 1000.0
    assert bound.left("log") == 0


def test_the_parts_end_one_after_the_other_and_the_last_with_the_minutes():
    assert list(ENDS.values()) == sorted(ENDS.values()) and max(ENDS.values()) <= 1
    assert GRACE * 4 + LAST < MOST


def test_a_function_in_a_thread_gives_its_result_and_its_error():
    assert asyncio.run(in_thread(time.monotonic() + OUTER, sum, [1, 2])) == 3
    with pytest.raises(ValueError, match="invalid literal"):
        asyncio.run(in_thread(time.monotonic() + OUTER, int, "x"))


def test_a_page_that_takes_the_parser_hours_is_given_up_and_the_loop_goes_on():
    page = "<div>" * 50_000
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    async def play():
        ticking = asyncio.ensure_future(tick())
        with pytest.raises(TimeoutError):
            await in_thread(time.monotonic() + 0.5, parse, "https://www.example.com/", page + "<p>" * 50_000)
        ticking.cancel()

    before = threading.active_count()
    asyncio.run(play())
    assert ticks
    end = time.monotonic() + OUTER
    while threading.active_count() > before:
        assert time.monotonic() < end, "the thread goes on"
        time.sleep(0.01)


def test_no_request_is_sent_once_the_time_is_over(monkeypatch):
    def sent(*_, **__):
        raise AssertionError("it was sent")

    async def play():
        async with Client(Options("http://127.0.0.1:9/"), "run", until=time.monotonic()) as client:
            monkeypatch.setattr(client.session, "request", sent)
            return await client.request("http://127.0.0.1:9/")

    answer = asyncio.run(play())
    assert (answer.status, answer.error, answer.late, answer.unavailable) == (0, TOO_LATE, True, True)


HANGS = """
import re, subprocess, sys, time
from static_smoke import watchdog
watchdog.LAST = {last}
child = {child}
dog = watchdog.Watchdog(0.1, lambda: print("written", flush=True))
dog.status = {status}
{hangs}
"""


def hang(hangs, status=1, child="None", last=OUTER):
    program = HANGS.format(hangs=hangs, status=status, child=child, last=last)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=OUTER)


@pytest.mark.parametrize(("hangs", "status"), [("time.sleep(600)", 0), ("while True: pass", 1)])
def test_the_watchdog_writes_what_is_known_and_ends_everything(hangs, status):
    # The output would end with the child only.
    done = hang(hangs, status, 'subprocess.Popen(["sleep", "600"])')
    assert (done.returncode, done.stdout) == (status, "written\n")


def test_code_that_lets_no_other_thread_run_is_ended_too():
    done = hang(r're.match(r"(a+)+$", "a" * 60 + "b")', last=0.5)
    assert (done.returncode, done.stdout) == (1, "")


def test_descendants_are_those_of_the_children_too():
    shell = subprocess.Popen(["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE, text=True)
    try:
        sleeping = int(shell.stdout.readline())
        assert sleeping in descendants(shell.pid)
    finally:
        for process in descendants(shell.pid):
            subprocess.run(["kill", str(process)])
        shell.kill()
        shell.wait()
