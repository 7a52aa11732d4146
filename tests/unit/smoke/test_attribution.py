"""One cause, one red witness."""

import pytest

from tests.smoke.attribution import Check, Fact, attribute

SITE = "https://www.example.com"
CDN = "https://static.example.com"


def reds(*facts: Fact) -> list[Check]:
    findings, _ = attribute(facts)
    fixes = {check.fix: check for check in Check}
    return [fixes[finding.fix] for finding in findings]


def fact(check: Check, url: str = f"{SITE}/static/a.png", place: str = "page", **more) -> Fact:
    return Fact(check, url, place, check.name, **more)


def test_a_hard_coded_path_is_the_parsers_and_the_logs():
    seen = [fact(check) for check in (Check.WRITTEN, Check.ASKED, Check.HIDDEN, Check.ARRIVED)]
    assert reds(*seen) == [Check.WRITTEN, Check.ARRIVED]


@pytest.mark.parametrize("written", [Check.WRITTEN_MAYBE, Check.WRITTEN_MEDIA])
def test_what_some_screens_ask_for_is_the_parsers_alone(written):
    assert reds(fact(written), fact(Check.ASKED), fact(Check.ARRIVED)) == [written]


def test_what_is_written_both_ways_counts_as_asked_by_every_screen():
    seen = [fact(check) for check in (Check.WRITTEN_MAYBE, Check.WRITTEN, Check.ARRIVED)]
    assert reds(*seen) == [Check.WRITTEN, Check.ARRIVED]


def test_an_unwritten_request_is_the_browsers_and_the_logs():
    assert reds(fact(Check.ASKED), fact(Check.HIDDEN), fact(Check.ARRIVED)) == [Check.ASKED, Check.ARRIVED]


def test_the_net_log_outranks_the_parser_on_icons_and_each_page_is_named():
    url = f"{SITE}/favicon.ico"
    seen = [fact(Check.NO_ICON, f"{SITE}/404"), fact(Check.HIDDEN, url, "404"), fact(Check.HIDDEN, url, "400")]
    assert reds(*seen) == [Check.HIDDEN, Check.HIDDEN]
    assert reds(seen[0]) == [Check.NO_ICON]


def test_a_redirect_explains_what_its_target_receives():
    target = f"{SITE}/a.js"
    redirect = fact(Check.REDIRECTED, f"{CDN}/a.js", also=(target,))
    asked = fact(Check.ASKED, target, also=(f"{CDN}/a.js",))
    assert reds(redirect, asked, fact(Check.ARRIVED, target)) == [Check.REDIRECTED]


def test_a_host_that_refuses_all_explains_each_missing_file():
    seen = [fact(check, f"{CDN}/a.js") for check in (Check.REFUSED, Check.MISSING, Check.FAILED)]
    assert reds(*seen) == [Check.REFUSED]
    assert reds(*seen[1:]) == [Check.MISSING]


def test_places_are_counted_once_each():
    findings, _ = attribute([fact(Check.WRITTEN, place=place) for place in ("a", "b", "b", "c")])
    assert [(it.place, it.what) for it in findings] == [("a", "WRITTEN (and in 2 more places)")]


def test_what_is_explained_is_kept_with_its_reason():
    _, consequences = attribute([fact(Check.WRITTEN), fact(Check.ASKED)])
    assert [(it["witness"], it["because"]) for it in consequences] == [("B", "P: WRITTEN")]


def test_every_check_has_a_fix_of_its_own():
    assert len({check.fix for check in Check}) >= len(Check) - 2
