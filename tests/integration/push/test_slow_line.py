"""A push over a line as lines are: slow, breaking, standing still. Sizes and times are a fiftieth of the real ones."""

import threading
import time
from urllib.parse import urlsplit

import pytest

from slipway.tool.push import connection, pace, push
from slipway.web.static_objects import StaticObject
from tests.bench.push.line import line as shaped
from tests.integration.push.conftest import as_held
from tests.unit.push.wire import Answered

SCALE = 50


@pytest.fixture(autouse=True)
def scaled(monkeypatch):
    """The times and the first bytes of a fiftieth; the kernel keeps next to nothing."""
    for module, names in ((connection, ("STALL", "UNSENT")), (pace, ("PAUSE", "LONGEST_PAUSE", "AHEAD", "SPAN"))):
        for name in names:
            monkeypatch.setattr(module, name, type(getattr(module, name))(getattr(module, name) / SCALE))
    monkeypatch.setattr(pace, "FIRST_BYTES", pace.FIRST_BYTES // SCALE)


@pytest.fixture
def over(aws, bucket, monkeypatch):
    """Makes the bucket's address that of a line; opened lines end with the test."""
    opened = []

    def over(rate, breaks=0.0):
        url = urlsplit(aws.s3_url)
        made = shaped(url.hostname, url.port, rate, breaks)
        opened.append(made)
        way = made.__enter__()
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{way.local}")
        return way

    yield over
    for made in opened:
        made.__exit__(None, None, None)


def pictures(count, size):
    return [StaticObject.hashed(f"{n}.{n:012x}.jpg", bytes([n]) * size) for n in range(count)]


def test_pictures_over_a_slow_line_arrive(bucket, held, over):
    over(rate=250_000)
    seen = []
    objects = pictures(40, 8_000)
    assert push(objects, bucket, progress=seen.append).sent == 40
    assert held() == as_held(objects)
    assert seen[-1].sent == seen[-1].bytes == 320_000


def test_a_film_takes_as_long_as_it_takes(bucket, held, over):
    over(rate=1_000_000)
    film = StaticObject.hashed("film.0123456789ab.mp4", bytes(range(256)) * 8_000)
    began = time.monotonic()
    assert push([film], bucket).sent == 1
    # It took longer than the wait for a connection that stands still: that is not what it was.
    assert time.monotonic() - began > 2 * connection.STALL
    assert held() == as_held([film])


def test_a_line_that_breaks_again_and_again_costs_what_was_on_its_way(bucket, held, over):
    way = over(rate=250_000, breaks=0.5)
    objects = pictures(40, 8_000)
    report = push(objects, bucket)
    assert way.broken
    # One whose answer alone was lost is there already when it is sent again.
    assert report.sent + report.skipped == 40
    assert held() == as_held(objects)


def test_a_connection_that_stands_still_is_given_up_and_its_object_sent_again(bucket, held, over):
    way = over(rate=10_000_000)
    listed = threading.Event()

    def progress(_):
        if not listed.is_set():
            # The listing's own connection is open; the two next ones stand still.
            listed.set()
            way.stall_next(2)

    objects = pictures(12, 5_000)
    report = push(objects, bucket, progress=progress)
    assert report.sent == 12
    assert report.requests > 13
    assert held() == as_held(objects)


def test_a_laptop_that_has_slept_goes_on(bucket, held, over):
    way = over(rate=1_000_000)
    slept = threading.Event()

    def progress(at):
        if at.done == 5 and not slept.is_set():
            slept.set()
            way.fall_asleep()

    objects = pictures(20, 60_000)
    report = push(objects, bucket, progress=progress)
    assert slept.is_set()
    assert report.sent == 20
    assert report.requests > 21
    assert held() == as_held(objects)


def test_a_bucket_that_takes_a_hundred_a_second_gets_everything(bucket, held, line):
    # A tenth of a second stands for a second: 10 of them are taken in it.
    taken = {}

    def fault(asked):
        if asked.method != "PUT":
            return None
        window = int(time.monotonic() * 10)
        taken[window] = taken.get(window, 0) + 1
        return Answered(503, b"<Error><Code>SlowDown</Code></Error>") if taken[window] > 10 else None

    line.fault = fault
    objects = pictures(62, 100)
    report = push(objects, bucket)
    assert report.sent == 62
    assert report.requests > 63
    assert held() == as_held(objects)
