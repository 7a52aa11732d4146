"""Processes: their start, the wait for them, and their end by id."""

import os
import signal
import socket
import subprocess
import sys
import textwrap

import pytest

from rehearsal.environment import choose_ports
from rehearsal.processes import Processes, free_port
from slipway.web.errors import SlipwayError
from tests.integration.interrupt import hears_ctrl_c

LISTEN = "import socket, sys, time; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(60)"


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_taken_port_gives_the_next_free_one():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) > port


def test_two_that_choose_at_once_get_different_ports():
    """Neither of them listens yet."""
    first = choose_ports(("www", "cdn"), 20_000)
    script = "from rehearsal.environment import choose_ports; print(*choose_ports('ab', 20_000).values())"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {*map(int, output.split())} & {*first.values()}


def test_a_port_is_free_again_when_who_chose_it_has_ended():
    command = [sys.executable, "-c", "from rehearsal.processes import free_port; print(free_port())"]
    port = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert free_port(port) == port


def test_a_process_is_ready_when_its_port_accepts_and_ends_with_the_block(tmp_path):
    port = free_port()
    with Processes(tmp_path) as processes:
        command = [sys.executable, "-c", LISTEN, str(port)]
        process = processes.start("listener", command, env=os.environ, cwd=tmp_path, ready=[port])
        with socket.create_connection(("127.0.0.1", port)):
            pass
    assert process.returncode == -signal.SIGTERM


def test_one_that_ends_too_early_is_named_with_its_last_line(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such bucket')"]
    with Processes(tmp_path) as processes, pytest.raises(SlipwayError, match="store ended with status 1: no such"):
        processes.start("store", command, env=os.environ, cwd=tmp_path, ready=[free_port()])


def test_one_that_ignores_the_polite_signal_is_ended_all_the_same(tmp_path):
    port = free_port()
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + LISTEN
    with Processes(tmp_path, patience=0.2) as processes:
        command = [sys.executable, "-c", stubborn, str(port)]
        process = processes.start("stubborn", command, env=os.environ, cwd=tmp_path, ready=[port])
    assert process.returncode == -signal.SIGKILL


def test_ctrl_c_ends_what_was_started_and_nothing_else(tmp_path):
    script = textwrap.dedent(
        f"""
        import os, signal, sys
        from pathlib import Path
        from rehearsal.processes import Processes
        with Processes(Path({str(tmp_path)!r})) as processes:
            sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
            ours = [processes.start(name, sleeper, env=os.environ, cwd=Path(".")) for name in "ab"]
            try:
                print(*[process.pid for process in ours], flush=True)
                signal.pause()
            except KeyboardInterrupt:
                pass
        """
    )
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        command = [sys.executable, "-c", script]
        runner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c)
        ours = [int(pid) for pid in runner.stdout.readline().split()]
        assert len(ours) == 2 and all(map(alive, ours))
        runner.send_signal(signal.SIGINT)
        assert runner.wait(30) == 0
        assert not any(map(alive, ours))
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()
