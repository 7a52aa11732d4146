"""A CDN that answers usual requests by itself and passes others on to the origin."""

import asyncio

import pytest
from multidict import CIMultiDict

from static_smoke.checks import ways_to_ask
from static_smoke.checks.fetch import Asset
from static_smoke.http.client import Answer
from static_smoke.http.hosts import Hosts

HOSTS = Hosts("https://www.example.com/", "https://static.example.com/", "https://media.example.com/")
CSS = "https://static.example.com/css/base.css"
ORIGIN = (302, {"Location": "https://www.example.com/static/css/base.css"})
MARKED = (404, {"X-Origin": "here"})
ELSEWHERE = (302, {"Location": "https://static.example.com/error.html"})
LEAKS = {
    "for HEAD": lambda url, method, headers: method == "HEAD",
    "with a query": lambda url, method, headers: "?" in url,
    "for a Range": lambda url, method, headers: "Range" in headers,
    "to who takes no br": lambda url, method, headers: headers.get("Accept-Encoding") == "gzip",
    "to a phone": lambda url, method, headers: "Mobile" in headers.get("User-Agent", ""),
    "for a name that no file has": lambda url, method, headers: not url.startswith(CSS),
}


class Cdn:
    run = "ab" * 6

    def __init__(self, passes_on, status, headers):
        self._passes_on, self._status, self._headers = passes_on, status, headers

    async def request(self, url, *, method="GET", headers=None):
        if self._passes_on(url, method, headers or {}):
            return Answer(url, self._status, CIMultiDict(self._headers))
        return Answer(url, 200 if url.startswith(CSS) else 403, CIMultiDict())


def asked(passes_on, answer):
    asset = Asset(CSS, "style", "https://www.example.com/", answers=[Answer(CSS, 200, CIMultiDict(), b"a{}")])
    return asyncio.run(ways_to_ask.check(Cdn(passes_on, *answer), HOSTS, [asset], "X-Origin"))


@pytest.mark.parametrize("answer", [ORIGIN, MARKED])
@pytest.mark.parametrize("how", LEAKS)
def test_what_is_passed_on_is_one_finding_that_says_how_it_was_asked(how, answer):
    (fact,) = asked(LEAKS[how], answer)
    assert how in fact.what and fact.url.startswith("https://static.example.com/css/")


def test_a_missing_name_may_lead_to_a_page_of_the_cdn_and_a_file_may_not():
    facts = asked(lambda *_: True, ELSEWHERE)
    assert len(facts) == len(LEAKS) - 1
    assert not [fact for fact in facts if "no file has" in fact.what]


def test_a_cdn_that_answers_by_itself_raises_nothing():
    assert asked(lambda *_: False, ORIGIN) == []
