"""The sentence names the depth, what was looked at, what was left out and who was not heard."""

from dataclasses import replace

import pytest

from static_smoke.sentence import details
from static_smoke.verdict import CHECKS, CheckResult, Control, Finding, LeftOut, Verdict

SITE = "https://www.a/"
FINDING = Finding("P", f"{SITE}static/a.js", SITE, "it is written", "mend it")
CONTROL = Control("sign-in", "-", "1", "missed", "answered 200: Please enter a correct username")


def loads(pages: int, *devices: str, failed: bool = False) -> list[dict]:
    return [{"place": f"{SITE}{page}", "device": it, "failed": failed} for page in range(pages) for it in devices]


def verdict(**changes) -> Verdict:
    """A full run that heard everything; ``checks`` replaces some of them."""
    checks = {letter: CheckResult("passed", checked=1) for letter in CHECKS} | changes.pop("checks", {})
    given = {
        "findings": [],
        "assets": [{"verdict": "ok"}] * 137,
        "pages": [{}] * 14,
        "page_loads": loads(14, "desktop", "phone", "tablet"),
    }
    return Verdict("1", SITE, checks, **given | changes)


def test_a_full_run_that_heard_everything_says_0():
    expected = "0 static requests reached the origin (full: 14 pages, 3 screens each); 137 assets from the CDN"
    assert verdict().sentence == expected
    assert list(details(verdict())) == []


def test_a_site_without_a_cdn_says_where_its_assets_come_from():
    assert verdict(no_cdn=True).sentence.endswith("; 137 assets from the bucket, without a CDN")


def test_a_full_run_that_parsed_each_page_and_loaded_few_on_each_screen_says_so():
    run = verdict(left_out=[LeftOut("screens", 16, "--full-pages 6")])
    assert run.sentence.startswith(
        "0 static requests reached the origin (full: 14 pages, 3 screens each; left out: 16 "
    )


def test_a_quick_run_names_what_it_left_out():
    left = [LeftOut("screens", 10, "a"), LeftOut("screens", 6, "b"), LeftOut("objects", 31, "of 4 URL patterns")]
    run = verdict(depth="quick", left_out=left, pages=[{}] * 8, page_loads=loads(8, "desktop"))
    assert run.sentence == (
        "no static request to the origin was seen (quick: 8 pages, 1 screen; "
        "left out: 16 screens, 31 objects of 4 URL patterns); 137 assets from the CDN"
    )
    assert "left out: 10 screens: a" in list(details(run))


@pytest.mark.parametrize(
    "less",
    [
        {"depth": "quick"},
        {"left_out": [LeftOut("pages", 1, "--max-pages 40")]},
        {"left_out": [LeftOut("objects", 1, "of 1 URL pattern")]},
        {"checks": {"O": CheckResult("not checked", "no --origin-log")}},
        {"checks": {"C": CheckResult("passed", "no --manifest", 3)}},
    ],
    ids=["quick", "pages", "objects", "check", "part of a check"],
)
def test_less_than_everything_never_says_0(less):
    run = verdict(**less)
    assert run.verdict == "passed"
    assert run.sentence.startswith("no static request to the origin was seen (")


def test_who_was_not_heard_is_named_with_the_reason_on_the_next_lines():
    run = verdict(checks={"O": CheckResult("not checked", "no --origin-log"), "C": CheckResult("passed", "late", 3)})
    assert "; not heard: the origin's log (O); heard in part: the canary (C)); " in run.sentence
    lines = list(details(run))
    assert lines[0].startswith("not heard: the origin's log (O): no --origin-log; unknown: ")
    assert lines[1].startswith("heard in part: the canary (C): late; ")


def test_a_home_page_that_the_browser_never_saw_is_inconclusive():
    unseen = {"home_seen": False, "page_loads": loads(1, "desktop", "phone", failed=True)}
    run = verdict(**unseen)
    assert (run.verdict, run.status) == ("inconclusive", 1)
    assert run.sentence == (
        "the run is inconclusive: the browser did not see the home page (full: 14 pages, no screen)"
    )
    failed = verdict(findings=[FINDING], **unseen)
    assert failed.verdict == "failed"
    assert "inconclusive otherwise: the browser did not see the home page" in list(details(failed))
    # Without a browser the sentence names it.
    assert verdict(home_seen=False, page_loads=[]).verdict == "passed"


def test_a_run_that_ended_early_is_inconclusive():
    run = verdict(ended=["crawl: the site answers no more"])
    assert run.sentence.startswith("the run is inconclusive: it ended early: crawl: the site answers no more (full: ")


def test_a_missed_control_outranks_findings():
    run = verdict(findings=[FINDING], controls=[CONTROL])
    assert run.verdict == "inconclusive"
    assert "1 control missed: sign-in: answered 200: Please enter a correct username (" in run.sentence


def test_findings_are_counted_with_their_checks():
    assert verdict(findings=[FINDING]).sentence == "1 finding (checks: P; full: 14 pages, 3 screens each)"
    two = [replace(FINDING, check=letter, cause=1) for letter in "OP"]
    assert verdict(findings=two).sentence.startswith("1 finding (checks: O, P; ")


def test_screens_that_differ_are_a_range():
    run = verdict(page_loads=[*loads(3, "desktop"), *loads(1, "phone", "tablet")])
    assert "(full: 14 pages, 1 to 3 screens each)" in run.sentence


def test_the_json_has_what_the_sentence_says():
    document = verdict(home_seen=False, left_out=[LeftOut("pages", 2, "--max-pages 40")]).as_json()
    assert document["left_out"] == [{"what": "pages", "count": 2, "reason": "--max-pages 40"}]
    assert document["doubts"] == ["the browser did not see the home page"]
    assert (document["depth"], document["verdict"]) == ("full", "inconclusive")


def test_strict_fails_a_run_that_did_not_hear_everything():
    missing = {"O": CheckResult("not checked", "no --origin-log")}
    assert verdict(checks=missing).status == 0
    run = verdict(checks=missing, strict=True)
    assert (run.verdict, run.status) == ("passed", 1)
    assert next(details(run)) == "exit status 1 by --strict: not every check was heard whole"
    assert verdict(strict=True).status == 0
