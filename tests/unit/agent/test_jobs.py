"""One sandbox for every process of a release on the host."""

import importlib
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.unit.agent.conftest import SANDBOX
from tests.unit.ansible.conftest import ANSIBLE

CONFINED = [line for line in SANDBOX.read_text().splitlines() if "=" in line and not line.startswith("#")]


def properties(line):
    return [each.removeprefix("--property=") for each in line if each.startswith("--property=")]


@pytest.fixture
def started(host, release, monkeypatch):
    """Each systemd-run that the host's command calls or becomes; release 1 serves."""
    release("1", current=True)
    lines = []

    def run(line, **_):
        lines.append([str(word) for word in line])
        return subprocess.CompletedProcess(line, int(line[0] == "runuser"), "[]", "")

    def become(program, line):
        lines.append(line)
        raise SystemExit(0)

    monkeypatch.setattr(host.processes, "run", run)
    host.database.ENVIRONMENT.write_text('DATABASE_URL="postgres:///slipway"\n')
    monkeypatch.setattr(host.jobs.os, "execvp", become)
    monkeypatch.setattr(host.probe, "gunicorn", lambda path, page: (200, ""))
    monkeypatch.setattr(type(host.check.SOCKET), "is_socket", lambda path: True)
    return lines


def test_each_job_and_the_shell_have_every_line_of_the_service_s_sandbox(host, started):
    host.migrate.applied("1")
    host.migrate.migrate("1")
    host.check.check("1")
    with pytest.raises(SystemExit):
        host.jobs.interactive("1", [])
    jobs = [line for line in started if line[0] == "systemd-run"]
    assert len(jobs) == 4
    for line in jobs:
        assert f"--description={line[2].removeprefix('--unit=')}" in line
        said = properties(line)
        assert said[: len(CONFINED)] == CONFINED
        assert "User=slipway" in said
        # What stands later counts: nothing of the sandbox is taken back, but for one call that Gunicorn's socket needs.
        later = [each for each in said[len(CONFINED) :] if each != "SystemCallFilter=@chown"]
        assert not {each.partition("=")[0] for each in later} & {each.partition("=")[0] for each in CONFINED}


def test_the_service_has_its_sandbox_from_that_file_alone():
    unit = (ANSIBLE / "roles" / "gunicorn" / "templates" / "slipway.service.j2").read_text()
    assert not {line.partition("=")[0] for line in unit.splitlines() if "=" in line} & {
        line.partition("=")[0] for line in CONFINED
    }
    assert "IPAddressDeny=169.254.0.0/16 fd00:ec2::254" in CONFINED


@pytest.mark.parametrize(("terminal", "option"), [(True, "--pty"), (False, "--pipe")])
def test_the_shell_has_the_person_s_terminal_and_the_command_its_arguments(
    host, started, monkeypatch, terminal, option
):
    main = importlib.import_module("agent.__main__")
    monkeypatch.setattr("sys.argv", ["slipway", "manage", "createsuperuser", "--username", "a b"])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: terminal))
    before = signal.getsignal(signal.SIGHUP)
    try:
        with pytest.raises(SystemExit):
            main.main()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)
    (line,) = [line for line in started if line[0] == "systemd-run"]
    assert option in line and "--wait" in line
    assert line[-4:] == ["manage.py", "createsuperuser", "--username", "a b"]


def test_without_a_release_there_is_no_shell(host):
    with pytest.raises(host.paths.HostError, match="no release serves yet"):
        host.jobs.interactive("", ["shell"])


def test_without_a_sandbox_nothing_of_a_release_is_run(host, release, monkeypatch, tmp_path):
    release("1")
    (tmp_path / "empty").write_text("# nothing\n[Service]\n")
    monkeypatch.setattr(host.jobs, "SANDBOX", tmp_path / "empty")
    with pytest.raises(host.paths.HostError, match="confines nothing"):
        host.migrate.migrate("1")


@pytest.mark.parametrize(("status", "asked"), [(0, ["stop", "reset-failed"]), (5, ["stop"])])
def test_a_unit_that_is_not_loaded_is_asked_for_once(status, asked, host, monkeypatch):
    calls = []
    run = lambda line: calls.append(line[1]) or subprocess.CompletedProcess(line, status, "", "")  # noqa: E731
    monkeypatch.setattr(host.processes, "run", run)
    host.jobs.clear("slipway-migrate")
    assert calls == asked
