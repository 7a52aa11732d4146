"""One thing at a time has the release's memory: who waits says so, and who may be stopped is, at the end."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FULL = ("a full backup", "slipway-backup.service")


@pytest.fixture
def systemd(host, monkeypatch):
    """``systemd.states`` has the state of each unit that is not stopped; a unit that is stopped ends."""
    systemd = type("Systemd", (), {"states": {}, "calls": []})()
    systemd.on_stop = lambda unit: None

    def run(line, **_):
        systemd.calls.append(line)
        said = ""
        if line[1] == "show":
            names = [word for word in line[2:] if not word.startswith("--")]
            states = [(name, *systemd.states.get(name, ("inactive", "0"))) for name in names]
            said = "\n\n".join(f"Id={name}\nActiveState={state}\nMainPID={pid}" for name, state, pid in states)
        if line[1] == "stop":
            systemd.states.pop(line[-1], None)
            systemd.on_stop(line[-1])
        return subprocess.CompletedProcess(line, 0, said, "")

    monkeypatch.setattr(host.processes, "run", run)
    return systemd


@pytest.fixture
def clock(host, monkeypatch):
    """Seconds that pass at each look, in place of the real ones."""
    clock = type("Clock", (), {"now": 0.0, "at": {}})()

    def sleep(_):
        clock.now += 1
        clock.at.pop(clock.now, lambda: None)()

    monkeypatch.setattr(host.slot.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(host.slot.time, "sleep", sleep)
    return clock


def left_behind(host, name, unit, stop=""):
    """What a command that was killed leaves in the file."""
    host.paths.SLOT.write_text(json.dumps({"name": name, "unit": unit, "since": "then", "stop": stop}))


def test_who_waits_says_for_whom_at_once_and_every_few_seconds_and_gets_it(host, systemd, clock, capsys):
    other = host.slot.held(*FULL)
    other.__enter__()
    since = json.loads(host.paths.SLOT.read_text())["since"]
    clock.at[7] = lambda: other.__exit__(None, None, None)
    with host.slot.held("the check of a release", "slipway-check.service"):
        assert host.slot.holder()["name"] == "the check of a release"
    waiting = f"progress: waiting for a full backup (slipway-backup.service, since {since}) to end"
    assert capsys.readouterr().err == f"{waiting}, 0 s\n{waiting}, 5 s\n"
    assert host.slot.holder() is None


def test_a_backup_is_stopped_after_a_minute_and_started_again_once_the_deploy_has_ended(
    host, systemd, clock, monkeypatch, capsys
):
    monkeypatch.setattr(host.locks, "holder", lambda: "me@laptop since then")
    other = host.slot.held(*FULL, stop=host.slot.AGAIN)
    other.__enter__()
    systemd.on_stop = lambda unit: other.__exit__(None, None, None)
    with host.slot.held("the check of a release", "slipway-check.service"):
        assert clock.now == 61
    stops = [line for line in systemd.calls if line[1] == "stop"]
    assert stops == [["systemctl", "stop", "--no-block", "slipway-backup.service"]]
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(r"progress: stopping a full backup \(.*\): it is run again after this command", last)
    assert host.slot.STOPPED.read_text().split() == ["slipway-backup.service"]
    host.slot.resume()
    assert systemd.calls[-1] == ["systemctl", "start", "--no-block", "slipway-backup.service"]
    assert not host.slot.STOPPED.exists()


@pytest.mark.parametrize(("stop", "waited"), [("again", 1), ("end", 61)])
def test_a_rollback_does_not_wait_for_what_runs_again(stop, waited, host, systemd, clock, release, monkeypatch):
    """What serves may be broken; a shell would be lost, so it has its minute."""
    release("1", current=True)
    release("2", current=True)
    monkeypatch.setattr(host.activate, "_switch_or_go_back", lambda name, before, back: seen.append((name, clock.now)))
    seen, other = [], host.slot.held(*FULL, stop=stop)
    other.__enter__()
    systemd.on_stop = lambda unit: other.__exit__(None, None, None)
    host.activate.rollback("")
    assert seen == [("1", waited)]


@pytest.mark.parametrize(
    ("stop", "stops", "told"), [("END", True, True), ("END", False, False), ("AGAIN", True, False)]
)
def test_a_person_whose_shell_will_be_ended_is_told_at_once(host, systemd, clock, monkeypatch, stop, stops, told):
    person, theirs = os.openpty()
    monkeypatch.setattr(host.slot.sys, "stdin", os.fdopen(os.dup(theirs)))
    name = os.ttyname(theirs)
    monkeypatch.setattr(host.slot.os, "ttyname", lambda _: name)
    monkeypatch.setattr(host.slot, "resume", lambda: None)
    other = host.slot.held("manage.py shell", "slipway-shell-7.service", stop=getattr(host.slot, stop))
    other.__enter__()
    clock.at[3] = lambda: other.__exit__(None, None, None)
    with host.slot.held("the check of a release", "slipway-check.service", stops=stops):
        assert clock.now == 3
    os.set_blocking(person, False)
    try:
        said = os.read(person, 1000).decode()
    except BlockingIOError:
        said = ""
    line = "slipway: a deploy waits for this memory, and ends manage.py shell in 60 s: finish now"
    assert said.strip() == (line if told else "")


def test_a_shell_whose_terminal_has_gone_is_ended_all_the_same(host, systemd, clock):
    left_behind(host, "manage.py shell", "slipway-shell-7.service", "end")
    file = json.loads(host.paths.SLOT.read_text()) | {"terminal": "/dev/pts/none"}
    host.paths.SLOT.write_text(json.dumps(file))
    systemd.states = {"slipway-shell-7.service": ("active", "7")}
    with host.slot.held("the check of a release", "slipway-check.service"):
        assert clock.now >= 60


def test_a_backup_that_was_stopped_for_a_shell_waits_for_its_turn_at_once(host, systemd, clock):
    other = host.slot.held(*FULL, stop=host.slot.AGAIN)
    other.__enter__()
    systemd.on_stop = lambda unit: other.__exit__(None, None, None)
    # Nothing of this command is left at its end: another program has taken its place.
    with host.slot.held("manage.py shell", "slipway-shell-7.service", keeps=True):
        assert systemd.calls[-1] == ["systemctl", "start", "--no-block", "slipway-backup.service"]
        assert not host.slot.STOPPED.exists()
        assert host.slot.holder()["name"] == "manage.py shell"


def test_a_backup_that_was_stopped_waits_for_the_end_of_the_deploy(host, systemd, monkeypatch):
    host.slot.STOPPED.write_text("slipway-backup.service\n")
    assert not host.slot.is_stopped("slipway-backup.service"), "the deploy was killed"
    monkeypatch.setattr(host.locks, "holder", lambda: "me@laptop since then")
    assert host.slot.is_stopped("slipway-backup.service")
    assert not host.slot.is_stopped("slipway-other.service")


@pytest.mark.parametrize(("stop", "stops"), [("", True), ("again", False)])
def test_what_may_not_be_stopped_is_named_after_a_minute(stop, stops, host, systemd, clock):
    wanted = r"^a restore \(slipway-restore.service, since .* UTC\) still runs after 60 s, .*nothing was changed: wait"
    with host.slot.held("a restore", "slipway-restore.service", stop=stop):
        with (
            pytest.raises(host.paths.HostError, match=wanted),
            host.slot.held("manage.py migrate", "slipway-migrate.service", stops=stops),
        ):
            pytest.fail("both have it")
        assert not [line for line in systemd.calls if line[1] == "stop"]
        assert host.slot.holder()["name"] == "a restore"


def test_a_unit_that_does_not_end_is_named_in_the_end(host, systemd, clock):
    with (
        host.slot.held(*FULL, stop=host.slot.AGAIN),
        pytest.raises(host.paths.HostError, match=r"a full backup .* still runs after 160 s"),
        host.slot.held("the check of a release", "slipway-check.service"),
    ):
        pytest.fail("both have it")
    assert len([line for line in systemd.calls if line[1] == "stop"]) == 1


def test_a_unit_that_outlives_its_command_still_has_the_slot(host, systemd, clock):
    left_behind(host, "manage.py migrate", "slipway-migrate.service")
    systemd.states["slipway-migrate.service"] = ("active", "7")
    clock.at[3] = systemd.states.clear
    with host.slot.held(*FULL, stops=False):
        assert clock.now == 3


def test_what_is_left_of_a_command_that_was_killed_bars_nobody(host, systemd, clock):
    left_behind(host, *FULL)
    # A check stays loaded after its end.
    systemd.states["slipway-backup.service"] = ("active", "0")
    with host.slot.held("the check of a release", "slipway-check.service"):
        assert clock.now == 0
    left_behind(host, "the check of a release", "slipway-check.service")
    systemd.states["slipway-check.service"] = ("active", "7")
    with host.slot.held("the check of a release", "slipway-check.service"):
        assert clock.now == 0, "it clears its own unit away"


def test_nothing_starts_beside_the_process_that_serves_during_a_restart(host, systemd, clock, capsys):
    systemd.states["slipway-restart.service"] = ("activating", "0")
    clock.at[2] = systemd.states.clear
    with host.slot.held(*FULL, stops=False):
        assert clock.now == 2
    assert "waiting for the site's restart (slipway-restart.service) to end, 0 s" in capsys.readouterr().err


def test_the_switch_has_the_slot_while_the_site_restarts(host, systemd, release, monkeypatch):
    release("1", current=True)
    release("2")
    seen = []
    monkeypatch.setattr(host.activate, "_check_health", lambda: seen.append(host.slot.holder()))
    assert host.activate.activate("2") == "1"
    (during,) = seen
    assert (during["name"], during["unit"]) == ("the switch to another release", "slipway-restart.service")


def test_a_lock_ends_with_its_process(host, systemd, clock):
    program = (
        "import sys, fcntl; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); input()"
    )
    line = [sys.executable, "-c", program, str(host.paths.SLOT)]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        other.stdout.readline()
        assert host.slot.holder()["name"] == "a command that took it just now"
        other.kill()
    assert host.slot.holder() is None


def test_a_shell_keeps_the_slot_and_may_be_ended_where_a_command_may_not(host, systemd, release, monkeypatch):
    release("1", current=True)

    def become(program, line):
        # A program that this process becomes has it too.
        files = [int(fd.name) for fd in Path("/proc/self/fd").iterdir() if fd.is_symlink() and slot(fd)]
        assert [os.get_inheritable(fd) for fd in files] == [True]
        raise SystemExit(json.dumps([host.slot.holder(), line]))

    def slot(fd):
        return os.path.realpath(fd) == str(host.paths.SLOT)

    monkeypatch.setattr(host.jobs.os, "execvp", become)
    for words, stop in (([], "end"), (["loaddata", "x"], "")):
        with pytest.raises(SystemExit) as ended:
            host.jobs.interactive("1", words)
        holder, line = json.loads(str(ended.value))
        assert (holder["name"], holder["stop"]) == (f"manage.py {(words or ['shell'])[0]}", stop)
        assert f"--unit={holder['unit'].removesuffix('.service')}" in line


def test_a_reader_that_is_gone_stops_nothing(host, monkeypatch):
    class Gone:
        def write(self, _):
            raise BrokenPipeError

    monkeypatch.setattr(host.progress.sys, "stderr", Gone())
    host.progress.say("still here")
