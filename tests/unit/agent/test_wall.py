"""The wall of a move, cut off at each of its steps: the old server goes on, or goes back, by itself."""

import os
from types import SimpleNamespace

import pytest

TO = "203.0.113.9"
READ_ONLY = "ALTER SYSTEM SET default_transaction_read_only"


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
@pytest.mark.parametrize("how", ["dump", "none"])
def test_without_the_word_in_time_it_serves_again_before_visitors_are_let_in(said, why, how, old):
    old.say(said)
    with pytest.raises(old.error, match=f"{why}.*; the old server serves again, and no write is lost"):
        old.wall.wall(TO, "0", how)
    after = old.calls[old.calls.index("close") + 1 :]
    database = {"dump": "ALTER SYSTEM RESET default_transaction_read_only"}
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
