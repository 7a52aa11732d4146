"""The lines of `make backups`, and what of them is wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from slipway.tool.backups import listing, report
from slipway.tool.backups.destroyed import Loss
from slipway.tool.backups.generation import Backup, Gap, Generation
from slipway.tool.backups.objects import Version

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FULL = Backup(
    "20261201-030000F",
    "full",
    NOW - 9 * HOUR,
    NOW - 9 * HOUR,
    94_000_000,
    12_000_000,
    "00000001000000000000000A",
    "00000001000000000000000A",
    (),
    until=NOW - HOUR,
)
GENERATION = Generation(
    "0002",
    {"host": "example-server", "since": "2026-11-20T10:00:00Z", "restored_from": "0001"},
    "15",
    (FULL,),
    (),
    "00000001000000000000002B",
    NOW - HOUR,
    ((FULL.finished, NOW - HOUR),),
)
GAP = Gap("00000001000000000000000B", "00000001000000000000000D", 3, NOW - 5 * HOUR, None)


def held(*generations: Generation, **more: object) -> report.Held:
    return report.Held("example-com-backups", generations, **more)


def text(found: report.Held) -> str:
    return "\n".join(report.lines(found, NOW))


def test_a_healthy_bucket_has_no_problem():
    found = held(GENERATION, proved=NOW - 30 * 24 * HOUR)
    assert report.problems(found, NOW) == []
    assert text(found).splitlines() == [
        "bucket example-com-backups",
        "generation 0002: example-server since 2026-11-20T10:00:00Z, restored from generation 0001; PostgreSQL 15",
        "    full          2026-12-01 03:00:00 UTC  20261201-030000F, 94.0 MB, 12.0 MB of it in the bucket",
        "    last WAL      2026-12-01 11:00:00 UTC  00000001000000000000002B, 60 minutes ago",
        "    can restore   2026-12-01 03:00:00 UTC until 2026-12-01 11:00:00 UTC",
        "restore last proved: 2026-11-01 12:00:00 UTC, 30 days ago",
    ]


def test_a_gap_is_wrong_until_a_backup_comes_after_it():
    open_gap = replace(GENERATION, gaps=(GAP,))
    (problem,) = report.problems(held(open_gap), NOW)
    assert "generation 0002: 3 WAL segments missing, 00000001000000000000000B to 00000001000000000000000D" in problem
    assert "`make backup` makes one" in problem
    closed = replace(GENERATION, gaps=(replace(GAP, until=NOW - 2 * HOUR),))
    assert report.problems(held(closed), NOW) == []
    assert "times after 2026-12-01 07:00:00 UTC cannot be restored; from 2026-12-01 10:00:00 UTC on" in text(
        held(closed)
    )


def test_a_backup_before_a_gap_says_how_far_it_restores():
    cut = replace(GENERATION, backups=(replace(FULL, until=NOW - 5 * HOUR),))
    assert "restores times until 2026-12-01 07:00:00 UTC only: a gap follows" in text(held(cut))


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        (held(), "no backup: nothing has been archived yet"),
        (held(replace(GENERATION, backups=())), "generation 0002: no finished backup that can be restored"),
        (
            held(replace(GENERATION, backups=(replace(FULL, finished=NOW - 49 * HOUR),))),
            "generation 0002: the newest backup was finished 2 days ago",
        ),
        (held(replace(GENERATION, problems=("backup x cannot be restored: y",))), "generation 0002: backup x cannot"),
        (held(GENERATION, failed_drill="the site did not start"), "the last restore drill failed: the site did not"),
        (held(is_dumped=True), "no finished dump"),
        (held(is_dumped=True, dumps=[Version("dumps/x", 9, NOW - 60 * HOUR)]), "the newest dump was finished 2 days"),
    ],
)
def test_what_is_wrong_is_one_line(found, problem):
    (line,) = report.problems(found, NOW)
    assert line.startswith(problem)
    assert "\n" not in line


def test_an_older_generation_need_not_be_up_to_date():
    old = replace(GENERATION, name="0001", backups=(replace(FULL, finished=NOW - 900 * HOUR),), gaps=(GAP,))
    assert report.problems(held(GENERATION, old), NOW) == []


def test_a_loss_names_the_time_to_restore_from():
    loss = Loss(12, 2, NOW - HOUR, "database/0002/backup/site/backup.info", NOW, is_whole=False)
    (line,) = report.problems(held(GENERATION, losses={"0002": loss}), NOW)
    assert "destroyed since 2026-12-01 11:00:00 UTC: 12 deleted and 2 replaced" in line
    assert '`make restore AS_OF="2026-12-01 10:59:59"`' in line


def test_a_dump_is_listed_and_a_server_without_versions_is_said():
    found = held(
        is_dumped=True, dumps=[Version("dumps/2026-12-01T03:00:00Z", 9_000_000, NOW - 9 * HOUR)], is_versioned=False
    )
    assert "    dumps/2026-12-01T03:00:00Z  9.0 MB, 9 hours ago" in text(found)
    assert "versions: this S3 server keeps none" in text(found)
    assert report.problems(found, NOW) == []


@pytest.mark.parametrize(
    ("time", "why"),
    [
        (NOW - 8 * HOUR, ""),
        (NOW - 6 * HOUR, ""),
        (NOW - 10 * HOUR, "before the end of the first backup, 2026-12-01 03:00:00 UTC"),
        (
            NOW - 4 * HOUR,
            "in a gap of the WAL; give a time until 2026-12-01 06:00:00 UTC, or from 2026-12-01 10:00:00 UTC",
        ),
        (NOW, "after the last WAL in the bucket; 2026-12-01 11:00:00 UTC is the last time"),
    ],
)
def test_a_time_is_covered_or_one_line_says_why_not(time, why):
    spans = ((NOW - 9 * HOUR, NOW - 6 * HOUR), (NOW - 2 * HOUR, NOW - HOUR))
    found = listing.covers(replace(GENERATION, spans=spans), time)
    assert (why in found) if why else found == ""
