"""The verdict as JUnit XML."""

from dataclasses import replace

from static_smoke.report.junit import suite
from static_smoke.verdict import CHECKS, CheckResult, Control, Finding, Verdict


def test_a_finding_fails_its_check_and_one_that_did_not_run_is_skipped():
    checks = {letter: CheckResult("passed", checked=1) for letter in CHECKS}
    checks["P"] = CheckResult("failed")
    checks["O"] = CheckResult("not checked", "no --origin-log")
    finding = Finding("P", "https://www.a/static/a.js", "https://www.a/", "it is written", "mend it")
    finding = replace(finding, written=({"place": "a.html:3", "text": "<script>"},))
    controls = [Control("planted request", "O", "1", "missed", "its line did not appear")]
    verdict = Verdict("1", "https://www.a/", checks, [finding], controls=controls)
    root = suite(verdict.as_json())
    cases = {case.get("name"): case for case in root}
    failure = cases["P: parse of every page and stylesheet"].find("failure")
    assert "https://www.a/static/a.js" in failure.get("message") and "a.html:3" in failure.text
    assert cases["O: the origin's access log"].find("skipped").get("message") == "no --origin-log"
    assert "inconclusive" in cases["O: planted request"].find("failure").get("message")
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("8", "2", "1")
