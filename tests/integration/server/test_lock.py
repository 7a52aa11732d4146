"""Two commands of the deploying machine and the agent: the one without the lock changes nothing."""

import dataclasses
import json
import os
import subprocess
import sys
import time

import pytest

from slipway.tool import config
from slipway.tool.server import agent, lock, owner, state
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError
from tests.unit.agent.conftest import lay_out

# ssh and sudo run the line here, with the server's command among the programs. With SILENT, a pipe that nobody closes,
# the server's end is not told that the other one is gone.
PROGRAMS = {
    "ssh": 'for line; do :; done; [ -z "$SILENT" ] || exec 0<>"$SILENT"; exec sh -c "$line"',
    "sudo": 'exec "$@"',
}
# A command of another checkout, or of this one: it says that it holds the lock, and holds it until it is told to end.
HOLDER = """
import sys
from pathlib import Path
from slipway.tool import config
from slipway.tool.server import lock, owner, state
from slipway.tool.server.connection import Connection
owner.SCRIPT, state.ROOT = map(Path, sys.argv[1:3])
with lock.held(Connection(config.load(Path(sys.argv[3])))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server in a folder, on which release 1 serves and release 2 lies; a connection to it."""
    lay_out(tmp_path, {})
    monkeypatch.setenv("SLIPWAY_PREFIX", str(tmp_path))
    (tmp_path / "bin").mkdir()
    for name, body in PROGRAMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    agent.pack(tmp_path / "slipway")
    (tmp_path / "bin" / "slipway").write_text(f'#!/bin/sh\nexec {sys.executable} {tmp_path}/slipway "$@"\n')
    (tmp_path / "bin" / "slipway").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    for name in "12":
        (tmp_path / "srv" / "slipway" / "releases" / name).mkdir(parents=True)
        (tmp_path / "srv" / "slipway" / "releases" / name / "venv").symlink_to("../../venvs/a")
    (tmp_path / "srv" / "slipway" / "current").symlink_to("releases/1")
    # Whose server it is has tests of its own.
    (tmp_path / "owner.sh").write_text("")
    monkeypatch.setattr(owner, "SCRIPT", tmp_path / "owner.sh")
    monkeypatch.setattr(state, "ROOT", tmp_path / "here")
    (tmp_path / "site.yml").write_text("domain: example.com\nregion: eu-central-1\nserver: 203.0.113.7\n")
    return Connection(config.load(tmp_path / "site.yml"))


@pytest.fixture
def elsewhere(server, tmp_path):
    """Starts a command that holds the lock, of the checkout ``name``; it ends with the test."""
    started = []

    def start(name):
        line = [sys.executable, "-c", HOLDER, tmp_path / "owner.sh", tmp_path / name, tmp_path / "site.yml"]
        process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=config.ROOT, text=True)
        started.append(process)
        assert process.stdout.readline().strip() == "held"
        return process

    yield start
    for process in started:
        process.communicate()


def serving(tmp_path):
    return (tmp_path / "srv" / "slipway" / "current").readlink().name


def test_a_deploy_whose_lock_was_taken_away_does_not_switch(server, elsewhere, tmp_path):
    with lock.held(server):
        server.agent("unlock")
        other = elsewhere("there")
        with pytest.raises(SlipwayError, match=r"^this command's deploy lock is gone, .* since .* holds it: .*again$"):
            server.agent("activate", "2")
        assert serving(tmp_path) == "1"
        other.communicate()
        with pytest.raises(SlipwayError, match=r"^this command's deploy lock is gone, nobody holds it: "):
            server.agent("activate", "2")
    assert serving(tmp_path) == "1"
    assert server.token == ""


def test_a_deploy_that_holds_it_goes_on_and_prune_too(server):
    with lock.held(server) as held:
        told = json.loads(server.agent("prune", "5"))
        assert told["removed"] == ["2"] and "2" not in told["left"]
        held.check()


def test_what_goes_on_elsewhere_is_named(server, elsewhere):
    elsewhere("there")
    said = r"^the deploy lock is held by .*@.* since .* `make unlock`$"
    with pytest.raises(SlipwayError, match=said), lock.held(server):
        pass


def test_two_commands_of_one_checkout_do_not_take_over_from_each_other(server, elsewhere):
    first = elsewhere("here")
    with pytest.raises(SlipwayError, match="the deploy lock is held by"), lock.held(server):
        pass
    assert first.poll() is None


def test_ones_own_lock_that_a_broken_connection_left_is_taken_over(server, elsewhere, capsys, monkeypatch, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setenv("SILENT", str(tmp_path / "pipe"))
    first = elsewhere("here")
    left = json.loads((tmp_path / "run" / "slipway-deploy.lock").read_text())
    first.kill()
    first.wait()
    monkeypatch.delenv("SILENT")
    with lock.held(server):
        assert "taken over from " in capsys.readouterr().out
        server.agent("prune", "5")
        assert json.loads((tmp_path / "run" / "slipway-deploy.lock").read_text())["token"] != left["token"]


def test_the_lock_is_taken_again_for_the_way_back(server):
    with lock.held(server) as held:
        server.agent("unlock")
        deadline = time.monotonic() + 20
        with pytest.raises(SlipwayError, match="the deploy lock is gone: its SSH session has ended"):
            while time.monotonic() < deadline:
                held.check()
                time.sleep(0.02)
        held.renew()
        server.agent("prune", "5")


def test_a_copy_of_the_folder_is_another_checkout(server, monkeypatch, tmp_path):
    named = {}
    for name in ("here", "copy"):
        monkeypatch.setattr(state, "ROOT", tmp_path / name)
        folder = state.directory(dataclasses.replace(server.site))
        (folder / "checkout").write_text("0" * 32)
        with lock._checkout(server.site) as named[name]:
            pass
    assert named["here"] != named["copy"]
