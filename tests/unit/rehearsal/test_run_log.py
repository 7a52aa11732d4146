"""A command's output is read as phases, and its failure is one line."""

import os
import sys

import pytest

from rehearsal.run_log import RunLog, phases_of
from slipway.web.errors import SlipwayError


@pytest.fixture
def log(tmp_path):
    return RunLog(tmp_path / "log")


def test_the_phases_of_a_command_are_those_that_it_spoke():
    lines = ["▸ Build", "    details 3.0 s", "  12.5 s", "noise", "▸ Push", "  failed after 3.0 s", "▸ Verify"]
    assert [(it.title, it.seconds, it.failed) for it in phases_of(lines)] == [
        ("Build", 12.5, False),
        ("Push", 3.0, True),
        ("Verify", 0.0, True),
    ]


def test_a_command_is_logged_whole_and_its_phases_are_kept(log, tmp_path, capsys):
    script = "print('▸ Build'); print('table'); print('  1.5 s')"
    with log.phase("make deploy") as phase:
        log.must("deploy", [sys.executable, "-c", script], env=os.environ, cwd=tmp_path, into=phase)
    assert [part.title for part in phase.parts] == ["Build"]
    assert "table" in (log.logs / "deploy.log").read_text()
    shown = capsys.readouterr().out
    assert "    ▸ Build\n" in shown and "table" not in shown


def test_a_command_that_fails_is_one_line_with_its_reason_and_its_log(log, tmp_path):
    script = "import sys; print('much'); sys.exit('slipway: bucket: no such bucket')"
    with (
        pytest.raises(SlipwayError, match=r"^deploy failed: bucket: no such bucket \(all of it: .*deploy.log\)$"),
        log.phase("make deploy"),
    ):
        log.must("deploy", [sys.executable, "-c", script], env=os.environ, cwd=tmp_path)
    assert log.phases[0].failed


def test_it_held_only_when_all_did(log):
    log.check("one", True, "seen")
    assert log.passed
    log.skip("of the kernel", "it is this computer's own")
    assert log.passed
    log.check("two", False, "seen")
    assert not log.passed
    log.checks.clear()
    log.failure = "a phase failed"
    assert not log.passed
