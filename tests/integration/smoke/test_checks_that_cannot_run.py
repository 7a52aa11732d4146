"""A check that cannot run makes the run inconclusive, or is named as not verified. It never passes in silence."""

import stat

import pytest
from aiohttp import web

from static_smoke.browser.chromium import KILLED
from static_smoke.browser.window import Window
from static_smoke.options import find_browser
from static_smoke.sentence import details
from tests.integration.smoke.stack import IMMUTABLE


def test_without_log_and_browser_the_verdict_says_what_is_not_known(prove):
    verdict = prove(origin_log=None, browser=None)
    assert verdict.verdict == "passed"
    assert verdict.sentence.startswith("no static request to the origin was seen (full: 10 pages, no screen; ")
    assert "not heard: the browser (B), the net log (N), the origin's log (O), the provisioned" in verdict.sentence
    unverified = {claim["check"]: claim for claim in verdict.unverified}
    assert {"B", "N", "O", "A"} == unverified.keys()
    assert (unverified["O"]["extent"], unverified["O"]["reason"]) == ("nothing", "no --origin-log")
    assert any(line.startswith("not heard: the browser (B): no Chromium found; ") for line in details(verdict))


def test_without_a_browser_the_parser_reports_the_missing_icon(stack, prove):
    stack.pages["404"] = stack.page("404", "sorry", icon=False)
    verdict = prove(browser=None)
    assert [finding.check for finding in verdict.findings] == ["P"]
    assert "no icon" in verdict.findings[0].what


def test_a_log_that_shows_nothing_is_inconclusive(stack, prove, monkeypatch):
    monkeypatch.setattr("static_smoke.checks.origin_log.WAIT", 0.2)
    stack.logs = False
    verdict = prove()
    assert verdict.verdict == "inconclusive"
    assert verdict.status == 1
    assert {control.check for control in verdict.missed} == {"O"}
    assert verdict.checks["O"].state == "not checked"


def test_a_login_that_is_rejected_is_inconclusive(stack, prove):
    stack.takes_logins = False
    verdict = prove(browser=None)
    assert verdict.verdict == "inconclusive"
    assert "sign-in" in verdict.sentence


def test_a_login_that_would_leave_the_site_is_inconclusive_and_names_the_host(stack, prove):
    stack.pages["/login/"] = stack.pages["/login/"].replace("<form ", f'<form action="{stack.media_url}in/" ')
    verdict = prove(browser=None)
    assert verdict.verdict == "inconclusive" and "sign-in" in verdict.sentence
    assert [note for note in verdict.notes if f"sends the password to {stack.media_url.rstrip('/')}, " in note]


def test_a_log_of_another_site_is_inconclusive(stack, prove, tmp_path, monkeypatch):
    monkeypatch.setattr("static_smoke.checks.origin_log.WAIT", 0.2)
    elsewhere = tmp_path / "elsewhere.log"
    elsewhere.write_text('{"run": "", "uri": "/", "status": 200, "agent": "somebody"}\n')
    verdict = prove(origin_log=elsewhere, browser=None)
    assert verdict.verdict == "inconclusive" and {control.check for control in verdict.missed} == {"O"}


def test_a_browser_that_does_not_start_weakens_what_it_would_have_seen(prove, tmp_path):
    verdict = prove(browser=script(tmp_path, "exit 1"))
    assert verdict.verdict == "passed" and "not heard: the browser (B), the net log (N), " in verdict.sentence
    assert {claim["check"] for claim in verdict.unverified if claim["extent"] == "nothing"} >= {"B", "N"}


def test_a_browser_without_a_net_log_is_inconclusive(prove, tmp_path):
    """It looks at every page and keeps nothing of what it hides from its automation."""
    chromium = find_browser()
    without = f"""for word do shift; case "$word" in --log-net-log=*) ;; *) set -- "$@" "$word" ;; esac; done
exec {chromium} "$@\""""
    verdict = prove(browser=script(tmp_path, without))
    assert verdict.verdict == "inconclusive" and {control.check for control in verdict.missed} == {"N"}
    assert verdict.checks["B"].state == "passed"


def test_visits_that_fail_are_counted(prove, monkeypatch):
    monkeypatch.setattr("static_smoke.browser.window.PAGE_TIMEOUT", 1)
    verdict = prove()
    assert verdict.checks["B"].state == "not checked"
    assert verdict.checks["B"].reason.startswith("no page could be loaded: Page.goto: Timeout 1ms exceeded")
    assert verdict.verdict == "inconclusive"
    assert verdict.sentence.startswith("the run is inconclusive: the browser did not see the home page (")
    assert "not heard: the browser (B)" in verdict.sentence


def test_a_run_without_any_minutes_could_not_start(prove):
    verdict = prove(minutes=0)
    assert verdict.status == 2
    assert "/ did not answer: --minutes were over" in verdict.sentence


def test_what_a_run_leaves_out_is_counted(stack, prove):
    links = "".join(f'<a href="/photos/{number}/">{number}</a>' for number in range(1, 6))
    stack.pages["/"] += links
    stack.pages |= {f"/photos/{number}/": stack.pages["/gallery/"] for number in range(1, 6)}
    verdict = prove(login=None, full_pages=1, max_objects=1)
    left = {(it.what, it.reason): it.count for it in verdict.left_out}
    assert left["objects", "of 1 URL pattern"] == 2
    loaded = {load["place"] for load in verdict.page_loads}
    assert left["screens", "--full-pages 1"] == 2 * (len(loaded) - 1)
    assert left["screens", "they load the same files as a page that was loaded"]
    few = prove(browser=None, max_pages=1, login=None)
    assert {(it.what, it.reason) for it in few.left_out} == {("pages", "--max-pages 1")}


def test_a_cdn_that_answers_200_to_everything_is_inconclusive(stack, prove):
    del stack.static[stack.names["img/bg.svg"]]

    def agree(request, name):
        known = stack.static.get(name) or stack.media.get(name)
        headers = {"X-Cache": "Hit from cloudfront", "Content-Type": "image/svg+xml", "Cache-Control": IMMUTABLE}
        return None if known else web.Response(body=b"<svg/>", headers=headers)

    stack.cdn_override = agree
    verdict = prove(browser=None, manifests=())
    assert verdict.verdict == "inconclusive"
    assert {(control.check, control.name) for control in verdict.missed} == {("H", "missing name")}
    # What was seen of the file stays: its bytes are not those of its name.
    assert [(finding.check, finding.rule) for finding in verdict.findings] == [("H", "HASH")]
    assert (verdict.checks["H"].checked, "the control was missed" in verdict.checks["H"].reason) == (0, True)


def script(directory, line):
    """A browser that is a shell script."""
    path = directory / "browser"
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


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
