"""One deploy at a time; the lock goes with whoever holds it."""

import json
import os
import subprocess
import sys

import pytest

from deploy.host import agent


@pytest.fixture
def command(host, tmp_path):
    return [sys.executable, str(agent.pack(tmp_path / "slipway"))]


@pytest.fixture
def holder(command):
    """A process that holds the lock."""
    with subprocess.Popen(
        [*command, "hold", "me@laptop"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process


def hold(command):
    return subprocess.run(
        [*command, "hold", "you@desk"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


def test_the_second_is_told_who_holds_it_and_since_when(command, holder, host):
    done = hold(command)
    since = json.loads(host.paths.LOCK.read_text())["since"]
    assert done.returncode == 1
    assert done.stderr == (
        f"slipway: the deploy lock is held by me@laptop since {since}; "
        "wait for it, or end a stale one with `make unlock`\n"
    )


def test_it_ends_with_the_connection(command, holder):
    holder.stdin.close()
    holder.wait()
    assert hold(command).stdout == "held\n"


def test_it_ends_with_a_killed_holder(command, holder):
    holder.kill()
    holder.wait()
    assert hold(command).stdout == "held\n"


def test_unlock_ends_a_stale_one_and_says_whose(command, holder, host):
    assert host.locks.unlock().startswith("ended the lock of me@laptop since ")
    holder.wait()
    assert host.locks.unlock() == "nobody holds the deploy lock"
    assert hold(command).returncode == 0


def test_a_step_waits_for_the_one_that_still_runs(host, monkeypatch):
    monkeypatch.setattr(host.locks, "STEP_SECONDS", 0)
    with host.locks.step(), pytest.raises(host.paths.HostError, match="another step still runs"), host.locks.step():
        pass
    with host.locks.step():
        pass
