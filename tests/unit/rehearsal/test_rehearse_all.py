"""A run of every step that was stopped continues after the last step that passed, on the saved machine."""

import subprocess
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from rehearsal import rehearse, rehearse_all
from rehearsal.run import Results
from rehearsal.run_log import RunLog
from rehearsal.steps.order import Step
from slipway.web.errors import SlipwayError


class Machine:
    """One that keeps what it was told."""

    def __init__(self, ran, release):
        self.ran, self.release = ran, release

    def check(self):
        pass

    def save(self, snapshot):
        self.ran.append(f"save {snapshot}")

    def saved(self, snapshot):
        return not Machine.burnt

    burnt = False


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs all of it with steps that do as told; returns the exit status and what ran."""
    monkeypatch.setattr(rehearse_all, "STATE", tmp_path / "all")
    monkeypatch.setattr(rehearse, "SITE_STATE", tmp_path / "site")
    monkeypatch.setattr(rehearse, "LOCK", tmp_path / "state" / "lock")
    monkeypatch.setattr(rehearse_all, "ROOT", tmp_path)
    monkeypatch.setattr(rehearse_all, "require", lambda: None)
    monkeypatch.setattr(rehearse_all, "conclude", lambda run: 0 if run.log.passed else 1)

    def go(*wrong, code="one", raised=SlipwayError):
        ran = []

        @contextmanager
        def environment(machine, directory):
            log = RunLog(directory / "log")
            try:
                yield SimpleNamespace(log=log, machine=machine, results=Results(), ran=ran)
            except SlipwayError as error:
                log.failure = str(error)

        def step(name):
            def function(run, phase):
                ran.append(f"{run.machine.release} {name}")
                if f"moves in {run.machine.release} {name}" in wrong:
                    run.machine = Machine(ran, run.machine.release)
                if f"dies in {run.machine.release} {name}" in wrong:
                    raise raised("died")
                run.log.check(name, f"{run.machine.release} {name}" not in wrong, "seen")

            return Step(name, function)

        monkeypatch.setattr(rehearse_all, "environment", environment)
        monkeypatch.setattr(rehearse_all, "begin", lambda run: ran.append(f"begin {run.machine.release}"))
        monkeypatch.setattr(rehearse_all, "resume", lambda run, snapshot: ran.append(f"resume {snapshot}"))
        monkeypatch.setattr(rehearse_all, "steps", lambda **options: tuple(map(step, ("drift", "measure", "stress"))))
        monkeypatch.setattr(rehearse_all.kinds, "machine", lambda kind, release, directory: Machine(ran, release))
        monkeypatch.setattr(rehearse_all, "_code", lambda: code)
        monkeypatch.setattr(rehearse_all.sys, "argv", ["rehearse_all"])
        return rehearse_all.main(), [said for said in ran if not said.startswith("save ")]

    return go


BOOKWORM = ["begin bookworm", "bookworm drift", "bookworm measure", "bookworm stress"]
TRIXIE = ["begin trixie", "trixie drift", "trixie measure", "trixie stress"]


def test_both_releases_play_every_step(run):
    assert run() == (0, BOOKWORM + TRIXIE)


def test_no_step_runs_twice_with_the_same_code(run, capsys):
    run()
    assert run() == (0, [])
    assert "trixie: every step passed with this code" in capsys.readouterr().out
    assert run(code="two") == (0, BOOKWORM + TRIXIE)


def test_where_nothing_tells_the_code_apart_it_begins_anew(run):
    run(code="")
    assert run(code="") == (0, BOOKWORM + TRIXIE)


def test_code_is_another_with_each_change_to_it_committed_or_not(tmp_path, monkeypatch):
    monkeypatch.setattr(rehearse_all, "ROOT", tmp_path)
    # What is above is nobody's repository.
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert rehearse_all._code() == ""
    known, new, ignored = (tmp_path / name for name in ("known", "a new\nfile", "ignored"))

    def git(*words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words], cwd=tmp_path, check=True)

    def written(path, text):
        path.write_bytes(text)
        return rehearse_all._code()

    written(tmp_path / ".gitignore", b"ignored\n")
    git("init", "-q")
    written(known, b"\0one")
    git("add", ".")
    git("commit", "-qm", "one")
    committed = rehearse_all._code()
    codes = [committed, written(known, b"\0two"), written(known, b"\0six"), written(new, b"one"), written(new, b"two")]
    assert "" not in codes and len(set(codes)) == len(codes)
    assert written(ignored, b"what the run leaves") == codes[-1]
    new.unlink()
    assert written(known, b"\0one") == committed


@pytest.mark.parametrize("how", [SlipwayError, KeyboardInterrupt], ids=["error", "ctrl-c"])
def test_what_died_goes_on_with_the_step_that_it_died_in(how, run):
    status, ran = run("dies in trixie measure", raised=how)
    assert status in (1, 130) and ran == BOOKWORM + TRIXIE[:3]
    assert run() == (0, ["resume step0", "trixie measure", "trixie stress"])


def test_a_step_that_did_not_hold_ends_it_and_is_played_again(run):
    assert run("bookworm measure") == (1, BOOKWORM[:3])
    assert run() == (0, ["resume step0", "bookworm measure", "bookworm stress", *TRIXIE])


def test_before_the_first_step_it_goes_on_from_the_first_deploy(run):
    run("dies in bookworm drift")
    assert run()[1][:2] == ["resume provisioned", "bookworm drift"]


def test_where_another_rehearsal_ran_since_it_starts_again(run, tmp_path):
    run("dies in bookworm measure")
    rehearse.reset(tmp_path / "another")
    assert run()[1][:2] == BOOKWORM[:2]


def test_a_machine_that_is_gone_is_made_anew(run, monkeypatch):
    """As after a disaster that was interrupted."""
    run("dies in bookworm measure")
    monkeypatch.setattr(Machine, "burnt", True)
    assert run()[1][:2] == BOOKWORM[:2]


def test_two_at_once_in_one_checkout_are_rejected(run, capsys):
    with rehearse.alone():
        assert run() == (1, [])
    assert capsys.readouterr().err == ("slipway: another rehearsal runs in this checkout; wait for it, or end it\n")


def test_a_site_that_has_moved_to_another_machine_is_not_resumed_on_the_one_it_left(run):
    moved = ("moves in bookworm measure", "dies in bookworm stress")
    assert run(*moved)[0] == 1
    assert run()[1][:2] == ["begin bookworm", "bookworm drift"]
