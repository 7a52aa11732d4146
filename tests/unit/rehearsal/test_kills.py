"""The benchmark of lost servers: what it has measured outlives it."""

import math
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from rehearsal import rehearse
from rehearsal.steps.disaster import Disaster
from slipway.web.errors import SlipwayError
from tests.bench.backup import kills
from tests.bench.backup.kills import Kill

BACK = Kill("2026-12-01 10:15:00", 1.5, Disaster(15.25, 180, 40, 25, 0))
SLOW = Kill("2026-12-01 10:25:00", 2.5, Disaster(28.0, 330, 40, 12, 0))
NOT_BACK = Kill("2026-12-01 10:35:00", 2.5, error="the proof failed")


@pytest.fixture
def bench(tmp_path, monkeypatch):
    """``bench(arguments)`` runs it with made-up kills; ``bench.begun`` has how each run began."""
    made, machine = SimpleNamespace(begun=[], results=[]), SimpleNamespace(check=lambda: None, saved=lambda _: True)
    log = SimpleNamespace(failure="")

    @contextmanager
    def environment(*_):
        log.failure = ""
        try:
            yield SimpleNamespace(log=log)
        except SlipwayError as error:
            log.failure = str(error)

    @contextmanager
    def nothing(*_):
        yield

    def burn(*_):
        result = made.results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    log.phase = nothing
    monkeypatch.setattr(kills, "STATE", tmp_path / "bench")
    monkeypatch.setattr(kills, "ROOT", tmp_path)
    monkeypatch.setattr(kills.kinds, "machine", lambda *_: machine)
    monkeypatch.setattr(kills.disaster, "begin", lambda *_: None)
    monkeypatch.setattr(kills, "burn", burn)
    for name, value in {
        "require": lambda: None,
        "alone": nothing,
        "environment": environment,
        "reset": lambda _: made.begun.append("reset"),
        "begin": lambda _: made.begun.append("begin"),
        "resume": lambda *_: made.begun.append("resume"),
        "ran_last": lambda _: bool(made.begun),
    }.items():
        monkeypatch.setattr(rehearse, name, value)

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["kills", "--machine=container", *arguments])
        return kills.main()

    made.run = run
    return made


def test_a_kill_is_read_as_it_was_written(tmp_path):
    file = tmp_path / "kills.jsonl"
    assert kills.kills(file) == []
    for each in (BACK, NOT_BACK):
        kills.write(file, each)
    assert kills.kills(file) == [BACK, NOT_BACK]


def test_a_site_that_did_not_come_back_is_a_row_of_the_table_and_in_no_median():
    lines = kills.table([BACK, SLOW, NOT_BACK]).splitlines()
    assert lines[2] == "| 1 | 15.2 | 3.0 | 40 | 25 | 0 | 1.5 |"
    assert lines[4].startswith("| 3 | not back: the proof failed |")
    assert lines[5:] == [
        "| least | 15.2 | 3.0 | | | | |",
        "| median | 21.6 | 4.2 | | | | |",
        "| most | 28.0 | 5.5 | | | | |",
    ]
    assert not NOT_BACK.passed


def test_what_is_left_is_done_by_the_same_command_from_the_saved_machine(bench, capsys):
    bench.results = [BACK.result, SlipwayError("the proof failed"), SLOW.result]
    assert bench.run("--kills=3") == 1
    assert bench.begun == ["reset", "begin"]
    assert bench.run("--kills=3") == 1
    assert bench.begun[2:] == ["resume"]
    table = capsys.readouterr().out
    assert [line[:12] for line in table.splitlines() if line.startswith("| ")][2:5] == [
        "| 1 | 15.2 |",
        "| 2 | not ba",
        "| 3 | 28.0 |",
    ]
    # Enough of them are there: nothing is started.
    assert bench.run("--kills=3") == 1
    assert len(bench.begun) == 3


def test_all_of_them_have_to_cost_a_minute_at_most(bench):
    bench.results = [BACK.result, SLOW.result, Disaster(math.inf, 180, 40, 0, 0)]
    assert bench.run("--kills=2") == 0
    assert bench.run("--kills=3") == 1
    bench.results = [BACK.result]
    assert bench.run("--kills=1", "--again") == 0
