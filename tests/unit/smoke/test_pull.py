"""Pull mode excuses the CDN's own requests, and nothing that a page or a browser does."""

import pytest

from static_smoke.checks.pull import excuse
from static_smoke.rules import Fact, Rule
from static_smoke.site.manifest import Entry, Manifest
from static_smoke.verdict import CheckResult, Verdict

HASHED = "css/a.0123456789ab.css"
MANIFEST = Manifest([Entry(HASHED, True, "objects.json"), Entry("favicon.ico", False, "objects.json")])
SITE = "https://www.example.com/"


def fact(rule, name):
    also = (SITE + name,) if rule is Rule.PULLED else ()
    return Fact(rule, "https://static.example.com/" if also else SITE + name, "", "", also)


@pytest.mark.parametrize("check", [Rule.PULLED, Rule.ARRIVED])
@pytest.mark.parametrize("manifest", [MANIFEST, Manifest()], ids=["manifest", "none"])
def test_a_hashed_name_may_be_pulled(check, manifest):
    assert excuse([fact(check, f"pulled/{HASHED}")], "/pulled/", manifest) == []


@pytest.mark.parametrize("check", [Rule.PULLED, Rule.ARRIVED])
@pytest.mark.parametrize(
    "name", [HASHED, f"static/{HASHED}", "pulled/favicon.ico", "pulled/css/a.css", "pulled/css/b.0123456789ab.css"]
)
def test_no_other_name_may(check, name):
    found = fact(check, name)
    assert excuse([found], "/pulled/", MANIFEST) == [found]


@pytest.mark.parametrize("check", sorted(set(Rule) - {Rule.PULLED, Rule.ARRIVED}, key=str))
def test_every_other_check_holds_as_it_does(check):
    found = fact(check, f"pulled/{HASHED}")
    assert excuse([found], "/pulled/", MANIFEST) == [found]


def test_the_sentence_promises_less():
    served = [{"verdict": "ok"}] * 3
    said = Verdict("1", SITE, {"P": CheckResult()}, [], assets=served, pull=True).sentence
    assert said.startswith("no page sends a visitor to the origin")
    assert "which pulls them from the origin" in said
    assert "0 static requests" not in said
