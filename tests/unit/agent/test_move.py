"""What a move asks of both servers' agents."""

import io
import json
import tarfile
import time
from types import SimpleNamespace

import pytest

ID = "20261201T010032Z-4a8d236a"


@pytest.fixture
def move(host):
    host.paths.MOVE.parent.mkdir(parents=True, exist_ok=True)
    return host.move


def test_the_release_that_serves_is_sent_as_it_was_received(move, host, release, monkeypatch):
    release(ID, current=True)
    folder = host.root / "releases" / ID
    for name in ("manage.py", "project/a/views.py", "project/a/__pycache__/views.cpython-313.pyc"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    sent, again = io.BytesIO(), io.BytesIO()
    for buffer, now in ((sent, 0), (again, 86400)):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        monkeypatch.setattr(move.sys, "stdout", SimpleNamespace(buffer=buffer))
        move.send_release()
    # A move that goes on sends it again, and the new server takes the same bytes for the release that it has.
    assert sent.getvalue() == again.getvalue()
    with tarfile.open(fileobj=io.BytesIO(sent.getvalue())) as archive:
        assert {each.name for each in archive if each.isfile()} == {"manage.py", "project/a/views.py"}
        assert not [each.name for each in archive if not (each.isfile() or each.isdir())]


def test_the_new_server_knows_by_its_log_who_asked_for_which_address(move, host):
    host.paths.NGINX_LOGS.mkdir(parents=True)
    lines = [
        ("/slipway-move-f00d-0", "10.0.0.1"),
        ("/slipway-move-beef-1", "10.0.0.9"),
        ("/slipway-move-f00d-2", "::1"),
    ]
    text = "".join(json.dumps({"uri": uri, "client": client}) + "\n" for uri, client in lines)
    (host.paths.NGINX_LOGS / "access.log").write_text('{"uri": "cut\n' + text)
    assert move.seen("f00d") == {"0": "10.0.0.1", "2": "::1"}


def test_an_address_where_nothing_answers_is_named_with_its_reason(move, settings):
    settings(tls=False)
    move.forward.PORTS = {"http": 9, "https": 9}
    assert move.reach("f00d", "127.0.0.1") == {"127.0.0.1": "[Errno 111] Connection refused"}


def test_a_server_arrives_once_and_the_move_is_ended_after_that(move, host, monkeypatch):
    cleared = []
    monkeypatch.setattr(move.units, "databases", list)
    monkeypatch.setattr(move.forward, "clear", lambda: cleared.append(True))
    with pytest.raises(host.paths.HostError, match="this server is not `arriving` in a move"):
        move.arrive("203.0.113.7")
    host.moving.write(state="arriving")
    with pytest.raises(host.paths.HostError, match="this server is not `arrived` in a move"):
        move.end()
    move.arrive("203.0.113.7", "10.0.0.1")
    # An interrupted run is repeated, from wherever.
    move.arrive("203.0.113.7")
    assert host.moving.state()["addresses"] == ["203.0.113.7", "10.0.0.1"]
    assert (move.end(), cleared, host.moving.state()) == ("203.0.113.7, 10.0.0.1", [True], {})


@pytest.mark.parametrize("step", ["load", "trust"])
def test_a_server_that_serves_a_site_takes_no_other_s_data(step, move, host):
    for state in ({}, {"state": "arrived"}, {"state": "closed"}):
        host.moving.write(**state)
        with pytest.raises(host.paths.HostError, match="this server is not `arriving`"):
            move.CHANGES[step](*(["10.0.0.1"] if step == "trust" else []))


def test_nothing_is_archived_before_the_site_has_arrived(move, host, monkeypatch, tmp_path):
    segment = "000000010000000000000005"
    data = tmp_path / "pg_wal"
    data.mkdir()
    (data / segment).touch()
    monkeypatch.setattr(host.archive, "backup_settings", lambda: {"pg1-path": str(data.parent)})
    monkeypatch.setattr(host.archive.generation, "checked", lambda _: pytest.fail("the bucket was asked"))
    host.moving.write(state="arriving")
    with pytest.raises(host.paths.HostError, match="a site moves to this server, and has not arrived"):
        host.archive.archive(segment)


def test_each_step_is_known_to_the_command_line(host):
    from agent import move, moving

    assert set(moving.STEPS) == {*move.READS, *move.CHANGES}


ARCHIVED = {
    "it has no full backup yet": lambda host: host.backup.LAST.unlink(),
    "it has no full backup yet ": lambda host: host.generation.write(
        host.backup.LAST, {"generation": "0001", "full": {"label": "20261201-030000F"}}
    ),
    "WAL is missing in its backups: dropped": lambda host: host.generation.mark_full_due("dropped"),
    "its WAL does not reach the bucket: the bucket answers 403": lambda host: host.generation.write(
        host.record.ARCHIVE_ERROR, {"error": "the bucket answers 403"}
    ),
    "this site has no backups by WAL": lambda host: None,
}


@pytest.mark.parametrize("why", ["", *ARCHIVED])
def test_the_wal_in_the_bucket_is_of_use_when_a_whole_backup_and_all_since_are_there(
    why, move, host, settings, monkeypatch
):
    settings(backups="none" if "no backups" in why else "wal")
    host.paths.BACKUP_STATE.mkdir(parents=True)
    host.generation.write(host.generation.HELD, {"generation": "0002"})
    host.generation.write(host.backup.LAST, {"generation": "0002", "full": {"label": "20261201-030000F"}})
    monkeypatch.setattr(move.clusters, "here", lambda: SimpleNamespace(timeline=lambda: 3))
    if why:
        ARCHIVED[why](host)
    use = {"generation": "", "timeline": 0} if why else {"generation": "0002", "timeline": 3}
    assert move._archived(True) == {**use, "unarchived": why.strip()}
    assert move._archived(False)["unarchived"] == "this site has no backups by WAL"


def test_a_copy_that_arrives_goes_on_in_a_generation_of_its_own_and_needs_no_statistics(move, host, monkeypatch):
    taken, ran = [], []
    monkeypatch.setattr(move.units, "databases", lambda: ["postgresql@17-main.service"])
    monkeypatch.setattr(move, "backup_settings", dict)
    monkeypatch.setattr(move.generation, "take", lambda *words: taken.append((host.moving.state()["state"], words[-1])))
    monkeypatch.setattr(move.follow, "clear", lambda: ran.append("clear"))
    monkeypatch.setattr(move, "_postgres", lambda *line: ran.append(line[0]))
    monkeypatch.setattr(move.processes, "run", lambda line: ran.append(line[-1]))
    host.moving.write(state="arriving", how="wal", generation="0002")
    move.arrive("203.0.113.7")
    # Before anything is archived here.
    assert taken == [("arriving", "0002")] and ran == ["clear", "slipway-backup.service"]
    del ran[:]
    host.moving.write(state="arriving", how="dump")
    move.arrive("203.0.113.7")
    assert len(taken) == 1 and "vacuumdb" in ran


@pytest.mark.parametrize("state", [{}, {"state": "arrived"}, {"state": "closed"}])
def test_a_server_that_serves_a_site_follows_no_other_s_database(state, move, host):
    host.moving.write(**state)
    with pytest.raises(host.paths.HostError, match="this server is not `arriving`"):
        move.CHANGES["follow"]("0001", "1")
