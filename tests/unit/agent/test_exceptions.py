"""`make logs ERRORS=1`: each exception whole, out of the journal's single lines, with its request."""

import json

import pytest

ONE, TWO = "a" * 32, "b" * 32
TRACEBACK = """Internal Server Error: /x [request {}]
Traceback (most recent call last):
  File "/srv/x.py", line 3, in view
    raise KeyError("k")
KeyError: 'k'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/x.py", line 5, in view
    raise ValueError("two\\nlines")
ValueError: two
lines"""


@pytest.fixture
def journal(host, monkeypatch):
    """Adds lines of a process at a time, in seconds."""
    entries = []

    def add(at, text, pid="7", unit="slipway.service"):
        for number, line in enumerate(text.splitlines()):
            moment = str(int(1.8e15) + int(at * 1e6) + number * 10)
            entries.append({"__REALTIME_TIMESTAMP": moment, "_PID": pid, "_SYSTEMD_UNIT": unit, "MESSAGE": line})

    monkeypatch.setattr(
        host.exceptions, "_journal", lambda: iter(sorted(entries, key=lambda e: e["__REALTIME_TIMESTAMP"]))
    )
    host.exceptions.NGINX_LOGS.mkdir(parents=True, exist_ok=True)
    add.entries = entries
    return add


def test_each_is_whole_with_the_line_of_nginx(host, journal):
    journal(0, "[2026-12-01] [7] [INFO] Booting worker")
    journal(5, TRACEBACK.format(ONE))
    journal(9, "another line")
    line = json.dumps({"time": "t", "id": ONE, "uri": "/x?a=1", "status": 500}, separators=(",", ":"))
    (host.exceptions.NGINX_LOGS / "access.log").write_text(f'{{"id":"{TWO}","uri":"/y"}}\n{line}\n')
    title, nginx, *rest = host.exceptions.show(50).splitlines()
    assert title.endswith("  slipway.service") and nginx == f"nginx  {line}"
    assert rest == TRACEBACK.format(ONE).splitlines()


def test_two_processes_that_write_at_once_are_told_apart(host, journal):
    journal(5, TRACEBACK.format(ONE), pid="7")
    journal(5.000005, TRACEBACK.format(TWO), pid="8")
    shown = host.exceptions.show(50)
    first, second = shown.split("\n\n2027-")
    assert ONE in first and TWO not in first and TWO in second
    assert all(each.endswith("ValueError: two\nlines") for each in (first, second))


def test_two_of_one_process_at_once_are_two(host, journal):
    journal(5, f"{TRACEBACK.format(ONE)}\n{TRACEBACK.format(TWO)}")
    assert len(list(host.exceptions._exceptions(host.exceptions._journal()))) == 2


def test_a_job_s_has_no_line_before_it(host, journal):
    journal(5, TRACEBACK.partition("\n")[2], unit="slipway-job-digest.service")
    title, head, *_ = host.exceptions.show(50).splitlines()
    assert title.endswith("  slipway-job-digest.service") and head == "Traceback (most recent call last):"


def test_the_last_ones_are_shown_and_none_is_said(host, journal):
    assert host.exceptions.show(50).startswith("no exception in a week")
    journal(1, TRACEBACK.format(ONE))
    journal(2, TRACEBACK.format(TWO))
    assert ONE not in host.exceptions.show(1) and TWO in host.exceptions.show(1)


def test_what_a_visitor_wrote_gives_the_terminal_no_orders(host, journal):
    journal(5, TRACEBACK.format(ONE))
    journal.entries[4]["MESSAGE"] = [0x1B, 0x5B, 0x32, 0x4A, 0xFF]
    shown = host.exceptions.show(50)
    assert "\x1b" not in shown and r"\x1b[2J" in shown


def test_the_program_asks_the_journal_for_every_unit_of_a_release(host, monkeypatch, tmp_path):
    program = tmp_path / "programs" / "journalctl"
    program.write_text('#!/bin/sh\necho "$@" > "$0.asked"\necho \'{"__REALTIME_TIMESTAMP": "1", "MESSAGE": "x"}\'\n')
    program.chmod(0o755)
    assert [entry["MESSAGE"] for entry in host.exceptions._journal()] == ["x"]
    assert "--unit=slipway.service --unit=slipway-*" in program.with_name("journalctl.asked").read_text()
