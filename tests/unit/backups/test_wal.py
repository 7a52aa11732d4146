"""WAL by its names: the count of segments, holes, and timelines."""

import pytest

from slipway.tool.backups.wal import Hole, Wal, lsn_of, name_of, parse


def wal_of(*names: str, missing: tuple[str, ...] = ()) -> Wal:
    """A repository with the segments of each ``first-last``, each having arrived at its position in seconds."""
    wal = Wal()
    for each in names:
        (timeline, first), (_, last) = (parse(name) for name in each.split("-"))
        for position in range(first, last + 1):
            if name_of(timeline, position) not in missing:
                wal.add(timeline, position, float(position))
    return wal


@pytest.mark.parametrize(
    ("name", "following"),
    [
        ("000000010000000000000001", "000000010000000000000002"),
        ("0000000100000000000000FF", "000000010000000100000000"),
        ("0000000A00000012000000FF", "0000000A0000001300000000"),
    ],
)
def test_a_log_has_256_segments(name: str, following: str):
    timeline, position = parse(name)
    assert name_of(timeline, position + 1) == following


@pytest.mark.parametrize("name", ["00000001000000000000001", "000000010000000000000100", "00000002.history"])
def test_other_files_are_no_segments(name: str):
    assert parse(name) is None


def test_a_hole_is_named_with_the_times_around_it():
    gone = ("0000000100000000000000FE", "0000000100000000000000FF", "000000010000000100000000")
    wal = wal_of("0000000100000000000000FA-000000010000000100000004", missing=gone)
    assert wal.holes(0) == [Hole(gone[0], gone[-1], 3, 0xFE, float(0xFD), float(0x101))]
    assert wal.holes(0xFE) == []


def test_without_a_hole_there_is_none_over_the_end_of_a_log():
    wal = wal_of("0000000100000000000000FE-000000010000000100000003")
    assert wal.holes(0) == []
    assert len(wal.runs()) == 1


def test_a_switch_of_the_timeline_is_no_hole():
    wal = wal_of(
        "000000010000000000000001-000000010000000000000009", "000000020000000000000006-000000020000000000000008"
    )
    wal.add_history(2, "1\t0/6FFFAD0\tbefore 2026-12-01 00:43:20.035536+00\n\n")
    assert wal.chain() == [(1, 0, lsn_of("0/6FFFAD0")), (2, 6, None)]
    assert [(run.first, run.last) for run in wal.runs()] == [((1, 1), (2, 8))]
    assert wal.time(5) == 5.0


def test_the_first_segment_of_a_timeline_is_needed_although_the_one_before_had_it():
    wal = wal_of(
        "000000010000000000000001-000000010000000000000009", "000000020000000000000007-000000020000000000000008"
    )
    wal.add_history(2, "1\t0/6FFFAD0\tno recovery target specified\n")
    assert [hole.first for hole in wal.holes(0)] == ["000000020000000000000006"]


def test_a_timeline_may_come_from_one_that_is_not_the_newest_before_it():
    wal = wal_of(
        "000000010000000000000001-000000010000000000000004",
        "000000020000000000000003-000000020000000000000009",
        "000000030000000000000004-000000030000000000000005",
    )
    wal.add_history(2, "1\t0/3000100\tx\n")
    wal.add_history(3, "1\t0/4000100\tx\n")
    assert [(run.first, run.last) for run in wal.runs()] == [((1, 1), (3, 5))]
    assert wal.carries(1, lsn_of("0/4000000"))
    assert not wal.carries(1, lsn_of("0/4000200"))
    assert not wal.carries(2, lsn_of("0/3000200"))


def test_a_segment_that_is_there_twice_counts_as_missing():
    wal = wal_of("000000010000000000000001-000000010000000000000003")
    wal.add(1, 2, 9.0)
    assert [hole.first for hole in wal.holes(0)] == ["000000010000000000000002"]


def test_a_name_far_away_costs_nothing():
    wal = wal_of("000000010000000000000001-000000010000000000000003")
    wal.add(1, parse("00000001FFFFFFFF000000FE")[1], 9.0)
    assert wal.holes(0)[0].count == 2**40 - 6


def test_an_empty_repository_has_nothing():
    assert (Wal().runs(), Wal().holes(0), Wal().timeline) == ([], [], 0)
