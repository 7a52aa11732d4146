"""One deploy at a time; the lock ends with its holder."""

import fcntl
import importlib
import json
import os
import re
import subprocess
import sys

import pytest


@pytest.fixture
def command(host, unpacked):
    return [sys.executable, str(unpacked)]


@pytest.fixture
def hold(command):
    """Starts a command that asks for the lock as ``holder``; the process and the line that it says."""
    started = []

    def hold(holder, checkout=""):
        environment = {**os.environ, "SLIPWAY_CHECKOUT": checkout}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        started.append(subprocess.Popen([*command, "hold", holder], **pipes, text=True, env=environment))
        return started[-1], started[-1].stdout.readline().strip()

    yield hold
    for process in started:
        process.stdin.close()
        process.wait()


@pytest.fixture
def holder(hold):
    """A process that holds the lock, for the checkout "c1"."""
    process, said = hold("me@laptop", "c1")
    assert re.fullmatch(r"held [0-9a-f]{16}", said)
    process.token = said.split()[1]
    return process


def test_the_second_gets_an_error_with_who_holds_it_and_since_when(hold, holder, host):
    second, said = hold("you@desk", "c2")
    since = json.loads(host.paths.LOCK.read_text())["since"]
    assert (said, second.wait()) == ("", 1)
    assert second.stderr.read() == (
        f"slipway: the deploy lock is held by me@laptop since {since}; "
        "wait for it, or end a stale one with `make unlock`\n"
    )


def test_it_ends_with_the_connection(hold, holder):
    holder.stdin.close()
    holder.wait()
    assert hold("you@desk")[1].startswith("held ")


def test_it_ends_with_a_killed_holder(hold, holder):
    holder.kill()
    holder.wait()
    assert hold("you@desk")[1].startswith("held ")


def test_a_lock_that_ones_own_checkout_left_behind_is_taken_over_and_reported(hold, holder, host):
    second, said = hold("me@laptop", "c1")
    assert re.fullmatch(r"held \w{16} taken over from me@laptop since .* UTC", said)
    assert holder.wait() == -15, "the session that held it is ended"
    host.locks.fence(said.split()[1])
    with pytest.raises(host.paths.HostError, match=r"this command's deploy lock is gone, me@laptop since .* holds it"):
        host.locks.fence(holder.token)
    assert second.poll() is None


def test_a_checkout_in_which_another_command_runs_takes_nothing_over(hold, holder):
    assert hold("me@laptop", "")[1] == ""
    assert holder.poll() is None


def test_two_that_name_no_checkout_are_two(hold):
    first, _ = hold("me@laptop", "")
    assert hold("me@laptop", "")[1] == ""
    assert first.poll() is None


def test_unlock_ends_a_stale_one_and_says_whose(hold, holder, host):
    assert host.locks.holder().startswith("me@laptop since ")
    assert host.locks.unlock().startswith("ended the lock of me@laptop since ")
    # It has ended by then: the next command finds no trace of it.
    assert host.paths.LOCK.read_text() == ""
    assert host.locks.unlock() == "nobody holds the deploy lock"
    assert host.locks.holder() == ""
    with pytest.raises(host.paths.HostError, match="deploy lock is gone, nobody holds it"):
        host.locks.fence(holder.token)
    assert hold("you@desk")[1].startswith("held ")


@pytest.fixture
def reader(host):
    """Somebody who only looks whether the lock is held, just now; an ended holder of "c1" has left its words."""
    with subprocess.Popen(["sleep", "60"]) as other, host.paths.LOCK.open("a+") as file:
        left = {"holder": "me@laptop", "checkout": "c1", "since": "then", "pid": other.pid, "started": "1"}
        host.paths.LOCK.write_text(json.dumps(left))
        fcntl.flock(file, fcntl.LOCK_SH)
        file.other = other
        yield file
        other.kill()


def test_a_process_that_has_the_id_of_an_ended_holder_is_not_killed(reader, host, monkeypatch):
    monkeypatch.setattr(host.locks, "GRACE_SECONDS", 0)
    with pytest.raises(host.paths.HostError, match="is held by a command that took it just now"):
        host.locks.hold("me@laptop", "c1")
    with pytest.raises(host.paths.HostError, match="was taken just now; try again"):
        host.locks.unlock()
    assert reader.other.poll() is None


def test_who_only_looks_is_waited_for(reader, host, monkeypatch):
    monkeypatch.setattr(host.locks.time, "sleep", lambda _: fcntl.flock(reader, fcntl.LOCK_UN))
    assert host.locks.unlock() == "nobody holds the deploy lock"


def test_a_lock_that_an_earlier_version_holds_asks_for_no_token(holder, host):
    said = json.loads(host.paths.LOCK.read_text())
    host.paths.LOCK.write_text(json.dumps({name: said[name] for name in ("holder", "since", "pid")}))
    host.locks.fence("")


@pytest.mark.parametrize("step", ["receive 1 sha lock", "migrate 1", "check 1", "activate 1", "rollback 1", "prune 5"])
@pytest.mark.parametrize("token", ["", "of a lock that was"])
def test_no_step_changes_anything_without_the_lock(step, token, holder, host, release, monkeypatch, capsys):
    release("1", current=True)
    release("2")
    before = sorted(host.root.rglob("*"))
    main = importlib.import_module("agent.__main__")
    monkeypatch.setattr(main.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["slipway", *step.split()])
    monkeypatch.setenv("SLIPWAY_LOCK", token)
    assert main.main() == 1
    said = r"slipway: this command's deploy lock is gone, me@laptop since .* holds it: .* run the command again\n"
    assert re.fullmatch(said, capsys.readouterr().err)
    assert sorted(host.root.rglob("*")) == before and host.releases.current() == "1"


def test_a_step_waits_for_the_one_that_still_runs(host, monkeypatch):
    monkeypatch.setattr(host.locks, "STEP_SECONDS", 0)
    running = r"another step still runs after 0 s: migrate since .* UTC; wait for it, and run the command again"
    with host.locks.step("migrate"), pytest.raises(host.paths.HostError, match=running), host.locks.step("prune"):
        pass
    with host.locks.step("prune"):
        pass
