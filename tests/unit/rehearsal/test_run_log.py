"""What a command says is read back as phases, and a failure is one line."""

import os
import sys

import pytest

from rehearsal.run_log import RunLog, spoken
from slipway.web.errors import SlipwayError


@pytest.fixture
def diary(tmp_path):
    return RunLog(tmp_path / "log")


def test_the_phases_of_a_command_are_those_that_it_spoke():
    lines = ["▸ Build", "    details 3.0 s", "  12.5 s", "noise", "▸ Push", "  failed after 3.0 s", "▸ Verify"]
    assert [(it.title, it.seconds, it.failed) for it in spoken(lines)] == [
        ("Build", 12.5, False),
        ("Push", 3.0, True),
        ("Verify", 0.0, True),
    ]


def test_a_command_is_logged_whole_and_its_phases_are_kept(diary, tmp_path, capsys):
    script = "print('▸ Build'); print('table'); print('  1.5 s')"
    with diary.phase("make deploy") as phase:
        diary.must("deploy", [sys.executable, "-c", script], env=os.environ, cwd=tmp_path, into=phase)
    assert [part.title for part in phase.parts] == ["Build"]
    assert "table" in (diary.logs / "deploy.log").read_text()
    shown = capsys.readouterr().out
    assert "    ▸ Build\n" in shown and "table" not in shown


def test_a_command_that_fails_is_one_line_with_its_reason_and_its_log(diary, tmp_path):
    script = "import sys; print('much'); sys.exit('slipway: bucket: no such bucket')"
    with (
        pytest.raises(SlipwayError, match=r"^deploy failed: bucket: no such bucket \(all of it: .*deploy.log\)$"),
        diary.phase("make deploy"),
    ):
        diary.must("deploy", [sys.executable, "-c", script], env=os.environ, cwd=tmp_path)
    assert diary.phases[0].failed


def test_it_held_only_when_all_did(diary):
    diary.find("one", True, "seen")
    assert diary.held
    diary.leave_open("of the kernel", "it is this computer's own")
    assert diary.held
    diary.find("two", False, "seen")
    assert not diary.held
    diary.findings.clear()
    diary.failure = "a phase failed"
    assert not diary.held
