"""A site, a CDN or a log that dies while it is looked at: inconclusive, with the reason, and never with a finding."""

import pytest

from static_smoke import health

# Requests of a whole run of the stack without a browser: 70 to the origin, 40 to the CDN.
DROPPED, FAILING = (0, "did not answer: Server disconnected"), (500, "answered 500: Bad day")


@pytest.fixture(autouse=True)
def _nothing_comes_back(monkeypatch):
    monkeypatch.setattr(health, "PAUSES", (0.01,))


@pytest.mark.parametrize(("moment", "how"), [(16, DROPPED), (16, FAILING), (28, DROPPED), (50, FAILING)])
def test_an_origin_that_dies_is_inconclusive_and_serves_nothing(stack, prove, moment, how):
    stack.dies_after["origin"] = moment, how[0]
    verdict = prove(browser=None)
    assert verdict.findings == [] and verdict.status == 1
    assert f":{stack.origin_port} does not answer any more ({how[1]})" in verdict.sentence


@pytest.mark.parametrize("status", [0, 500])
def test_a_site_that_answers_nothing_from_the_start_is_named_by_its_answers(stack, prove, status):
    stack.dies_after["origin"] = 0, status
    verdict = prove(browser=None)
    said = "answered 500: Bad day" if status else "did not answer: Server disconnected"
    assert verdict.findings == [] and verdict.status == 2
    assert f"/ {said}; /admin/ {said}" in verdict.sentence


@pytest.mark.parametrize(("moment", "how"), [(0, DROPPED), (1, FAILING), (16, DROPPED), (36, FAILING)])
def test_a_cdn_that_dies_is_inconclusive_and_misses_nothing(stack, prove, moment, how):
    stack.dies_after["cdn"] = moment, how[0]
    verdict = prove(browser=None)
    assert verdict.findings == [] and verdict.verdict == "inconclusive"
    assert f":{stack.cdn_port} does not answer any more ({how[1]})" in verdict.sentence


def test_what_was_found_before_the_site_died_is_a_finding(stack, prove):
    stack.pages["/"] = stack.pages["/"].replace("</body>", '<img src="/static/leak.png"></body>')
    del stack.static[stack.names["img/bg.svg"]]
    stack.dies_after["origin"] = 28, 500
    verdict = prove(browser=None)
    assert {finding.url.rpartition("/")[2].partition(".")[0] for finding in verdict.findings} == {"leak", "bg"}
