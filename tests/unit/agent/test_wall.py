"""The wall of a move, cut off at each of its steps: the old server goes on, or goes back, by itself."""

import json
import os
from types import SimpleNamespace

import pytest

TO = "203.0.113.9"


class Killed(Exception):
    """Stands for SIGKILL: nothing of the process runs after it."""


@pytest.fixture
def old(host, monkeypatch, request):
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
    monkeypatch.setattr(wall, "_end_of_wal", lambda: happen("end of WAL") or "0/5000000")
    for name in ("close", "forward", "clear"):
        monkeypatch.setattr(wall.forward, name, lambda *_, name=name: happen(name))
    host.paths.MOVE.parent.mkdir(parents=True)

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
        wall=wall, state=host.moving.state, calls=calls, fail=fail, say=say, error=host.paths.HostError
    )


def test_it_closes_ends_the_writes_and_forwards_when_it_is_told_to(old, capsys):
    old.say("forward\n")
    assert old.wall.wall(TO, "30", "wal") == "forwarded"
    assert json.loads(capsys.readouterr().out) == {"lsn": "0/5000000"}
    assert [call for call in old.calls if call in ("close", "end of WAL", "forward", "clear")] == [
        "close",
        "end of WAL",
        "forward",
    ]
    assert old.state() | {"at": ""} == {"state": "moved", "to": TO, "how": "wal", "at": ""}
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
    database = {"wal": "start postgresql@17-main.service", "dump": "ALTER SYSTEM RESET default_transaction_read_only"}
    order = [*([database[how]] if how in database else []), "start slipway.socket", "asked", "clear"]
    assert [call for call in after if call in order] == order
    assert old.state() == {} and "forward" not in old.calls


BEFORE = ["close", "stop slipway.socket", "end of WAL"]


@pytest.mark.parametrize("call", BEFORE)
def test_whatever_fails_behind_the_wall_opens_it_again(call, old):
    old.say("forward\n")
    old.fail[call] = OSError("no more")
    with pytest.raises(old.error, match="no more; the old server serves again"):
        old.wall.wall(TO, "30", "wal")
    assert "clear" in old.calls and "forward" not in old.calls and old.state() == {}


@pytest.mark.parametrize("call", BEFORE)
def test_killed_behind_the_wall_its_timer_opens_it_again(call, old, monkeypatch):
    old.say("forward\n")
    old.fail[call] = Killed()
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(old.wall, "back", lambda: (_ for _ in ()).throw(Killed()))
        old.wall.wall(TO, "30", "wal")
    assert old.calls.index("watch") < old.calls.index("close") and "clear" not in old.calls
    assert old.wall.back() == "the site is served here again"
    assert "clear" in old.calls and old.state() == {}
    assert old.wall.back() == "nothing to go back from"


@pytest.mark.parametrize("call", ["forward", "disable slipway.socket", "stop postgresql@17-main.service"])
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


@pytest.mark.parametrize(
    ("checkpoint", "ready", "left"),
    [
        ("0/5000028", ["000000010000000000000005"], ""),
        ("0/5000028", ["000000010000000000000004"], "000000010000000000000004"),
        ("1/28", ["0000000100000000000000FF"], "0000000100000000000000FF"),
        ("1/28", ["00000002.history", "000000010000000100000000"], ""),
    ],
)
def test_the_last_wal_must_be_archived(checkpoint, ready, left, host, monkeypatch):
    wall = host.wall
    data = host.paths.CLUSTER_DATA / "17" / "main"
    (data / "pg_wal" / "archive_status").mkdir(parents=True)
    conf = host.paths.CLUSTERS / "17" / "main" / "start.conf"
    conf.parent.mkdir(parents=True)
    conf.write_text("auto")
    for name in ready:
        (data / "pg_wal" / "archive_status" / f"{name}.ready").touch()
    printed = "Database cluster state: shut down\nLatest checkpoint location: {}\nBytes per WAL segment: 16777216\n"
    monkeypatch.setattr(wall.processes, "output", lambda *_: printed.format(checkpoint))
    if left:
        with pytest.raises(host.paths.HostError, match=f"the last WAL is not archived: {left}"):
            wall._end_of_wal()
    else:
        assert wall._end_of_wal() == f"{checkpoint.split('/')[0]}/{int(checkpoint.split('/')[1], 16) & ~0xFFFFFF:X}"
