"""The pace follows a line and a bucket, in simulated time."""

import heapq
import itertools

import pytest

from slipway.tool.push import pace
from slipway.tool.push.pace import FIRST, MOST, Pace
from slipway.tool.push.upload import ATTEMPTS

MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """As they are: the other tests of this folder take them away."""
    monkeypatch.setattr(pace, "PAUSE", 0.3)


class World:
    """Sends bodies of ``sizes`` at the pace. ``answer(now, size)`` gives when each is answered, and whether well."""

    def __init__(self, sizes, answer):
        self.now = 0.0
        self.pace = Pace(clock=lambda: self.now)
        self.answer = answer
        self.waiting = [(size, 0) for size in sizes]
        self.under_way = []
        self.most_at_once = self.attempts = self.rejected = 0
        self.numbers = itertools.count()

    def run(self):
        """The seconds until all were answered."""
        while self.waiting or self.under_way:
            while self.waiting and self.pace.admits(self.waiting[0][0]):
                size, tries = self.waiting.pop(0)
                era = self.pace.started(size)
                at, well = self.answer(self.now, size)
                heapq.heappush(self.under_way, (at, next(self.numbers), size, era, well, tries + 1))
            self.most_at_once = max(self.most_at_once, self.pace.active)
            if not self.under_way:
                self.now = self.pace.resumes
                continue
            if self.waiting and self.now < self.pace.resumes < self.under_way[0][0]:
                self.now = self.pace.resumes
                continue
            self.now, _, size, era, well, tries = heapq.heappop(self.under_way)
            self.attempts = max(self.attempts, tries)
            if well:
                self.pace.succeeded(size)
            else:
                self.rejected += 1
                self.pace.failed(size, era)
                self.waiting.insert(0, (size, tries))
        return self.now


def line(rate, way=0.04):
    """One queue for all, ``way`` seconds long."""
    free = 0.0

    def answer(now, size):
        nonlocal free
        free = max(free, now) + size / rate
        return free + way, True

    return answer


def test_a_long_way_gets_many_small_objects_at_once_soon():
    world = World([20_000] * 2400, line(rate=50 * MEGABYTE))
    seconds = world.run()
    assert world.most_at_once == MOST
    # With all of them from the start it were 25 round trips.
    assert seconds < 2400 / MOST * 0.04 + 0.5


def test_the_number_begins_moderate():
    assert Pace().limit == FIRST < MOST


@pytest.mark.parametrize(
    ("size", "rate", "most"), [(400_000, 250_000, 3), (8 * MEGABYTE, MEGABYTE, 1), (30_000, 60_000, 33)]
)
def test_a_slow_line_gets_few_large_bodies_at_once_and_is_never_idle(size, rate, most):
    world = World([size] * 40, line(rate))
    seconds = world.run()
    assert world.most_at_once <= most
    # All of the line's time, and a way there for each that was alone.
    assert seconds <= 40 * size / rate + 40 * 0.04 + 0.1


def test_a_bucket_that_takes_a_hundred_a_second_gets_everything():
    taken = {}

    def answer(now, size):
        taken[int(now)] = taken.get(int(now), 0) + 1
        return now + 0.04, taken[int(now)] <= 100

    world = World([20_000] * 1000, answer)
    seconds = world.run()
    assert seconds < 40
    assert world.rejected < 500
    assert world.attempts < ATTEMPTS


def test_failures_of_one_moment_halve_once_and_one_pause_is_for_all():
    now = 0.0
    one = Pace(clock=lambda: now)
    eras = [one.started(10) for _ in range(FIRST)]
    for era in eras:
        one.failed(10, era)
    assert one.limit == FIRST / 2
    assert 0.15 <= one.resumes <= 0.3
    assert not one.admits(10)
    now = one.resumes
    assert one.admits(10)


def test_pauses_grow_until_something_succeeds_and_are_bounded():
    now = 0.0
    one = Pace(clock=lambda: now)
    pauses = []
    for _ in range(12):
        one.failed(10, one.started(10))
        pauses.append(one.resumes - now)
        now = one.resumes
    assert 30 < sum(pauses[:9]) < 100
    assert max(pauses) <= pace.LONGEST_PAUSE
    one.started(10)
    one.succeeded(10)
    one.failed(10, one.started(10))
    assert one.resumes - now <= 0.3


def test_a_body_larger_than_the_line_takes_in_a_while_goes_alone():
    one = Pace(clock=lambda: 0.0)
    assert one.admits(300 * MEGABYTE)
    one.started(300 * MEGABYTE)
    assert not one.admits(1)
