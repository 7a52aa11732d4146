import pytest

from slipway.tool.push.progress import EVERY, Rate, described, lines
from slipway.tool.push.upload import Progress


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_rate_is_that_of_the_last_seconds_and_not_of_the_whole_push():
    clock = Clock()
    rate = Rate(clock)
    assert rate.of(0) == 0.0
    for second in range(1, 61):
        clock.now = second
        seen = rate.of(1_000_000 * second)
    assert seen == 1_000_000
    for second in range(61, 121):
        clock.now = second
        seen = rate.of(60_000_000 + 250_000 * (second - 60))
    assert seen == 250_000


def test_a_body_that_is_sent_again_is_no_negative_rate():
    clock = Clock()
    rate = Rate(clock)
    rate.of(5_000_000)
    clock.now = 5
    assert rate.of(1_000_000) == 0.0


@pytest.mark.parametrize(
    ("progress", "rate", "expected"),
    [
        (Progress(0, 40, 0, 16_000_000), 0.0, "0/40 objects, 0.0 of 16.0 MB"),
        (Progress(5, 40, 2_000_000, 16_000_000), 250_000, "5/40 objects, 2.0 of 16.0 MB, 250 kB/s, 0:56 left"),
        (Progress(0, 2, 5_000_000, 3.005e9), 1_250_000, "0/2 objects, 5.0 of 3005.0 MB, 1.2 MB/s, 40:00 left"),
        (Progress(0, 2, 0, 9e9), 1_000_000, "0/2 objects, 0.0 of 9000.0 MB, 1.0 MB/s, 2:30:00 left"),
        (Progress(2_352, 2_352, 5_000_000, 5_000_000), 9e6, "2,352/2,352 objects, 5.0 of 5.0 MB"),
    ],
)
def test_what_is_left_is_said_in_bytes_and_in_time(progress, rate, expected):
    assert described(progress, rate) == expected


def test_a_slow_push_has_a_line_every_quarter_of_a_minute_and_a_quick_one_every_tenth():
    clock, written = Clock(), []
    show = lines(written.append, clock)
    for second in range(0, 121, 1):
        clock.now = second
        show(Progress(0, 1, 250_000 * second, 300_000_000))
    assert len(written) == 1 + 120 // EVERY
    assert written[-1] == "push 0/1 objects, 30.0 of 300.0 MB, 250 kB/s, 18:00 left"
    written.clear()
    show = lines(written.append, clock)
    for done in range(1001):
        show(Progress(done, 1000, done * 5, 5000))
    assert len(written) == 11
    assert written[-1] == "push 1,000/1,000 objects, 0.0 of 0.0 MB"


def test_nothing_to_send_is_one_line():
    written = []
    lines(written.append)(Progress(3, 3, 0, 0))
    assert written == ["push 3/3 objects, 0.0 of 0.0 MB"]
