"""One cause, one failed check."""

import pytest

from static_smoke.report.attribution import attribute
from static_smoke.rules import Fact, Rule

SITE = "https://www.example.com"
CDN = "https://static.example.com"


def reds(*facts: Fact) -> list[Rule]:
    findings, _ = attribute(facts)
    fixes = {check.fix: check for check in Rule}
    return [fixes[finding.fix] for finding in findings]


def fact(rule: Rule, url: str = f"{SITE}/static/a.png", place: str = "page", **more) -> Fact:
    return Fact(rule, url, place, rule.name, **more)


def test_a_hard_coded_path_is_the_parsers_and_the_logs():
    seen = [fact(check) for check in (Rule.WRITTEN, Rule.ASKED, Rule.HIDDEN, Rule.ARRIVED)]
    assert reds(*seen) == [Rule.WRITTEN, Rule.ARRIVED]


@pytest.mark.parametrize("written", [Rule.WRITTEN_MAYBE, Rule.WRITTEN_MEDIA])
def test_what_some_screens_ask_for_is_the_parsers_alone(written):
    assert reds(fact(written), fact(Rule.ASKED), fact(Rule.ARRIVED)) == [written]


def test_what_is_written_both_ways_counts_as_asked_by_every_screen():
    seen = [fact(check) for check in (Rule.WRITTEN_MAYBE, Rule.WRITTEN, Rule.ARRIVED)]
    assert reds(*seen) == [Rule.WRITTEN, Rule.ARRIVED]


def test_an_unwritten_request_is_the_browsers_and_the_logs():
    assert reds(fact(Rule.ASKED), fact(Rule.HIDDEN), fact(Rule.ARRIVED)) == [Rule.ASKED, Rule.ARRIVED]


def test_the_net_log_outranks_the_parser_on_icons_and_each_page_is_named():
    url = f"{SITE}/favicon.ico"
    seen = [fact(Rule.NO_ICON, f"{SITE}/404"), fact(Rule.HIDDEN, url, "404"), fact(Rule.HIDDEN, url, "400")]
    assert reds(*seen) == [Rule.HIDDEN, Rule.HIDDEN]
    assert reds(seen[0]) == [Rule.NO_ICON]


def test_a_redirect_explains_what_its_target_receives():
    target = f"{SITE}/a.js"
    redirect = fact(Rule.REDIRECTED, f"{CDN}/a.js", also=(target,))
    asked = fact(Rule.ASKED, target, also=(f"{CDN}/a.js",))
    assert reds(redirect, asked, fact(Rule.ARRIVED, target)) == [Rule.REDIRECTED]


def test_a_host_that_rejects_all_explains_each_missing_file():
    seen = [fact(check, f"{CDN}/a.js") for check in (Rule.DENIED, Rule.MISSING, Rule.FAILED)]
    assert reds(*seen) == [Rule.DENIED]
    assert reds(*seen[1:]) == [Rule.MISSING]


def test_places_are_counted_once_each():
    findings, _ = attribute([fact(Rule.WRITTEN, place=place) for place in ("a", "b", "b", "c")])
    assert [(it.place, it.what) for it in findings] == [("a", "WRITTEN (and in 2 more places)")]


def test_what_is_explained_is_kept_with_its_reason():
    _, consequences = attribute([fact(Rule.WRITTEN), fact(Rule.ASKED)])
    assert [(it["check"], it["because"]) for it in consequences] == [("B", "P: WRITTEN")]


def test_every_check_has_a_fix_of_its_own():
    assert len({check.fix for check in Rule}) >= len(Rule) - 2
