"""What `make status` says of the backups."""

import json
import os
import re
import subprocess
import time
from datetime import UTC, datetime, timedelta

import pytest

NOW = datetime.now(UTC)
AGO = {hours: (NOW - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (0, 1, 3, 50, 24 * 9)}
LABEL = {"label": "20261201-030000F", "seconds": 6, "size": 94_000_000, "stored": 11_000_000}


def texts(host):
    return [problem.text for problem in host.backups.problems()]


@pytest.fixture
def server(host, settings, tmp_path, monkeypatch):
    """A server that backs up and has archived everything; ``server(**files)`` writes files of its backups' state."""
    settings(backups="wal")
    state, wal = host.paths.BACKUP_STATE, tmp_path / "data" / "pg_wal" / "archive_status"
    for folder in (state, wal, host.paths.BACKUP_SETTINGS.parent):
        folder.mkdir(parents=True, exist_ok=True)
    host.paths.BACKUP_SETTINGS.write_text(f"[site]\npg1-path={tmp_path}/data\n")

    def write(**files):
        for name, content in files.items():
            (state / name.replace("_", "-").replace("-json", ".json")).write_text(json.dumps(content))

    def run(line, **_):
        names = [word for word in line[2:] if not word.startswith("--")]
        said = "\n\n".join(f"Id={name}\nActiveState={write.units.get(name, 'inactive')}" for name in names)
        return subprocess.CompletedProcess(line, 0, said, "")

    write.units, write.wal = {"slipway-backup.timer": "active"}, wal
    monkeypatch.setattr(host.processes, "run", run)
    write(
        generation_json={"generation": "0001"},
        last_json={"generation": "0001", "full": LABEL | {"began": AGO[1]}, "error": None},
    )
    return write


def segment(server, seconds):
    ready = server.wal / "000000010000000000000007.ready"
    ready.touch()
    os.utime(ready, (time.time() - seconds, time.time() - seconds))


def test_all_is_well_and_its_numbers_are_there(host, server):
    assert texts(host) == []
    state = host.backups.state()
    assert (state["generation"], state["waiting"], state["running"], state["diff"]) == ("0001", 0, {}, None)
    assert state["full"]["label"] == LABEL["label"]


def test_wal_that_waits_is_always_told_and_red_after_two_minutes(host, server):
    segment(server, 40)
    server(archive_error={"since": AGO[0], "file": "7", "error": "the bucket b answers 403"})
    assert host.backups.state()["waiting"] in range(40, 60)
    assert texts(host) == []
    segment(server, 200)
    (line,) = texts(host)
    assert line == (
        "what the database has written in the last 3 minutes is on this server alone: the bucket b answers 403"
    )


def test_one_that_a_deploy_stopped_is_no_fault_until_the_deploy_has_ended(host, server, monkeypatch):
    server(
        last_json={
            "generation": "0001",
            "full": LABEL | {"began": AGO[1]},
            "error": {"kind": "full", "at": AGO[0], "text": "it was stopped"},
        }
    )
    for stopped, faults in ((True, 0), (False, 1)):
        monkeypatch.setattr(host.slot, "is_stopped", lambda unit, stopped=stopped: stopped)
        assert len(texts(host)) == faults
    monkeypatch.setattr(host.record, "running", lambda: {"kind": "full", "percent": 1})
    assert texts(host) == []


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"archive_error": {"since": AGO[1], "file": "7", "error": "no"}}, r"^WAL is not archived since .*: no$"),
        (
            {"last_json": {"generation": "0001", "full": LABEL | {"began": AGO[50]}, "error": None}},
            r"^the newest differential backup is of .*`make backup` makes one",
        ),
        (
            {
                "last_json": {
                    "generation": "0001",
                    "full": LABEL | {"began": AGO[24 * 9]},
                    "diff": LABEL | {"began": AGO[1]},
                }
            },
            r"^the newest full backup is of ",
        ),
        (
            {
                "last_json": {
                    "generation": "0001",
                    "full": LABEL | {"began": AGO[1]},
                    "error": {"kind": "diff", "at": AGO[0], "text": "the disk is full"},
                }
            },
            r"^the last differential backup failed at .*: the disk is full; `make backup` tries it again$",
        ),
        (
            {"full_due": {"reason": "7 was not archived", "since": AGO[0], "last": AGO[0]}},
            r"^what was written since .* cannot be restored until a full backup is made \(7 was not archived\)",
        ),
        (
            {"last_json": {"generation": "0000"}, "full_due": {"reason": "the first", "since": AGO[3], "last": AGO[3]}},
            r"^no full backup yet, since ",
        ),
    ],
)
def test_what_is_wrong_is_one_line(files, says, host, server):
    server(**files)
    (line,) = texts(host)
    assert re.search(says, line) and "\n" not in line


def test_the_first_one_may_take_a_while(host, server):
    server(last_json={}, full_due={"reason": "the first of this server", "since": AGO[1], "last": AGO[1]})
    assert texts(host) == []
    assert host.backups.state()["full"] is None


def test_a_timer_that_is_off_and_a_database_without_backups(host, server, settings):
    server.units.clear()
    assert [line[:31] for line in texts(host)] == ["nothing makes the backups, slip"]
    settings(backups="missing")
    assert [line[:34] for line in texts(host)] == ["the database is not backed up, it "]
    assert host.backups.state() == {"kind": "missing"}
    for quiet in ("none", ""):
        settings(backups=quiet)
        assert texts(host) == []


def test_one_that_is_made_shows_how_far_it_is(host, server):
    server(running_json={"kind": "full", "why": "asked for", "began": AGO[0], "percent": 34})
    assert host.backups.state()["running"] == {}, "left behind by a machine that went down"
    server.units["slipway-backup.service"] = "activating"
    assert host.backups.state()["running"]["percent"] == 34
