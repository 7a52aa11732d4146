"""Container machines: two side by side reach each other, and whatever ends one leaves nothing behind."""

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal.machine import ssh
from rehearsal.machine.container import groups
from rehearsal.machine.container.boot import Container
from rehearsal.machine.container.network import Network
from rehearsal.processes import Processes
from slipway.web.errors import SlipwayError
from tests.integration.interrupt import hears_ctrl_c

ROOT = Path(__file__).resolve().parents[3]
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"
# A service that is there later than sshd, as a site is.
LATE = """[Unit]
After=ssh.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sleep 8
[Install]
WantedBy=multi-user.target
"""
PATIENCE = 120  # s; a busy computer boots slowly


def until(true, what):
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"{what} within {PATIENCE} s"
        time.sleep(0.1)


def left_of(directory):
    """Processes, mounts, loop devices and control groups that belong to a machine in ``directory``."""
    own = os.getpid()
    found = [f"mount {line}" for line in Path("/proc/mounts").read_text().splitlines() if str(directory) in line]
    for backing in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            text = backing.read_text()
        except OSError:  # it has gone meanwhile
            continue
        found += [f"loop device of {text.strip()}"] if str(directory) in text else []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            about = f"{(process / 'cwd').readlink()} {(process / 'cmdline').read_bytes().decode(errors='replace')}"
        except OSError:
            continue
        found += [f"process {about}"] if str(directory) in about and int(process.name) != own else []
    return found + groups_of(directory)


def groups_of(directory):
    name = Container("trixie", directory / "machine").name
    return [str(path) for path in groups.ROOT.glob(f"*/slipway-{name}-*")]


def booted(directory):
    """A machine that is booting: its first process is there."""
    machine = directory / "machine"
    command = [sys.executable, "-m", "rehearsal.machine", "--machine", "container", "--directory", str(machine), "boot"]
    with (directory / "said").open("w") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=said, stderr=said, stdin=subprocess.DEVNULL, preexec_fn=hears_ctrl_c
        )

    def leads():
        assert process.poll() is None, (directory / "said").read_text()
        group = groups.of(Container("trixie", machine).name)
        try:
            return bool(group and group.leader())
        except SlipwayError:
            return False

    until(leads, "the machine has a first process")
    return process


def again(machine):
    """Which boot it is; "" while it is down."""
    try:
        return machine.run(BOOT_ID)
    except SlipwayError:
        return ""


def test_two_side_by_side_reach_each_other_by_address(tmp_path):
    network = Network(tmp_path / "network")
    with Processes(tmp_path / "log") as processes:
        machines = [Container("trixie", tmp_path / "one", network)]
        machines += [machines[0].another(tmp_path / "two")]
        try:
            for machine in machines:
                machine.boot(processes)
            one, two = machines
            assert one.address != two.address
            assert [machine.run("hostname").strip() for machine in machines] == ["slipway-15", "slipway-16"]
            for machine, other in ((one, two), (two, one)):
                # That it is the other is told by its key.
                shown = machine.run(f"ssh-keyscan -q -t ed25519 {other.address}").split()
                assert shown[1:3] == other.run("cat /etc/ssh/ssh_host_ed25519_key.pub").split()[:2]
                # Each has its own limits, whatever stands beside it.
                total = int(machine.run("awk '/^MemTotal/ {print $2}' /proc/meminfo"))
                assert total == groups.MEMORY // 1024
                assert machine.run("nproc").strip() == "1"
            # A unit's limit holds, and a kill for memory is that machine's alone.
            grow = "python3 -c 'x = bytearray(100 << 20)'"
            one.run(f"systemd-run --quiet --wait --property=MemoryMax=30M {grow} || true")
            assert [machine.oom_kills() for machine in machines] == [1, 0]
            # One burns down: nothing of it is left, and the other does not notice.
            one.destroy()
            assert not (one.directory / "disk.raw").exists() and not one.running()
            assert two.run("hostname").strip() == "slipway-16"
        finally:
            for machine in machines:
                machine.stop()
    assert left_of(tmp_path) == []


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_machine_that_is_ended_leaves_nothing(signal_, tmp_path):
    process = booted(tmp_path)
    assert left_of(tmp_path)
    process.send_signal(signal_)
    assert process.wait(PATIENCE) == 130
    assert left_of(tmp_path) == []


def test_a_machine_that_is_killed_takes_all_processes_along_and_the_next_start_takes_the_rest_away(tmp_path):
    process = booted(tmp_path)
    process.kill()
    process.wait()
    until(lambda: left_of(tmp_path) == groups_of(tmp_path), "all but the control groups has ended")
    assert groups_of(tmp_path)
    groups.sweep()
    assert groups_of(tmp_path) == []


def test_a_machine_whose_boot_fails_leaves_nothing(tmp_path, monkeypatch):
    def never(*arguments):
        raise SlipwayError("sshd does not answer")

    monkeypatch.setattr(ssh, "wait", never)
    machine = Container("trixie", tmp_path / "machine")
    with Processes(tmp_path / "log") as processes:
        with pytest.raises(SlipwayError, match="sshd does not answer"):
            machine.boot(processes)
        machine.stop()
    assert left_of(tmp_path) == []


def test_a_machine_that_cannot_be_limited_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(groups, "MEMORY", "much")
    machine = Container("trixie", tmp_path / "machine")
    with Processes(tmp_path / "log") as processes:
        with pytest.raises(SlipwayError, match="the container machine cannot be limited: "):
            machine.boot(processes)
        machine.stop()
    assert left_of(tmp_path) == []


def test_a_saved_machine_is_there_again(tmp_path, monkeypatch):
    with Processes(tmp_path / "log") as processes:
        machine = Container("trixie", tmp_path / "machine")
        try:
            machine.boot(processes)
            assert machine.run("swapon --show=NAME --noheadings") == ""
            machine.run("echo kept > /root/note; echo '/swapfile none swap sw 0 0' >> /etc/fstab")
            machine.run(f"printf %s {shlex.quote(LATE)} > /etc/systemd/system/late.service; systemctl enable -q late")
            machine.save("noted")
            assert machine.run("systemctl is-active late; systemctl disable -q late") == "active\n"
            # It has booted again, as a machine does that has swap.
            assert machine.run("swapon --show=NAME --noheadings") == "/swapfile\n"
            booted = machine.run(BOOT_ID)
            machine.run("systemctl reboot")
            until(lambda: again(machine) not in ("", booted), "a reboot from inside has come back")
            machine.run("echo changed > /root/note")
            machine.stop()
            machine.boot(processes, snapshot="noted")
            assert machine.run("cat /root/note") == "kept\n"
        finally:
            machine.stop()
    assert left_of(tmp_path) == []
