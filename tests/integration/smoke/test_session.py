"""The crawl keeps its session, whatever signs it out, and follows no link with an effect twice."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from aiohttp import web

from static_smoke.http.client import Client, new_run
from static_smoke.options import Options, find_browser
from static_smoke.run import run
from static_smoke.site import session
from static_smoke.site.crawl import CrawlResult
from static_smoke.site.session import MOST_RENEWALS
from tests.integration.smoke.club import LOGIN, Club, moved
from tests.integration.smoke.crawling import crawl_site


@pytest.fixture
def club(tmp_path) -> Iterator[Club]:
    with Club(tmp_path) as club:
        yield club


@pytest.fixture
def crawled(club) -> Callable[..., CrawlResult]:
    def play(**changes) -> CrawlResult:
        return crawl_site(club, **{"login": LOGIN, "login_path": "/anmelden/", **changes})

    return play


def members(club, result):
    """The members' pages that were seen signed in."""
    return {it.url.removeprefix(club.site_url.rstrip("/")) for it in result.pages if it.signed_in} & club.members.keys()


def test_a_leak_behind_a_link_that_signs_out_is_found(club):
    options = Options(club.site_url, static=club.static_url, login=LOGIN, login_path="/anmelden/")
    verdict = run(options)
    assert [finding.url.rpartition("/")[2] for finding in verdict.findings] == ["leak.png"]
    assert [note for note in verdict.notes if "/abmelden/ ended the session" in note]
    assert club.sign_ins == 2


def test_the_link_that_ended_the_session_is_not_requested_again(club, crawled):
    result = crawled()
    assert club.visited("/abmelden/") == 1
    assert result.aside == {
        f"{club.site_url}abmelden/": "ended the session",
        f"{club.site_url}bereich/leeren/": f"changes what {club.site_url}bereich/ shows",
    }
    assert members(club, result) == club.members.keys()
    (cookie,) = result.cookies
    assert cookie["value"] in club.sessions, "the browser gets a session that has ended"
    assert not [page for page in result.for_browser() if "/abmelden/" in page.url]


def end_in_silence(club):
    def end(request, session):
        if session is not None:
            del club.sessions[request.cookies["sitzung"]]
        return club._html("/", "Schluss")

    return end


def test_a_page_that_ends_the_session_without_a_sign_is_found_out(club, crawled):
    club.views["/abmelden/"] = end_in_silence(club)
    result = crawled()
    assert members(club, result) == club.members.keys()
    assert [url.rpartition(club.site_url)[2] for url, why in result.aside.items() if "ended" in why] == ["abmelden/"]
    assert (club.sign_ins, result.sign_in_problem) == (3, "")


def test_a_session_that_is_lost_again_and_again_makes_the_run_inconclusive(club):
    for name in "abc":
        club.views[f"/{name}/"] = club._sign_out
        club.pages["/"] += f'<a href="/{name}/">{name}</a>'
    verdict = run(Options(club.site_url, static=club.static_url, login=LOGIN, login_path="/anmelden/"))
    assert verdict.verdict in ("failed", "inconclusive") and verdict.missed
    assert "the session was lost after" in verdict.missed[0].reason
    assert club.sign_ins == 1 + MOST_RENEWALS


def test_the_session_is_asked_for_at_the_end(club, crawled):
    """The last requests, a phone's, end it."""
    club.members["/bereich/"] = ""
    end = club.views["/abmelden/"]
    club.views |= {"/abmelden/": lambda *_: moved("/")}
    gallery = club._page

    def page(request):
        if "Mobile" in request.headers["User-Agent"] and request.path == "/bereich/":
            end(request, None)
        return gallery(request)

    club._page = page
    result = crawled()
    assert (result.sign_in_problem, club.sign_ins) == ("", 2)
    assert result.cookies[0]["value"] in club.sessions


def test_a_site_that_dies_leaves_the_session_unknown(club, crawled):
    def die(request, session):
        club.views["/"] = lambda *_: web.Response(status=503)
        return web.Response(status=503)

    club.views["/bereich/leeren/"] = die
    result = crawled()
    assert result.sign_in_problem.startswith(f"whether the session lasted is not known: {club.site_url} answered 503")
    assert club.sign_ins == 2, "the one before it, and the one after /abmelden/"


def test_a_link_that_changes_what_its_page_shows_is_set_aside(club, crawled):
    for place in ("wunsch", "merk"):
        club.members["/bereich/"] += f'<a href="/bereich/{place}/">{place}</a>'
        club.members[f"/bereich/{place}/"] = f'<a href="/bereich/{place}/leeren/">leeren</a>'
        club.views[f"/bereich/{place}/leeren/"] = lambda request, session: moved("/bereich/")
    result = crawled()
    assert club.visited("/bereich/leeren/") == 1
    assert [why for url, why in result.aside.items() if url.endswith("/bereich/leeren/")] == [
        f"changes what {club.site_url}bereich/ shows"
    ]
    assert [club.visited(f"/bereich/{place}/leeren/") for place in ("wunsch", "merk")] == [0, 0]
    assert ("pages", 2, "links with an effect: see the notes") in {
        (it.what, it.count, it.reason) for it in result.left_out
    }


def test_a_redirect_without_an_effect_is_none(club, crawled):
    club.members["/bereich/"] = '<a href="/bereich/neu/">Neues</a>'
    club.views["/bereich/neu/"] = lambda request, session: moved("/bereich/bilder/")
    result = crawled()
    assert [url for url in result.aside if "abmelden" not in url] == []
    assert "/bereich/bilder/" in members(club, result)


def test_links_that_are_not_for_crawlers_are_not_followed(club, crawled):
    club.pages["/"] += (
        '<a href="/eins/" rel="nofollow">1</a><a href="/zwei/" data-method="delete">2</a>'
        '<a href="/drei/offen/">3</a><a href="/drei/zu/">3</a><a href="/vier/">4</a>'
    )
    names = ("/eins/", "/zwei/", "/drei/offen/", "/drei/zu/", "/vier/")
    club.pages |= {path: club.page(path, "") for path in names}
    robots = "User-agent: other\nDisallow: /\n\nUser-agent: *\nDisallow: /drei\nDisallow: /v*r/$\nAllow: /drei/offen\n"
    club.views["/robots.txt"] = lambda *_: web.Response(text=robots)
    result = crawled(login=None)
    assert [path for path in names if club.visited(path, signed_in=False)] == ["/drei/offen/"]
    left = {it.reason: it.count for it in result.left_out if it.what == "pages"}
    assert left == {"links with rel=nofollow": 1, "robots.txt disallows them; --path asks for one nevertheless": 2}
    crawled(login=None, paths=("/vier/",))
    assert club.visited("/vier/", signed_in=False)


def test_the_admin_is_crawled_although_robots_should_not(club, crawled):
    club.views["/robots.txt"] = lambda *_: web.Response(text="User-agent: *\nDisallow: /admin/\n")
    club.pages |= {"/admin/": club.page("admin", '<a href="/admin/list/">list</a>'), "/admin/list/": club.page("", "")}
    crawled(login=None)
    assert club.visited("/admin/list/", signed_in=False)


def test_a_session_that_the_browser_ended_is_noticed(club, crawled):
    """By a script, a prefetch or a click."""
    result = crawled()

    async def look():
        options = Options(club.site_url)
        async with Client(options, new_run(), cookies=True) as client:
            return await session.lasts(client, result, club.site_url)

    assert asyncio.run(look())
    club.sessions.clear()
    assert not asyncio.run(look())


def test_a_run_whose_browser_ended_the_session_is_inconclusive(club):
    club.members["/bereich/bilder/"] = "<script>fetch('/ende/')</script>"
    club.views["/ende/"] = end_in_silence(club)
    del club.views["/abmelden/"]
    given = {"login": LOGIN, "login_path": "/anmelden/", "browser": find_browser(), "depth": "quick"}
    verdict = run(Options(club.site_url, static=club.static_url, **given))
    assert verdict.ended == ["browser: the session was lost while Chromium loaded the pages"]
