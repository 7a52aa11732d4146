"""What the loss of a server has cost: rows that were acknowledged against rows that were restored."""

import math

from rehearsal.steps.disaster import compare, rows_of

WRITTEN = [(34, 100.0), (35, 101.0), (36, 102.0), (37, 103.5)]


def test_the_seconds_between_the_last_row_written_and_the_last_one_restored_are_lost():
    found = compare(WRITTEN, [(1, 5.0), *WRITTEN[:2]], 90)
    assert (found.lost, found.written, found.restored, found.holes) == (2.5, 4, 2, 0)
    assert found.passed


def test_a_sequence_that_went_ahead_is_no_row_that_is_missing():
    assert compare(WRITTEN, [(28, 50.0), *WRITTEN], 90).holes == 0


def test_a_row_that_is_missing_before_the_last_one_fails():
    found = compare(WRITTEN, [WRITTEN[0], WRITTEN[2]], 90)
    assert found.holes == 1 and not found.passed


def test_where_none_of_them_is_restored_what_was_lost_begins_with_the_first():
    """The last row before them may be hours old."""
    found = compare(WRITTEN, [(28, 5.0)], 90)
    assert (found.lost, found.restored, found.passed) == (4.5, 0, True)


def test_more_than_a_minute_fails_and_so_does_an_empty_table():
    assert not compare([(1, 0.0), (2, 61.0)], [(1, 0.0)], 90).passed
    assert compare(WRITTEN, [], 90).lost == math.inf


def test_the_rows_are_read_as_psql_prints_them():
    assert rows_of("1|1764550000.25\n2|1764550001.5\n") == [(1, 1764550000.25), (2, 1764550001.5)]
