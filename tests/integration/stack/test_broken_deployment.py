"""Each broken deployment is caught by the witness that can see it, and by no unrelated one."""

from dataclasses import dataclass

import pytest

from tests.integration.stack.broken import BREAKS

# Where a witness says that it saw something; P, B, H and N name the page or the stylesheet.
PLACES = {"O": "access.log:", "C": "objects.json"}


@dataclass(frozen=True)
class Caught:
    """Who must go red, who else may see the same fault, and what the report must name."""

    by: str
    url: str
    may: str = ""
    page: str = "://www."


CAUGHT = {
    "m1": Caught(by="PBO", url="/static/"),
    "m2": Caught(by="PO", may="B", url="/static/js/old.js"),
    "m3": Caught(by="C", url="/static/"),
    "m4": Caught(by="C", url="/static/"),
    "m9": Caught(by="HB", url="://static."),
    "m13": Caught(by="P", url="/img/", page="/css/"),
    "m15": Caught(by="P", may="B", url="://static."),
    "m18": Caught(by="H", url="/CACHE/css/"),
    "m22": Caught(by="N", may="P", url="/favicon.ico", page="/slipway-smoke-"),
    "m23": Caught(by="P", url="/static/dense.png"),
    "m27": Caught(by="P", url="/media/"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_broken_deployment(name, stage, prove):
    status, report = prove()
    assert (status, report["verdict"], report["findings"]) == (0, "green", [])

    with BREAKS[name](stage):
        status, report = prove()

    expected = CAUGHT[name]
    assert status != 0 and report["verdict"] == "red"
    red = {letter for letter, witness in report["witnesses"].items() if witness["state"] == "red"}
    assert set(expected.by) <= red <= set(expected.by + expected.may)
    for letter in expected.by:
        place = PLACES.get(letter, expected.page)
        seen = [finding for finding in report["findings"] if finding["witness"] == letter]
        assert any(expected.url in finding["url"] and place in finding["place"] for finding in seen), seen
