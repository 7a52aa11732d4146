"""Which backup is due, at any hour that the clock may show."""

from datetime import UTC, datetime, timedelta

import pytest

QUIET = 3
NIGHT = datetime(2026, 12, 8, QUIET, 10, tzinfo=UTC)


def at(moment):
    return {"began": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def known(full=None, diff=None, error=None, now=NIGHT):
    """last.json of generation 0001; ``full`` and ``diff`` are how long ago they began."""
    made = {name: at(now - age) for name, age in (("full", full), ("diff", diff)) if age is not None}
    return {"generation": "0001", **made, "error": error}


HOURS, DAYS = (lambda n: timedelta(hours=n)), (lambda n: timedelta(days=n))


@pytest.mark.parametrize(
    ("now", "last", "missing", "wanted"),
    [
        (NIGHT, {}, "", "full"),
        (NIGHT + HOURS(9), {}, "", "full"),
        (NIGHT, known() | {"generation": "0002", "full": at(NIGHT)}, "", "full"),
        (NIGHT + HOURS(9), known(HOURS(1)), "the bucket was away", "full"),
        (NIGHT, known(HOURS(1)), "", None),
        (NIGHT, known(DAYS(1)), "", "diff"),
        # Made late yesterday: it comes back to its hour.
        (NIGHT, known(DAYS(3), HOURS(21)), "", "diff"),
        (NIGHT, known(DAYS(3), HOURS(19)), "", None),
        (NIGHT + HOURS(9), known(DAYS(1), now=NIGHT + HOURS(9)), "", None),
        (NIGHT + HOURS(9), known(DAYS(3), HOURS(27), now=NIGHT + HOURS(9)), "", "diff"),
        (NIGHT, known(DAYS(7), DAYS(1)), "", "full"),
        (NIGHT + HOURS(9), known(DAYS(8), HOURS(1), now=NIGHT + HOURS(9)), "", "full"),
        (NIGHT + HOURS(9), known(HOURS(9), error={"kind": "diff"}), "", "diff"),
        (NIGHT + HOURS(9), known(HOURS(9), HOURS(9), error={"kind": "full"}), "", "full"),
    ],
)
def test_what_is_due(now, last, missing, wanted, host):
    due = host.schedule.due(now, QUIET, last, "0001", missing)
    assert (due and due.kind) == wanted
    assert not missing or due.why == missing


@pytest.mark.parametrize(("age", "error", "wanted"), [(1, None, False), (24, None, True), (1, {"kind": "dump"}, True)])
def test_a_dump_is_due_each_night(age, error, wanted, host):
    last = {"dump": at(NIGHT - HOURS(age)), "error": error}
    assert bool(host.schedule.dump_due(NIGHT, QUIET, last)) == wanted
    assert host.schedule.dump_due(NIGHT, QUIET, {}).why == "there is none yet"


def test_what_is_older_than_it_may_be(host):
    overdue = host.schedule.overdue
    assert not overdue(NIGHT, {}, "full"), "that there is none is told otherwise"
    assert not overdue(NIGHT, known(DAYS(7), DAYS(1)), "full")
    assert overdue(NIGHT, known(DAYS(9), DAYS(1)), "full")
    assert overdue(NIGHT, known(DAYS(3)), "diff")
    assert not overdue(NIGHT, known(DAYS(1)), "diff"), "a full one is one too"
