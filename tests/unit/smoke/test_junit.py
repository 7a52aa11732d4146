"""The verdict in the form that a CI shows."""

from tests.smoke.junit import suite
from tests.smoke.verdict import WITNESSES, Control, Finding, Verdict, Witness


def test_a_finding_fails_its_witness_and_an_unheard_one_is_skipped():
    witnesses = {letter: Witness("green", checked=1) for letter in WITNESSES}
    witnesses["P"] = Witness("red")
    witnesses["O"] = Witness("not seen", "no --origin-log")
    finding = Finding("P", "https://www.a/static/a.js", "https://www.a/", "it is written", "mend it", "a.html:3")
    controls = [Control("planted request", "O", "1", "missed", "its line did not appear")]
    verdict = Verdict("1", "https://www.a/", witnesses, [finding], controls=controls)
    root = suite(verdict.as_json())
    cases = {case.get("name"): case for case in root}
    failure = cases["P: parse of every page and stylesheet"].find("failure")
    assert "https://www.a/static/a.js" in failure.get("message") and "a.html:3" in failure.text
    assert cases["O: the origin's access log"].find("skipped").get("message") == "no --origin-log"
    assert "void" in cases["O: planted request"].find("failure").get("message")
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("8", "2", "1")
