"""Logins that a program can do, and those that it cannot: their pages are left out, and that is no alarm."""

import pytest
from aiohttp import web

from static_smoke.site.crawl import CrawlResult
from tests.integration.smoke.club import LOGIN, Club, moved
from tests.integration.smoke.crawling import crawl_site

MAIL = '<form method="post"><input type="email" name="mail" autocomplete="email"><button>Send a link</button></form>'
NAME = '<form method="post" action="/anmelden/"><input name="wer" autocomplete="username"><button>Next</button></form>'
CAPTCHA = '<div class="h-captcha" data-sitekey="1"></div>'
CODE = '<form method="post"><input name="code" autocomplete="one-time-code"></form>'


@pytest.fixture
def club(tmp_path):
    with Club(tmp_path) as club:
        club.pages["/"] = '<a href="/bereich/">Mein Bereich</a>'
        yield club


def crawled(club: Club, **changes) -> CrawlResult:
    return crawl_site(club, login=LOGIN, **changes)


def left_out(result: CrawlResult) -> list[tuple[str, int, str]]:
    return [(it.what, it.count, it.reason) for it in result.left_out]


@pytest.mark.parametrize("given", [{}, {"login_path": "/anmelden/"}])
def test_a_login_by_mail_is_left_out(club, given):
    club._form = lambda: MAIL
    result = crawled(club, **given)
    reason = f"the form asks for no password: {club.site_url}anmelden/"
    assert result.sign_in_problem == ""
    assert [note.partition("?")[0] for note in result.notes if "login" in note] == [
        f"not checked: pages behind the login ({reason}" + (")" if given else "")
    ]
    ((what, count, why),) = left_out(result)
    assert (what, count) == ("pages", 1) and why.startswith(f"behind the login: {reason}")
    assert club.sign_ins == 0, "a mail was sent"


def test_a_login_with_a_captcha_is_left_out(club):
    form = club._form()
    club._form = lambda: form.replace("<button>", f"{CAPTCHA}<button>")
    result = crawled(club)
    assert result.sign_in_problem == "" and club.sign_ins == 0
    assert [why for _, _, why in left_out(result) if "the form has a captcha" in why]


def test_a_login_that_asks_for_a_code_is_left_out(club):
    def ask(request, session):
        if request.method != "POST":
            return club._html("/anmelden/", club._form())
        return moved("/code/")

    club.views |= {"/anmelden/": ask, "/code/": lambda *_: web.Response(text=CODE, content_type="text/html")}
    result = crawled(club)
    assert result.sign_in_problem == ""
    assert [why for _, _, why in left_out(result) if "the login asks for a code" in why]


def test_a_login_over_two_pages_works(club):
    def login(request, session):
        if request.method != "POST":
            return club._html("/anmelden/", NAME)
        if "step" not in request.query:
            assert (request.method, session) == ("POST", None)
            return moved("/anmelden/zwei/")
        return club._login(request, session)

    second = '<form method="post" action="/anmelden/?step=2"><input type="password" name="wort"></form>'
    club.views |= {"/anmelden/": login, "/anmelden/zwei/": lambda *_: club._html("/", second)}
    result = crawled(club)
    # Once more after /abmelden/.
    assert (result.sign_in_problem, club.sign_ins) == ("", 2)
    assert [it for it in result.pages if it.signed_in and it.url.endswith("/bereich/bilder/")]


def test_a_login_that_ends_at_its_form_again_has_failed(club):
    club.views["/anmelden/"] = lambda request, session: (
        moved("/anmelden/?wrong") if request.method == "POST" else club._html("/anmelden/", club._form())
    )
    result = crawled(club)
    assert result.sign_in_problem.endswith("/anmelden/?wrong, where the login form ends, is a login form again")


def test_pages_behind_a_login_that_nobody_gave_are_counted(club):
    result = crawl_site(club)
    assert left_out(result) == [("pages", 1, "behind the login: no SMOKE_LOGIN")]
