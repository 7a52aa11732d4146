"""A Chromium that is killed is started again, a page that crashes is loaded again; the second time it is said."""

import pytest

from static_smoke.browser.chromium import KILLED
from static_smoke.browser.window import Window


@pytest.fixture
def crash(monkeypatch):
    """Ends Chromium, or a page's process, at each of the first page loads."""

    def begin(command, times):
        look_at, left = Window._look_at, iter(range(times))

        async def crashing(window, crawled, seen):
            if next(left, None) is not None:
                session = window._session
                if command.startswith("Browser"):
                    session = await window._browser.new_browser_cdp_session()
                await session.send(command)
            await look_at(window, crawled, seen)

        monkeypatch.setattr(Window, "_look_at", crashing)

    return begin


def test_a_browser_that_is_killed_is_started_again_and_loads_every_page(prove, crash):
    crash("Browser.crash", 1)
    verdict = prove(full_pages=0, max_pages=1, login=None)
    assert verdict.verdict == "passed" and KILLED in verdict.notes
    assert {claim["check"] for claim in verdict.unverified} == {"A"}
    assert not [load["problem"] for load in verdict.page_loads if load["problem"]]


def test_a_browser_that_is_killed_twice_leaves_the_run_inconclusive(prove, crash):
    crash("Browser.crash", 2)
    verdict = prove(full_pages=0, max_pages=1, login=None)
    assert verdict.verdict == "inconclusive" and KILLED in verdict.sentence
    assert {claim["check"]: claim["reason"] for claim in verdict.unverified}.keys() >= {"B", "N"}


@pytest.mark.parametrize(("times", "outcome"), [(1, "passed"), (2, "inconclusive")])
def test_a_page_that_crashes_is_loaded_once_more(times, outcome, prove, crash, monkeypatch):
    monkeypatch.setattr("static_smoke.browser.page_loads.MAX_WINDOWS", 1)
    crash("Page.crash", times)
    verdict = prove(full_pages=0, max_pages=1, login=None)
    assert verdict.verdict == outcome
    assert ("was killed twice" in verdict.sentence) is (times == 2)
