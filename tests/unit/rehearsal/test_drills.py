"""The drills' driver: which are played, what counts as passed, and its table and page."""

import re
from types import SimpleNamespace

import pytest

from rehearsal.drills import play
from rehearsal.drills.catalogue import DRILLS
from rehearsal.drills.drill import Drill, check_rejected
from rehearsal.drills.play import chosen
from rehearsal.run import Results
from rehearsal.run_log import RunLog
from slipway import ROOT
from slipway.web.errors import SlipwayError


@pytest.fixture
def run(tmp_path):
    site = SimpleNamespace(directory=tmp_path)
    return SimpleNamespace(log=RunLog(tmp_path / "log"), results=Results(url="https://www.slipway.test"), site=site)


def drill(number, *checks, error=None):
    def act(run, phase):
        for what, passed, result in checks:
            run.log.check(what, passed, result) if passed is not None else run.log.skip(what, result)
        if error:
            raise error

    return Drill(number, f"drill {number}", "as expected", act)


def test_they_are_numbered_from_1_without_a_gap():
    assert [each.number for each in DRILLS] == list(range(1, len(DRILLS) + 1))


def test_a_drill_that_a_test_plays_names_one_that_is_there():
    text = (ROOT / "rehearsal/drills/catalogue.py").read_text()
    named = re.findall(r'^PUSH = "(.+)"|^CERTIFICATE = "(.+)"|"(tests/[\w/.]+\.py)', text, re.MULTILINE)
    files = {path for each in named for path in each if path}
    assert len(files) > 4 and not [path for path in files if not (ROOT / path).is_file()]
    code = "".join((ROOT / path).read_text() for path in files)
    for name in re.findall(r"::\"?\s*\"?(test_\w+)", text):
        assert f"def {name}(" in code, name


@pytest.mark.parametrize(
    ("only", "numbers"), [("", [each.number for each in DRILLS]), ("7", [7]), ("13-15, 2,14", [2, 13, 14, 15])]
)
def test_only_chooses_some_of_them_in_their_order(only, numbers):
    assert [each.number for each in chosen(only)] == numbers


@pytest.mark.parametrize("only", ["x", "3-", "-3", "3,,4", "0", "99", "40-44"])
def test_a_wrong_one_is_named(only):
    with pytest.raises(SlipwayError, match=f"ONLY={only}: "):
        chosen(only)


def test_all_are_played_also_after_one_that_failed(run, capsys):
    drills = [
        drill(1, ("it holds", True, "yes")),
        drill(2, ("it holds", True, "yes"), ("and this", False, "it does not")),
        drill(3, error=SlipwayError("the site is gone")),
        drill(4, ("swap", None, "no kernel")),
        drill(5),
        drill(6, error=OSError("no route")),
    ]
    played = [play.play(run, each) for each in drills]
    assert [each.passed for each in played] == [True, False, False, None, None, False]
    assert [each.result for each in played] == [
        "it holds: yes",
        "and this: it does not",
        "the site is gone",
        "swap: no kernel",
        "nothing was checked",
        "OSError: no route",
    ]
    status = play.conclude(run, played, 6, "Debian trixie", run.site.directory)
    told = capsys.readouterr().out
    assert status == 1 and "drills 2, 3, 6 failed; 2 are not possible here" in told
    assert re.search(r"  2  drill 2 +FAILED +\d+\n     and this: it does not\n", told)


def test_those_that_pass_make_a_page_and_exit_with_0(run, tmp_path):
    played = [
        play.play(run, each)
        for each in (
            drill(1, ("<it> holds", True, "yes")),
            drill(2, ("swap", None, "no kernel")),
        )
    ]
    assert play.conclude(run, played, 2, "Debian trixie", tmp_path) == 0
    page = (tmp_path / "index.html").read_text()
    assert "2 drills, each as expected." in page and "&lt;it&gt; holds: yes" in page and "no kernel" in page


def test_a_run_that_ended_early_is_no_success(run, tmp_path, capsys):
    played = [play.play(run, each) for each in (drill(1, ("it holds", True, "yes")),)]
    run.log.failure = "the machine is gone"
    assert play.conclude(run, played, 3, "Debian trixie", tmp_path) == 1
    assert "ended after 1 of 3 drills: the machine is gone" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("status", "said", "now", "passed"),
    [
        (1, "▸ Check\nslipway: /healthz answers 500", "a", True),
        (0, "▸ Check\nslipway: /healthz answers 500", "a", False),
        (1, "slipway: the disk is full", "a", False),
        (1, "slipway: one thing of /healthz\nslipway: another", "a", False),
        (1, "Traceback (most recent call last)\nslipway: /healthz answers 500", "a", False),
        (1, "slipway: /healthz answers 500\nmore of it", "a", False),
        (1, "slipway: /healthz answers 500", "b", False),
    ],
)
def test_a_rejection_is_one_line_that_names_the_cause_while_the_old_release_serves(status, said, now, passed, run):
    serving = f'[{{"id": "{now}", "current": true}}]'
    run.host = SimpleNamespace(run=lambda _: serving)
    check_rejected(run, "It", (status, said), "health", "a")
    assert [each.passed for each in run.log.checks] == [passed]
