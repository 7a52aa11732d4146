"""The wall of a move, cut off at each of its steps: the old server goes on, or goes back, by itself."""

import base64
import json
import os
from types import SimpleNamespace

import pytest

TO = "203.0.113.9"
READ_ONLY = "ALTER SYSTEM SET default_transaction_read_only"


class Killed(Exception):
    """Stands for SIGKILL: nothing of the process runs after it."""


class Stopped:
    """A cluster that stops when it is told to, in order, at the beginning of the WAL file 7."""

    unit = "postgresql@17-main.service"
    running = False

    def __init__(self, data, happen):
        self.data, self._happen = data, happen
        self.shown = {
            "Latest checkpoint location": "0/7000028",
            "Latest checkpoint's REDO WAL file": "000000020000000000000007",
            "Bytes per WAL segment": str(16 << 20),
            "Database cluster state": "shut down",
        }
        self.status = data / "pg_wal" / "archive_status"
        self.status.mkdir(parents=True)
        (data / "pg_wal" / "000000020000000000000007").write_bytes(b"\0" * 40 + b"shut down" + b"\0" * (1 << 20))

    def is_running(self):
        return self.running

    def control(self, directory):
        return self.shown

    def start_at_once(self):
        self._happen("start database")


@pytest.fixture
def old(host, monkeypatch, request, tmp_path):
    """A server that serves. ``calls`` is what happened to it; ``fail[call]`` is raised by that call."""
    calls, fail = [], {}

    def happen(call):
        calls.append(call)
        if call in fail:
            raise fail.pop(call)

    def run(line, **_):
        if line[0] == "systemctl":
            happen(" ".join([word for word in line[1:] if not word.startswith("-")][:2]))
        elif line[0] == "systemd-run":
            happen("watch")
        return SimpleNamespace(returncode=0, stdout="", stderr="")

    wall = host.wall
    monkeypatch.setattr(wall.processes, "run", run)
    monkeypatch.setattr(wall.units, "shown", lambda names, *_: {name: {"ActiveState": "inactive"} for name in names})
    monkeypatch.setattr(wall.units, "databases", lambda: ["postgresql@17-main.service"])
    monkeypatch.setattr(wall.probe, "gunicorn", lambda *_: happen("asked") or (200, ""))
    monkeypatch.setattr(wall, "_ask", lambda *statements: happen(statements[0].split("=")[0].strip()))
    for name in ("close", "forward", "clear"):
        monkeypatch.setattr(wall.forward, name, lambda *_, name=name: happen(name))
    host.paths.MOVE.parent.mkdir(parents=True)
    cluster = Stopped(tmp_path / "data", happen)
    monkeypatch.setattr(wall.clusters, "here", lambda: cluster)

    def say(text):
        reading, writing = os.pipe()
        request.addfinalizer(lambda: os.close(reading))
        if text is not None:
            os.write(writing, text.encode())
            os.close(writing)
        else:
            request.addfinalizer(lambda: os.close(writing))
        monkeypatch.setattr(wall.sys, "stdin", os.fdopen(reading, closefd=False))

    return SimpleNamespace(
        wall=wall,
        state=host.moving.state,
        calls=calls,
        fail=fail,
        say=say,
        cluster=cluster,
        error=host.paths.HostError,
        archive_error=host.record.ARCHIVE_ERROR,
    )


def test_it_closes_ends_the_writes_and_forwards_when_it_is_told_to(old, capsys):
    old.say("forward\n")
    assert old.wall.wall(TO, "30", "dump") == "forwarded"
    assert capsys.readouterr().out.split() == ["closed"]
    assert [call for call in old.calls if call in ("close", READ_ONLY, "forward", "clear")] == [
        "close",
        READ_ONLY,
        "forward",
    ]
    assert old.state() | {"at": ""} == {"state": "moved", "to": TO, "how": "dump", "at": ""}
    assert "stop slipway-move-back.timer" in old.calls[-2:]


@pytest.mark.parametrize(
    ("said", "why"), [("", "its connection broke"), ("what?\n", "gave up"), (None, "did not serve within 0 s")]
)
@pytest.mark.parametrize("how", ["wal", "dump", "none"])
def test_without_the_word_in_time_it_serves_again_before_visitors_are_let_in(said, why, how, old):
    old.say(said)
    with pytest.raises(old.error, match=f"{why}.*; the old server serves again, and no write is lost"):
        old.wall.wall(TO, "0", how)
    after = old.calls[old.calls.index("close") + 1 :]
    database = {"dump": "ALTER SYSTEM RESET default_transaction_read_only", "wal": "start database"}
    order = [*([database[how]] if how in database else []), "start slipway.socket", "asked", "clear"]
    assert [call for call in after if call in order] == order
    assert old.state() == {} and "forward" not in old.calls


BEFORE = ["close", "stop slipway.socket", READ_ONLY]


@pytest.mark.parametrize("call", BEFORE)
def test_whatever_fails_behind_the_wall_opens_it_again(call, old):
    old.say("forward\n")
    old.fail[call] = OSError("no more")
    with pytest.raises(old.error, match="no more; the old server serves again"):
        old.wall.wall(TO, "30", "dump")
    assert "clear" in old.calls and "forward" not in old.calls and old.state() == {}


@pytest.mark.parametrize("call", BEFORE)
def test_killed_behind_the_wall_its_timer_opens_it_again(call, old, monkeypatch):
    old.say("forward\n")
    old.fail[call] = Killed()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(old.wall, "back", lambda: (_ for _ in ()).throw(Killed()))
        old.wall.wall(TO, "30", "dump")
    assert old.calls.index("watch") < old.calls.index("close") and "clear" not in old.calls
    assert old.wall.back() == "the site is served here again"
    assert "clear" in old.calls and old.state() == {}
    assert old.wall.back() == "nothing to go back from"


@pytest.mark.parametrize("call", ["forward", "disable slipway.socket", "stop slipway-backup.service"])
def test_killed_after_the_word_its_timer_goes_on_and_never_back(call, old):
    old.say("forward\n")
    old.fail[call] = Killed()
    with pytest.raises(Killed):
        old.wall.wall(TO, "30", "dump")
    del old.calls[:]
    assert old.wall.back() == "forwarded"
    assert "forward" in old.calls and "clear" not in old.calls and old.state()["state"] == "moved"
    old.say("forward\n")
    with pytest.raises(old.error, match="it has moved already"):
        old.wall.wall(TO, "30", "dump")


def test_a_forwarding_that_nginx_rejects_opens_the_wall(old):
    old.say("forward\n")
    old.fail["forward"] = old.error("nginx rejects it")
    with pytest.raises(old.error, match="nginx rejects it; the old server serves again"):
        old.wall.wall(TO, "30", "none")
    assert old.state() == {} and old.calls.count("clear") == 1


def test_a_cluster_that_moved_is_not_started_at_boot(old, host):
    conf = host.paths.CLUSTERS / "17" / "main" / "start.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("# comment\nauto\n")
    old.say("forward\n")
    old.wall.wall(TO, "30", "none")
    assert conf.read_text() == "# comment\nmanual\n"


def test_by_wal_it_stops_postgresql_and_tells_where_the_database_ends(old, capsys):
    old.say("forward\n")
    assert old.wall.wall(TO, "30", "wal") == "forwarded"
    word, _, told = capsys.readouterr().out.strip().partition(" ")
    last = json.loads(told)
    assert (word, last["at"], last["segment"]) == ("closed", "0/7000028", "000000020000000000000007")
    wal = base64.b64decode(last["wal"])
    # Enough for the record of the shutdown, and no whole file of 16 MB.
    assert wal[40:49] == b"shut down" and len(wal) == 40 + (16 << 10)
    order = ["close", "stop slipway.socket", "stop slipway-backup.service", "forward"]
    assert [call for call in old.calls if call in order][:4] == order
    assert READ_ONLY not in old.calls and "start database" not in old.calls
    assert old.state()["how"] == "wal"


def test_a_last_wal_that_is_not_archived_opens_it_again_and_says_why(old):
    old.say("forward\n")
    (old.cluster.status / "000000020000000000000006.ready").touch()
    old.archive_error.parent.mkdir(parents=True)
    old.archive_error.write_text(json.dumps({"error": "the bucket answers 403"}))
    with pytest.raises(
        old.error, match=r"^the last WAL, 000000020000000000000006, did not reach the bucket: the bucket "
    ):
        old.wall.wall(TO, "30", "wal")
    assert old.calls.index("start database") < old.calls.index("clear") and old.state() == {}


def test_postgresql_that_does_not_stop_in_time_is_not_waited_for(old):
    old.say("forward\n")
    old.cluster.running = True
    with pytest.raises(
        old.error, match="the last WAL does not reach the bucket: it takes too long; the old server serves"
    ):
        old.wall.wall(TO, "0", "wal")
    assert old.calls.index("start database") < old.calls.index("clear") and "forward" not in old.calls


@pytest.mark.parametrize(
    "shown", [{"Database cluster state": "in production"}, {"Latest checkpoint location": "0/7400000"}]
)
def test_a_database_that_did_not_stop_in_order_does_not_travel(shown, old):
    old.say("forward\n")
    old.cluster.shown |= shown
    with pytest.raises(old.error, match=r"PostgreSQL did not stop in order: it is .*, at 0/7"):
        old.wall.wall(TO, "30", "wal")
    assert "start database" in old.calls and old.state() == {}


def test_killed_after_postgresql_has_stopped_its_timer_starts_it_again(old, monkeypatch):
    old.say("forward\n")
    old.fail["stop slipway-backup.service"] = Killed()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(old.wall, "back", lambda: (_ for _ in ()).throw(Killed()))
        old.wall.wall(TO, "30", "wal")
    assert old.wall.back() == "the site is served here again"
    assert old.calls.index("start database") < old.calls.index("start slipway.socket") and old.state() == {}
