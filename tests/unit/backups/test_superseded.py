"""A generation that nobody writes to any more may go once a newer one has all that a person can want."""

from dataclasses import replace
from datetime import timedelta

import pytest

from slipway.tool.backups import report
from slipway.tool.backups.destroyed import Loss
from tests.unit.backups.test_report import FULL, GAP, GENERATION, HOUR, NOW, held, text

WEEK = timedelta(weeks=1)


def left(weeks, name="0001"):
    """One whose server wrote last so many weeks ago."""
    at = NOW - weeks * WEEK
    return replace(GENERATION, name=name, backups=(replace(FULL, finished=at - HOUR),), last_time=at, spans=())


def test_one_that_is_older_than_what_is_kept_is_named_with_the_command_that_removes_it():
    lines = text(held(GENERATION, left(4))).splitlines()
    assert lines[-3:-1] == [
        "    superseded    nobody has written here since 2026-11-03 12:00:00 UTC, 28 days ago; generation 0002 has a "
        "backup of 2026-12-01 03:00:00 UTC, 94.0 MB",
        "    to remove it  aws s3 rm --recursive s3://example-com-backups/database/0001/",
    ]
    assert report.problems(held(GENERATION, left(4)), NOW) == []
    assert "database/0001/ --endpoint-url https://s3.example.com" in text(
        held(GENERATION, left(4), endpoint="https://s3.example.com")
    )


@pytest.mark.parametrize(
    ("newer", "more"),
    [
        (None, {}),
        (replace(GENERATION, backups=()), {}),
        (replace(GENERATION, backups=(replace(FULL, damage="a file is missing"),)), {}),
        (replace(GENERATION, backups=(replace(FULL, is_left=True),)), {}),
        # Its server does not live either.
        (replace(GENERATION, backups=(replace(FULL, finished=NOW - 49 * HOUR),)), {}),
        (replace(GENERATION, problems=("backup x cannot be restored: y",)), {}),
        (GENERATION, {"losses": {"0002": Loss(1, 0, NOW, "x", NOW, is_whole=False)}}),
        (GENERATION, {"keep": 5}),
        # An older one is no reason.
        (replace(GENERATION, name="0000"), {}),
    ],
)
def test_what_may_be_needed_is_never_named(newer, more):
    assert "to remove it" not in text(held(*filter(None, [newer, left(4)]), **more))


def test_what_was_written_a_moment_before_is_never_named():
    assert "to remove it" not in text(held(GENERATION, left(3.99)))
    # A differential backup is a write too, on a site that nobody visits.
    backups = (*left(9).backups, replace(FULL, kind="differential", finished=NOW - WEEK))
    assert "to remove it" not in text(held(GENERATION, replace(left(9), backups=backups)))


GONE = replace(GENERATION, name="0001", backups=(), gaps=(), last_segment="", last_time=None, spans=())


def removed(weeks, *, ago=HOUR, is_whole=True):
    """So long ``ago``, so many weeks after its server's last write."""
    loss = Loss(40, 0, NOW - ago, "database/0001/x", NOW - ago - weeks * WEEK, is_whole)
    return {"losses": {"0001": loss}}


def test_one_that_a_person_has_removed_was_not_destroyed():
    found = held(GENERATION, GONE, **removed(4))
    assert report.problems(found, NOW) == []
    assert text(found).splitlines()[-2] == (
        "    removed       2026-12-01 11:00:00 UTC; the bucket keeps its versions for 35 days from then on"
    )
    assert "to remove it" not in text(found)


@pytest.mark.parametrize(
    ("newer", "more"),
    [
        # Its server wrote there three weeks before; that it is long ago by now is no excuse.
        (GENERATION, removed(3)),
        (GENERATION, removed(3, ago=2 * WEEK)),
        (GENERATION, removed(9, is_whole=False)),
        (None, removed(9)),
        (replace(GENERATION, backups=(), gaps=(GAP,)), removed(9)),
    ],
)
def test_what_is_gone_and_might_be_needed_is_destroyed(newer, more):
    problems = report.problems(held(*filter(None, [newer, GONE]), **more), NOW)
    assert any("generation 0001: what backups need was destroyed" in each for each in problems)
