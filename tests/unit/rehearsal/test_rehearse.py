"""A rehearsal that cannot run is a one-line error, and keeps the state of an earlier one."""

import os
import subprocess
import sys

import pytest

from rehearsal import rehearse
from rehearsal.machine import needs
from rehearsal.machine.container.boot import Container
from rehearsal.server_site import shell


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs it with these options; returns the exit status and what it said on stderr."""
    monkeypatch.setattr(rehearse, "STATE", tmp_path / "rehearsal")
    monkeypatch.setattr(rehearse, "SITE_STATE", tmp_path / "site")
    monkeypatch.setattr(rehearse, "LOCK", tmp_path / "rehearsal.lock")
    monkeypatch.setattr(rehearse, "require", lambda: None)
    monkeypatch.setattr(Container, "require", lambda machine: None)
    rehearse.reset(rehearse.STATE)
    (rehearse.STATE / "kept").touch()

    def go(*options):
        monkeypatch.setattr(sys, "argv", ["rehearse", *options])
        status = rehearse.main()
        assert (tmp_path / "rehearsal" / "kept").exists()
        return status, capsys.readouterr().err

    return go


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--machine", "docker"], "MACHINE=docker: no such machine; choose one of qemu, container"),
        (["--machine", "container", "--os", "sid"], "OS=sid: no such image; choose one of bookworm, trixie"),
    ],
)
def test_what_does_not_exist(options, said, run):
    assert run(*options) == (1, f"slipway: {said}\n")


def test_a_computer_that_cannot_run_the_machine(run, monkeypatch):
    monkeypatch.setattr(Container, "require", lambda machine: needs.require_container())
    monkeypatch.setattr(needs.os, "geteuid", lambda: 1000)
    said = "slipway: a container machine needs root; run it as root, or leave MACHINE=container out\n"
    assert run("--machine", "container") == (1, said)


def test_a_machine_that_runs_already(run, monkeypatch):
    monkeypatch.setattr(Container, "running", lambda machine: True)
    status, said = run("--machine", "container")
    assert status == 1
    assert said.startswith("slipway: the trixie container machine is running; python -m rehearsal.machine ")
    assert said.endswith(" stop\n") and said.count("\n") == 1


def test_going_on_where_another_ran_since(run, tmp_path):
    (tmp_path / "site" / rehearse.RUN_IN).write_text("elsewhere")
    said = "slipway: RESUME=1: there is no rehearsal to go on from, or another ran since; leave it out\n"
    assert run("--machine", "container", "--resume") == (1, said)


def test_a_shell_takes_over_the_deployers_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "an account of its own")
    deployer = {name: value for name, value in os.environ.items() if name != "AWS_PROFILE"}
    deployer["SMOKE_ARGS"] = "--resolve=a:1 --ca='x'"
    file = tmp_path / "deployer.env"
    file.write_text(shell(deployer))
    done = subprocess.run(["sh", "-c", f". {file}; env -0"], capture_output=True, text=True, check=True)
    env = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
    assert env["SMOKE_ARGS"] == deployer["SMOKE_ARGS"] and "AWS_PROFILE" not in env
