"""A push over a failing connection never succeeds with an object missing."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from slipway.tool.push import push
from slipway.web.errors import SlipwayError
from tests.integration.interrupt import hears_ctrl_c
from tests.integration.push.conftest import as_held
from tests.unit.push.wire import Answered

ROOT = Path(__file__).parents[3]
REJECTED = Answered(403, b"<Error><Code>AccessDenied</Code></Error>")


def puts_from(number, fault):
    return lambda asked: fault if asked.method == "PUT" and asked.number >= number else None


@pytest.mark.parametrize("number", [1, 2, 31, 60, 61, 62])
def test_one_rejected_put_fails_the_push_and_a_rerun_sends_the_rest(bucket, held, release, line, number):
    line.fault = lambda asked: REJECTED if asked.method == "PUT" and asked.number == number else None
    with pytest.raises(SlipwayError) as caught:
        push(release, bucket)
    landed = held()
    missing = [obj.key for obj in release if obj.key not in landed]
    assert missing
    assert any(f"s3://{bucket.name}/{key}: 403 AccessDenied" in str(caught.value) for key in missing)
    line.fault = lambda asked: None
    assert push(release, bucket).sent == len(missing)
    assert held() == as_held(release)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (REJECTED, "403 AccessDenied: allow s3:PutObject"),
        (Answered(500), r"\(10 attempts\): 500: the server itself failed"),
        (Answered(503, b"<Error><Code>SlowDown</Code></Error>"), r"\(10 attempts\): 503 SlowDown"),
        (False, r"\(10 attempts\): the connection broke: http:\S+ ended it"),
    ],
    ids=["403", "500", "503", "connection dropped"],
)
def test_a_fault_that_stays_fails_the_push_and_a_rerun_sends_the_rest(bucket, held, release, line, fault, expected):
    line.fault = puts_from(20, fault)
    with pytest.raises(SlipwayError, match=rf"s3://{bucket.name}/static/.*{expected}"):
        push(release, bucket)
    missing = len(release) - len(held())
    assert missing >= len(release) - 19
    line.fault = lambda asked: None
    assert push(release, bucket).sent == missing
    assert held() == as_held(release)


@pytest.mark.parametrize("fault", [Answered(503), False], ids=["503", "connection dropped"])
def test_a_passing_fault_is_overcome_and_counted(bucket, held, release, line, fault):
    line.fault = lambda asked: fault if asked.method == "PUT" and asked.number % 7 == 0 else None
    report = push(release, bucket)
    assert report.sent == 62
    assert report.requests == len(line.asked) > 63
    assert held() == as_held(release)


def test_a_put_that_landed_though_its_answer_was_lost_is_no_conflict(bucket, held, admin, release, line):
    obj = release[7]

    def lose_the_answer(asked):
        if asked.method != "PUT" or asked.number > 1:
            return None
        admin.put_object(Bucket=bucket.name, Key=obj.key, Body=asked.body)
        return False

    line.fault = lose_the_answer
    report = push([obj], bucket)
    assert (report.sent, report.skipped) == (0, 1)
    assert held() == as_held([obj])


@pytest.mark.parametrize("fault", [REJECTED, Answered(500), False], ids=["403", "500", "connection dropped"])
def test_a_listing_that_fails_sends_nothing(bucket, release, line, fault):
    line.fault = lambda asked: fault if asked.method == "GET" else None
    with pytest.raises(SlipwayError, match=f"cannot list s3://{bucket.name}/"):
        push(release, bucket)
    assert line.of("PUT") == []


def test_ctrl_c_ends_a_push_that_hangs(bucket, line):
    hanging, release_them = threading.Event(), threading.Event()

    def hang(asked):
        if asked.method != "PUT":
            return None
        hanging.set()
        release_them.wait(60)
        return False

    line.fault = hang
    script = (
        "from slipway.web.static_objects import StaticObject; from slipway.tool.push import *\n"
        f"push([StaticObject.hashed('a.0123456789ab.js', b'a')], Bucket({bucket.name!r}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=dict(os.environ),
        stderr=subprocess.DEVNULL,
        preexec_fn=hears_ctrl_c,
    )
    try:
        assert hanging.wait(30)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) != 0
    finally:
        release_them.set()
        process.kill()
        process.wait()
