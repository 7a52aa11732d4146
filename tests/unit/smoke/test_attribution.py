"""One cause, one failed check."""

import pytest

from static_smoke.report.attribution import attribute
from static_smoke.rules import Fact, Rule

SITE = "https://www.example.com"
CDN = "https://static.example.com"


def reds(*facts: Fact, **more) -> list[Rule]:
    findings, _ = attribute(facts, **more)
    fixes = {check.fix: check for check in Rule}
    return [fixes[finding.fix] for finding in findings]


def each(rule: Rule, base: str, number: int, kind: str = "png") -> list[Fact]:
    return [fact(rule, f"{base}/{index}.{kind}") for index in range(number)]


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


def test_a_leak_of_a_base_template_is_one_finding_with_its_pages():
    findings, _ = attribute([fact(Rule.WRITTEN, place=place) for place in ("a", "b", "b", "c")])
    assert [(it.place, it.what, it.places) for it in findings] == [("a", "WRITTEN", ("a", "b", "c"))]


def test_a_wrong_static_url_is_one_finding_a_check_with_every_url():
    site = f"{SITE}/static"
    seen = [*each(Rule.WRITTEN, site, 90), *each(Rule.ARRIVED, site, 90)]
    seen += [fact(Rule.NO_CDN, f"{site}/1.png", place=place) for place in ("a", "b")]
    findings, _ = attribute(seen, cdn_named=False)
    assert [(it.check, it.fix, len(it.also)) for it in findings] == [
        ("P", Rule.NO_CDN.fix, 89),
        ("O", Rule.NO_CDN.fix, 89),
        ("B", Rule.NO_CDN.fix, 0),
    ]
    assert len({it.cause for it in findings}) == 1


def test_names_with_a_hash_on_the_origin_are_static_urls_even_if_bundles_are_on_the_cdn():
    seen = [fact(Rule.WRITTEN, f"{SITE}/static/{number:012x}/a.{number:012x}.png") for number in range(9)]
    assert reds(*seen, fact(Rule.NO_CDN, seen[0].url)) == [Rule.NO_CDN, Rule.NO_CDN]
    findings, _ = attribute(seen)
    assert [(it.check, len(it.also)) for it in findings] == [("P", 8)]


def test_hard_coded_paths_beside_a_right_static_url_are_a_finding_each():
    """Each may stand in a template of its own."""
    seen = [*each(Rule.WRITTEN, f"{SITE}/static", 9), fact(Rule.NO_CDN, f"{SITE}/static/1.png")]
    assert reds(*seen) == [Rule.WRITTEN] * 9


@pytest.mark.parametrize("rule", [Rule.CORS_ABSENT, Rule.NOT_IMMUTABLE, Rule.UNCOMPRESSED, Rule.MARKED, Rule.BLOCKED])
def test_a_rule_of_a_host_is_one_finding_a_host(rule):
    seen = [*each(rule, f"{CDN}/fonts", 3), *each(rule, "https://media.example.com", 2)]
    findings, _ = attribute(seen)
    assert [(it.url, len(it.also)) for it in findings] == [
        (f"{CDN}/fonts/0.png", 2),
        ("https://media.example.com/0.png", 1),
    ]


@pytest.mark.parametrize("rule", [Rule.TYPE, Rule.HASH, Rule.MISSING, Rule.ENCODING])
def test_a_fault_of_an_object_is_its_own_until_many_have_it(rule):
    assert reds(*each(rule, CDN, 3)) == [rule] * 3
    assert reds(*each(rule, CDN, 4)) == [rule]


def test_wrong_types_are_merged_by_the_kind_of_file():
    assert (
        reds(*each(Rule.TYPE, CDN, 9, "css"), *each(Rule.TYPE, CDN, 9, "svg"), fact(Rule.TYPE, f"{CDN}/a.js"))
        == [Rule.TYPE] * 3
    )


def test_media_of_one_folder_are_one_finding_when_there_are_many():
    assert reds(*each(Rule.WRITTEN_MEDIA, f"{SITE}/media/photos", 40)) == [Rule.WRITTEN_MEDIA]


def test_a_site_without_a_cdn_has_one_finding_whoever_saw_its_files():
    leaks = [fact for rule in (Rule.WRITTEN, Rule.ASKED, Rule.ARRIVED, Rule.SERVED) for fact in each(rule, SITE, 9)]
    found, consequences = attribute([*leaks, fact(Rule.NO_CDN, SITE), fact(Rule.NO_STATIC_HOST, SITE)], cdn_named=False)
    assert [finding.rule for finding in found] == ["NO_STATIC_HOST"]
    assert len(consequences) == 37


def test_debug_on_is_one_finding_on_all_its_pages():
    (finding,), _ = attribute([fact(Rule.DEBUG_PAGE, f"{SITE}/{page}", page) for page in ("404", "400", "403")])
    assert finding.places == ("404", "400", "403")


def test_pages_of_one_section_without_an_icon_are_one_finding():
    url = f"{SITE}/favicon.ico"
    seen = [fact(Rule.HIDDEN, url, f"{SITE}/admin/{page}/") for page in range(30)]
    seen += [fact(Rule.HIDDEN, url, f"{SITE}/slipway-smoke-1/")]
    assert reds(*seen) == [Rule.HIDDEN, Rule.HIDDEN]


def test_what_two_checks_saw_of_one_url_has_one_cause():
    findings, _ = attribute([fact(Rule.WRITTEN), fact(Rule.ARRIVED), fact(Rule.ARRIVED, f"{SITE}/static/b.png")])
    assert [(it.rule, it.cause) for it in findings] == [("WRITTEN", 1), ("ARRIVED", 1), ("ARRIVED", 2)]
    findings, _ = attribute([fact(Rule.NOT_IMMUTABLE, f"{CDN}/a.js"), fact(Rule.CORS_ABSENT, f"{CDN}/a.js")])
    assert [it.cause for it in findings] == [1, 2]


def test_what_is_explained_is_kept_with_its_reason():
    _, consequences = attribute([fact(Rule.WRITTEN), fact(Rule.ASKED)])
    assert [(it["check"], it["because"]) for it in consequences] == [("B", "P: WRITTEN")]


def test_every_check_has_a_fix_of_its_own():
    assert len({check.fix for check in Rule}) >= len(Rule) - 2
