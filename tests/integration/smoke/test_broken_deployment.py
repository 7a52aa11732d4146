"""Each broken deployment is caught by the check that can see it, and by no unrelated one."""

import pytest

from tests.integration.smoke.broken import CASES, cdn, evidence, objects, origin, pages, uploads

assert all((cdn, evidence, objects, origin, pages, uploads))  # imported for what they register


def number(name: str) -> tuple[int, str]:
    digits = name[1:].rstrip("b")
    return int(digits), name


def test_all_of_them_are_here():
    assert {f"m{number}" for number in range(1, 36)} <= CASES.keys()


def test_each_error_page_is_checked(sound):
    assert {page["kind"] for page in sound["pages"]} >= {"400", "403", "404"}


@pytest.mark.parametrize("name", sorted(CASES, key=number))
def test_broken_deployment(name, deployment, sound):
    assert (sound["verdict"], sound["findings"]) == ("passed", [])
    expected = CASES[name]
    with expected.change(deployment) as options:
        blind = {} if expected.browser else {"browser": None}
        report = deployment.prove(**(options or {}) | blind)

    failed = {letter for letter, check in report["checks"].items() if check["state"] == "failed"}
    assert set(expected.by) <= failed <= set(expected.by + expected.may), report["findings"]
    if not expected.by:
        missed = [control["name"] for control in report["controls"] if control["state"] == "missed"]
        assert report["verdict"] == "inconclusive" and expected.says in missed
        assert report["checks"]["O"]["state"] == "not checked"
        return
    assert report["verdict"] == "failed", [it for it in report["controls"] if it["state"] == "missed"]
    assert expected.fix in next(iter(report["findings"]))["fix"]
    for letter in expected.by:
        seen = [finding for finding in report["findings"] if finding["check"] == letter]
        url, place, says = (of(letter, text) for text in (expected.url, expected.place, expected.says))
        fitting = [it for it in seen if url in it["url"] and place in it["place"] and says in it["what"]]
        assert fitting and all(it["url"] and it["place"] and it["fix"] for it in seen), seen


def of(letter: str, expected: str | dict[str, str]) -> str:
    """What an expectation says of one check."""
    return expected if isinstance(expected, str) else expected[letter]
