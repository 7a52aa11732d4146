"""What turns a restore drill red, and its page."""

import argparse
import copy
from dataclasses import replace

import pytest

from rehearsal import drill_report, restore_drill
from rehearsal.run_log import RunLog
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

LIVE = {
    "tables": {"public.photo": {"rows": 12, "hash": "-117"}, "public.auth_user": {"rows": 1, "hash": "42"}},
    "sequences": {"public.photo_id_seq": 12},
    "unread": [],
}
KEYS = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret"}


def changed(**tables):
    other = copy.deepcopy(LIVE)
    other["tables"] |= {f"public.{name}": value for name, value in tables.items()}
    other["tables"] = {name: value for name, value in other["tables"].items() if value}
    return other


def test_a_copy_with_the_same_rows_and_a_sequence_that_is_ahead_is_the_same():
    assert restore_drill.differences(LIVE, LIVE | {"sequences": {"public.photo_id_seq": 44}}) == []


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        (changed(photo={"rows": 12, "hash": "-116"}), ("public.photo", "12 rows on both sides, with other values")),
        (changed(photo={"rows": 11, "hash": "-116"}), ("public.photo", "11 rows in the copy, 12 on the live server")),
        (changed(auth_user=None), ("public.auth_user", "is missing in the copy")),
        (changed(more={"rows": 0, "hash": "0"}), ("public.more", "is in the copy alone")),
        (LIVE | {"sequences": {"public.photo_id_seq": 11}}, ("public.photo_id_seq", "the sequence is behind")),
        (LIVE | {"sequences": {}}, ("public.photo_id_seq", "the sequence is behind")),
    ],
)
def test_each_difference_is_named(other, wanted):
    ((name, why),) = restore_drill.differences(LIVE, other)
    assert (name, why[: len(wanted[1])]) == wanted


def test_the_page_says_what_differs(tmp_path):
    log = RunLog(tmp_path / "log")
    with log.phase("Restore generation 0001"):
        pass
    evidence = {"time": "2026-12-01T10:00:00Z", "machine": "Debian trixie", "what": "", "generation": "0001"}
    evidence |= {"tables": 2, "rows": 13, "point": {"name": "slipway-1", "lsn": "0/1", "time": "then"}}
    log.check(restore_drill.SAME, True, "2 tables, 13 rows")
    page = drill_report.page(log, evidence | {"different": []}, "https://www.example.com")
    assert "The newest backup is the site" in page and "0/1, then" in page
    assert "Restore generation 0001" in page and "13 rows compared" in page
    log.check(restore_drill.SAME, False, "public.<photo>: 12 rows on both sides, with other values")
    page = drill_report.page(log, evidence | {"different": ["public.photo"], "what": "no & no"}, "https://a.example")
    assert "public.&lt;photo&gt;: 12 rows" in page and "<h1>no &amp; no</h1>" in page
    assert 'class="card hero failed"' in page


@pytest.fixture
def secrets(tmp_path):
    backup = KEYS | {"BACKUP_PASSPHRASE": "a passphrase of some length"}
    restorer = KEYS | {"AWS_ACCESS_KEY_ID": "R"}
    return Secrets(tmp_path / "v", tmp_path / "p", web={}, deployer={}, smoke={}, backup=backup, restorer=restorer)


@pytest.fixture
def drill(described, tmp_path, monkeypatch):
    monkeypatch.setattr(restore_drill.state, "ROOT", tmp_path)
    site = described("cloudfront", backup_bucket="example-com-backups")
    return lambda secrets, **more: restore_drill.Drill(replace(site, **more), secrets, argparse.Namespace())


def test_the_machine_never_gets_the_server_s_own_key(drill, secrets):
    made = drill(secrets)
    assert made.secrets.backup["AWS_ACCESS_KEY_ID"] == "R"
    assert made.secrets.backup["BACKUP_PASSPHRASE"] == "a passphrase of some length"
    assert (made.copy.name, made.directory.name) == ("example-com-restore-drill", "example-com-restore-drill")


@pytest.mark.parametrize(
    ("change", "more", "wanted"),
    [
        ({}, {"backup_bucket": ""}, "this site has no backups"),
        ({"backup": {}}, {}, "this site has no backups"),
        ({"restorer": {}}, {}, "restorer in the secrets has no key"),
        ({"web": {"DATABASE_URL": "postgres://db/x"}}, {}, "the database is elsewhere"),
    ],
)
def test_what_cannot_be_proved_is_said_before_anything_starts(change, more, wanted, drill, secrets):
    with pytest.raises(SlipwayError, match=wanted):
        drill(replace(secrets, **change), **more)
