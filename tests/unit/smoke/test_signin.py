"""The proof sends its password to the site's own origin only, whatever forms and redirects say."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from aiohttp import web
from multidict import CIMultiDict

from rehearsal.authority import Authority
from static_smoke.http import origin
from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import Hosts
from static_smoke.options import Options
from static_smoke.site.crawl import cookies_of
from static_smoke.site.login_form import read_form
from static_smoke.site.signin import NO_FORM, sign_in

LOGIN = ("ada", "l0velace")
FIELDS = '<input name="user"><input type="hidden" name="token" value="t"><input type="password" name="secret">'
FORM = f'<form method="post">{FIELDS}<button>go</button></form>'


class Server:
    """Answers what ``pages`` say (HTML, or a function of the request) and keeps all that it was sent."""

    def __init__(self):
        self.pages: dict[str, str | Callable] = {}
        self.requests: list[SimpleNamespace] = []

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.requests.append(
            SimpleNamespace(
                method=request.method, url=request.path_qs, body=body, cookie=request.headers.get("Cookie", "")
            )
        )
        page = self.pages.get(request.path, "")
        if callable(page):
            return page(request)
        if request.method == "POST":
            return moved(303, "/members/", {"Set-Cookie": "session=1; Path=/; HttpOnly"})
        return web.Response(text=page, content_type="text/html", status=200 if page else 404)

    @property
    def told(self) -> bool:
        return any(LOGIN[1] in asked.body + asked.url for asked in self.requests)


def moved(status: int, to: str, headers: dict | None = None) -> web.Response:
    return web.Response(status=status, headers={"Location": to, **(headers or {})})


@asynccontextmanager
async def serving(answer: Callable, tls: ssl.SSLContext | None = None):
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


def played(write: Callable, **options) -> SimpleNamespace:
    """Signs in at a site whose pages ``write`` made, told of both servers and of the stranger's address."""

    async def play():
        site, stranger = Server(), Server()
        async with serving(site.answer) as port, serving(stranger.answer) as other:
            home, there = f"http://www.site.localhost:{port}/", f"http://login.other.localhost:{other}"
            write(site, stranger, SimpleNamespace(url=there, netloc=there.partition("//")[2], port=other))
            given = Options(home, login=LOGIN, **options)
            async with Client(given, "run", cookies=True) as client:
                problem, landing = await sign_in(client, given, [])
                answers = [
                    await client.request(f"{there}/after"),
                    await client.request(f"http://www.site.localhost:{other}/"),
                ]
                assert all(answer.status for answer in answers)
                jar = cookies_of(client, Hosts(home))
        return SimpleNamespace(
            problem=problem, landing=landing, site=site, stranger=stranger, jar=jar, port=port, there=there
        )

    return asyncio.run(play())


def form(attributes: str, inside: str = "<button>go</button>", before: str = "") -> Callable:
    """A login page whose form has these attributes; ``{url}`` and the like are the stranger's."""

    def write(site, stranger, other):
        stranger.pages["/take"] = lambda request: web.Response(text="thanks")
        page = f"{before}<form {attributes}>{FIELDS}{inside}</form>"
        for name in ("url", "netloc", "port"):
            page = page.replace(f"{{{name}}}", str(getattr(other, name)))
        site.pages["/login/"] = page

    return write


def test_a_form_of_the_sites_own_takes_the_login():
    done = played(form('method="post"'))
    assert (done.problem, done.landing) == ("", f"http://www.site.localhost:{done.port}/members/")
    (sent,) = (asked for asked in done.site.requests if asked.method == "POST")
    assert sent.body == "user=ada&token=t&secret=l0velace" and sent.url == "/login/"


@pytest.mark.parametrize(
    "write",
    [
        form('method="post" action="/in/"'),
        form('method="post" action="in/"', before='<base href="/there/">'),
        form('action="{url}/take" method="get"', '<button formaction="/in/" formmethod="post">go</button>'),
        form('method="post" action="/in/"', '<button type="button" formaction="{url}/take">see</button>'),
    ],
)
def test_any_address_on_the_site_will_do(write):
    done = played(write)
    assert done.problem == "" and done.site.told


OFF_SITE = {
    "action": form('method="post" action="{url}/take"'),
    "without a scheme": form('method="post" action="//{netloc}/take"'),
    "by backslashes": form(r'method="post" action="\\{netloc}\take"'),
    "with blanks around": form('method="post" action=" \t{url}/take\n"'),
    "another port": form('method="post" action="http://www.site.localhost:{port}/take"'),
    "a name in front": form('method="post" action="http://www.site.localhost@{netloc}/take"'),
    "base": form('method="post" action="take"', before='<base href="{url}/">'),
    "base without a scheme": form('method="post" action="take"', before='<base><base href="//{netloc}/">'),
    "formaction": form('method="post" action="/in/"', '<button formaction="{url}/take">go</button>'),
    "formaction of an input": form('method="post"', '<input type="submit" formaction="{url}/take">'),
    "formaction of an image": form('method="post"', '<input type="image" formaction="//{netloc}/take">'),
}


@pytest.mark.parametrize("write", OFF_SITE.values(), ids=OFF_SITE)
def test_a_form_to_another_host_gets_nothing(write):
    done = played(write)
    assert not done.stranger.told and not done.site.told
    assert done.problem.startswith("not signed in: the form of ") and "\n" not in done.problem
    assert done.problem.endswith(f"and it is for http://www.site.localhost:{done.port} only")
    assert done.there.rpartition(":")[2] in done.problem, "the host is not named"


@pytest.mark.parametrize("action", ["javascript:go()", "mailto:ada@other.example", "data:text/html,x", "http://[bad/"])
def test_a_form_without_a_host_gets_nothing(action):
    done = played(form(f'method="post" action="{action}"'))
    assert not done.site.told
    assert f"sends the password to {action.partition(':')[0]}:" in done.problem


@pytest.mark.parametrize(
    "write",
    [form(""), form('method="get"'), form('method="post"', '<button formmethod="GET">go</button>'), form('method="x"')],
)
def test_a_password_never_stands_in_a_url(write):
    done = played(write)
    assert not done.site.told
    assert "/login/ would show the password in a URL" in done.problem


@pytest.mark.parametrize("status", [307, 308])
def test_the_body_is_not_repeated_elsewhere(status):
    def write(site, stranger, other):
        site.pages["/login/"] = lambda asked: (
            moved(status, f"{other.url}/take", {"Set-Cookie": "session=1"})
            if asked.method == "POST"
            else web.Response(text=FORM, content_type="text/html")
        )

    done = played(write)
    assert not done.stranger.told
    assert done.there in done.problem


@pytest.mark.parametrize("status", [307, 308])
def test_the_body_is_repeated_on_the_site(status):
    def write(site, stranger, other):
        site.pages |= {"/login/": form_page("/login"), "/login": lambda asked: moved(status, "/in/")}

    done = played(write)
    assert done.problem == ""
    assert [asked.url for asked in done.site.requests if LOGIN[0] in asked.body] == ["/login", "/in/"]


def test_repeating_ends():
    def write(site, stranger, other):
        site.pages |= {"/login/": form_page("/login"), "/login": lambda asked: moved(307, "/login")}

    done = played(write)
    assert done.problem.endswith("/login failed: it answered 307 to /login")


def form_page(action: str) -> str:
    return f'<form method="post" action="{action}">{FIELDS}</form>'


def test_a_login_page_on_another_host_is_not_asked_for():
    def write(site, stranger, other):
        site.pages["/login/"] = lambda asked: moved(302, "/sso/")
        site.pages["/sso/"] = lambda asked: moved(302, f"{other.url}/login/")
        stranger.pages["/login/"] = FORM

    done = played(write)
    assert [asked.url for asked in done.stranger.requests] == ["/after", "/"]
    assert done.problem == (
        f"not signed in: the login page is at {done.there}, and it is for http://www.site.localhost:{done.port} only"
    )


def test_a_login_path_of_another_host_is_rejected():
    def write(site, stranger, other):
        site.pages["/login/"] = FORM

    done = played(write, login_path="//elsewhere.localhost/login/")
    assert "the login page is at http://elsewhere.localhost, " in done.problem and not done.site.told


def test_a_form_of_the_sites_own_is_used_where_another_goes_elsewhere():
    def write(site, stranger, other):
        site.pages |= {"/login/": form_page(f"{other.url}/take"), "/admin/login/": FORM}

    done = played(write)
    assert done.problem == "" and not done.stranger.told


def test_a_page_reached_by_redirects_on_the_site_is_the_forms_base():
    def write(site, stranger, other):
        site.pages |= {"/login/": lambda asked: moved(302, "/a/sign-in/"), "/a/sign-in/": form_page("take/")}

    done = played(write)
    assert done.problem == ""
    assert [asked.url for asked in done.site.requests if asked.method == "POST"] == ["/a/sign-in/take/"]


def test_where_the_site_sends_a_person_then_is_not_followed_off_it():
    def write(site, stranger, other):
        cookie = {"Set-Cookie": "session=1"}
        site.pages |= {"/login/": form_page("/in/"), "/in/": lambda asked: moved(302, f"{other.url}/", cookie)}

    done = played(write)
    assert (done.problem, done.landing) == ("", "")

    def write_without_session(site, stranger, other):
        site.pages |= {"/login/": form_page("/in/"), "/in/": lambda asked: moved(302, f"{other.url}/")}

    done = played(write_without_session)
    assert done.problem.endswith(f"answers the login with a redirect to {done.there}")


def test_a_session_stays_with_the_site():
    def write(site, stranger, other):
        wide = {"Set-Cookie": "session=1; Domain=localhost; Path=/; HttpOnly"}
        site.pages |= {"/login/": form_page("/in/"), "/in/": lambda asked: moved(302, "/members/", wide)}
        stranger.pages |= dict.fromkeys(("/after", "/"), lambda asked: moved(302, "/", {"Set-Cookie": "own=1"}))

    done = played(write)
    assert [asked.cookie for asked in done.stranger.requests] == ["", ""]
    home = f"http://www.site.localhost:{done.port}/"
    assert done.jar == [{"name": "session", "value": "1", "url": home, "httpOnly": True}]


def test_a_form_that_leaves_https_gets_nothing(tmp_path):
    authority = Authority(tmp_path)
    certificate, key = authority.issue("site", ["www.site.localhost"])
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)

    async def play():
        plain, secure = Server(), Server()
        async with serving(plain.answer) as port, serving(secure.answer, tls) as tls_port:
            secure.pages["/login/"] = form_page(f"http://www.site.localhost:{port}/in/")
            secure.pages["/admin/login/"] = lambda asked: moved(301, f"http://www.site.localhost:{port}/login/")
            plain.pages["/login/"] = FORM
            options = Options(f"https://www.site.localhost:{tls_port}/", login=LOGIN, ca=authority.certificate)
            async with Client(options, "run", cookies=True) as client:
                problem, _ = await sign_in(client, options, [])
        return plain, problem

    plain, problem = asyncio.run(play())
    assert plain.requests == []
    assert "sends the password to http://www.site.localhost" in problem


def test_a_crawled_page_that_is_not_the_sites_own_is_no_login_page():
    page = Answer("http://www.site.localhost:9/login/", 200, CIMultiDict({"Content-Type": "text/html"}), FORM.encode())

    async def play():
        site = Server()
        async with serving(site.answer) as port:
            options = Options(f"http://www.site.localhost:{port}/", login=LOGIN)
            async with Client(options, "run") as client:
                return site, await sign_in(client, options, [SimpleNamespace(url=page.url, answer=page)])

    site, (problem, _) = asyncio.run(play())
    assert "the login page is at http://www.site.localhost:9," in problem and not site.told


def test_a_site_without_a_form_is_reported():
    assert played(lambda *_: None).problem == NO_FORM


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "https://A.example:443/y", True),
        ("https://a.example/", "http://a.example/", False),
        ("https://a.example:8443/", "http://a.example:8443/", False),
        ("https://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "https://a.example./", False),
        ("https://a.example/", "https://user:word@a.example/", True),
        ("https://[::1]/", "https://[::1]:443/", True),
        ("about:blank", "about:blank", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(one, other, same):
    assert origin.same(one, other) is same


def test_an_origin_is_named_as_a_person_writes_it():
    urls = ("https://a.example:443/x?y", "http://[::1]:8000/", "mailto:a@b.example", "/x")
    assert [*map(origin.name, urls)] == ["https://a.example", "http://[::1]:8000", "mailto:", "no host"]


@pytest.mark.parametrize(
    "fields",
    [
        '<input type="email" name="mail"><input name="other">',
        '<input name="other"><input type="email" name="mail" autocomplete="section-a email">',
        '<input name="other"><input type="tel" name="mail" autocomplete="username webauthn">',
        '<input type="search" name="other"><input name="mail">',
    ],
)
def test_who_signs_in_goes_where_the_form_asks_for_it(fields):
    page = f'<form method="post">{fields}<input type="password" name="secret"></form>'
    form = read_form(
        Answer("http://www.site.localhost/login/", 200, CIMultiDict({"Content-Type": "text/html"}), page.encode()),
        *LOGIN,
    )
    assert (form.fields.get("mail"), form.fields["secret"]) == LOGIN
    assert LOGIN[0] not in {**form.fields, "mail": ""}.values()
