"""A command may print any bytes, and any number of them."""

import importlib
import signal
import sys
import tracemalloc

from slipway.tool.server import agent

BYTES = "import sys; sys.stdout.buffer.write(b'a\\xff'); sys.stderr.buffer.write(b'b\\xfe'); sys.exit(3)"
FLOOD = "import sys\nfor _ in range(640): sys.stdout.write('x' * 50_000)\nprint('\\nthe end')"


def test_bytes_that_are_no_text_are_read(host):
    done = host.processes.run([sys.executable, "-c", BYTES])
    assert (done.returncode, done.stdout, done.stderr) == (3, "a\ufffd", "b\ufffd")


def test_of_a_flood_the_end_is_kept(host):
    tracemalloc.start()
    said = host.processes.output(sys.executable, "-c", FLOOD)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said.endswith("x\nthe end\n") and len(said) == host.processes.KEPT
    assert peak < 8 * host.processes.KEPT, "32 MB were printed"


def test_control_characters_are_escaped(host):
    assert host.processes.printable("a\x1b[2J\rb\nc \x9b ü") == r"a\x1b[2J\rb\nc \x9b ü"


def test_what_failed_is_one_line_whatever_the_site_wrote(host, monkeypatch, capsys):
    main = importlib.import_module("agent.__main__")
    before = signal.getsignal(signal.SIGHUP)
    monkeypatch.setattr("sys.argv", ["slipway", "check", "1"])
    monkeypatch.setattr(host.locks, "_holding", lambda: {"holder": "a\x1b[2J\nb", "since": "now", "token": "t"})
    try:
        assert main.main() == 1
    finally:
        signal.signal(signal.SIGHUP, before)
    said = capsys.readouterr().err
    assert r"a\x1b[2J\nb since now" in said and said.count("\n") == 1


def test_no_output_is_read_otherwise():
    # What systemd-run prints for the archive of bytecode is a file's; psql's session prints a line per table.
    # A backup tells how far it is, and a dump goes to the bucket; what pgBackRest archives is a word, and whether a
    # database is empty a number. Exceptions are read from the journal line by line; a sender answers a line.
    others = {path.name for path in agent.SOURCE.glob("*.py") if "subprocess." in path.read_text()}
    assert others == {
        "processes.py",
        "bytecode.py",
        "logs.py",
        "psql.py",
        "db.py",
        "generation.py",
        "move.py",
        "recovery.py",
        "backup.py",
        "dump.py",
        "exceptions.py",
        "outbox.py",
    }
    assert not [path.name for path in agent.SOURCE.glob("*.py") if "capture_output" in path.read_text()]
