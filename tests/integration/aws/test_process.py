"""The process itself: when it is ready, how it ends, and what it leaves behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal.aws.local import ROOT
from rehearsal.processes import free_ports

SECONDS = 30


def run(data: Path, s3_port: int, control_port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rehearsal.aws", "--data", str(data)]
    command += ["--s3-port", str(s3_port), "--control-port", str(control_port)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in listed.stdout.split()]


def is_gone(pid: int) -> bool:
    """Whether the process ended, or is about to be reaped, within ``SECONDS``."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_its_child_ends_with_it_whatever_ends_it(tmp_path: Path, number: signal.Signals):
    process = run(tmp_path, *free_ports(2))
    assert process.stdout.readline() == "ready\n"
    (seaweed,) = children(process.pid)
    process.send_signal(number)
    expected = -number if number == signal.SIGKILL else 0
    assert process.wait(SECONDS) == expected
    assert is_gone(seaweed)
    process.communicate()


def test_it_ends_when_its_parent_is_killed(tmp_path: Path):
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from rehearsal.aws import start;"
            "aws = start(Path(sys.argv[1])); print(aws.process.pid, flush=True); sys.stdin.read()",
            str(tmp_path),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(parent.stdout.readline())
    (seaweed,) = children(pid)
    parent.kill()
    parent.communicate()
    assert is_gone(pid)
    assert is_gone(seaweed)


@pytest.mark.parametrize("taken", [0, 1], ids=["s3", "control"])
def test_a_taken_port_is_one_line_and_leaves_nothing_running(tmp_path: Path, taken: int):
    ports = free_ports(2)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", ports[taken]))
        holder.listen()
        process = run(tmp_path, *ports)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith("slipway: local AWS: ")
    assert len(errors.splitlines()) == 1
    assert str(ports[taken]) in errors


def test_when_seaweedfs_dies_it_says_so_and_ends(tmp_path: Path):
    process = run(tmp_path, *free_ports(2))
    assert process.stdout.readline() == "ready\n"
    (seaweed,) = children(process.pid)
    os.kill(seaweed, signal.SIGKILL)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert errors.startswith("slipway: local AWS: SeaweedFS ended")
