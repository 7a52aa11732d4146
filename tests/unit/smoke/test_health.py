"""What rests on the answers of a server that has died is withheld, and nothing else."""

import asyncio

import pytest
from multidict import CIMultiDict

from static_smoke import health
from static_smoke.browser.watch import BrowserRequest, PageLoad
from static_smoke.checks.fetch import Asset
from static_smoke.health import Health
from static_smoke.http.client import TOO_LATE, Answer
from static_smoke.parse.page import parse
from static_smoke.rules import Fact, Rule
from static_smoke.site.pages import CrawledPage

SITE, STATIC = "https://www.example.com/", "https://static.example.com/a.css"


def answer(url, status, error=""):
    return Answer(url, status, CIMultiDict(), error=error)


def asset(status, error=""):
    return Asset(STATIC, "style", SITE, answers=[answer(STATIC, status, error)])


class Server:
    """Gives one answer after the other, and the last one for ever."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    async def request(self, url, headers):
        self.asked.append(url)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(health, "PAUSES", (0, 0))


def asked(*answers):
    state = Health()
    state.learn([], [asset(200)])
    server = Server(*answers)
    return state, asyncio.run(state.ask(server)), server.asked


def test_a_host_is_silent_after_three_answers_that_are_none():
    state, said, urls = asked(answer(STATIC, 503))
    assert said == ["static.example.com does not answer any more (answered 503)"] and urls == [STATIC] * 3
    assert asyncio.run(state.ask(Server(answer(STATIC, 503)))) == [], "it is said once"


def test_a_server_that_restarts_is_not_silent():
    assert asked(answer(STATIC, 0, "Cannot connect"), answer(STATIC, 200))[1] == []


def test_nothing_is_known_of_a_host_once_the_time_is_over():
    assert asked(answer(STATIC, 0, TOO_LATE))[1] == []


@pytest.mark.parametrize(("status", "error", "withheld"), [(404, "", False), (502, "", True), (0, "no answer", True)])
def test_a_missing_file_counts_if_the_cdn_said_so_before_it_died(status, error, withheld):
    state, _, _ = asked(answer(STATIC, 502))
    for rule in (Rule.MISSING, Rule.DENIED):
        fact = Fact(rule, STATIC, SITE, "")
        assert state.withholds(fact, {STATIC: asset(status, error)}, [], []) is withheld
    alive = Health()
    assert not alive.withholds(Fact(Rule.MISSING, STATIC, SITE, ""), {STATIC: asset(status, error)}, [], [])


def test_a_file_that_there_was_no_time_to_ask_for_is_not_missing():
    assert Health().withholds(Fact(Rule.MISSING, STATIC, SITE, ""), {STATIC: asset(0, TOO_LATE)}, [], [])


@pytest.mark.parametrize(("status", "withheld"), [(404, False), (0, True), (502, True)])
def test_a_request_that_fails_in_the_browser_counts_if_the_cdn_answered_it(status, withheld):
    state, _, _ = asked(answer(STATIC, 502))
    load = PageLoad(SITE, SITE, "desktop", requests=[BrowserRequest(STATIC, "style", (), False, 0.0, status=status)])
    assert state.withholds(Fact(Rule.FAILED, STATIC, SITE, ""), {}, [load], []) is withheld


def test_the_error_page_of_a_server_whose_application_has_died_is_not_judged():
    pages = [
        CrawledPage(answer(SITE, status), parse(SITE, "", [], f"{SITE} ({status})"), str(status))
        for status in (200, 502)
    ]
    facts = [Fact(Rule.NO_ICON, SITE, crawled.page.place, "") for crawled in pages]
    state = Health()
    assert not any(state.withholds(fact, {}, [], pages) for fact in facts), "the site shows it, and lives"
    state.learn(pages, [])
    asyncio.run(state.ask(Server(answer(SITE, 502))))
    assert [state.withholds(fact, {}, [], pages) for fact in facts] == [False, True]
