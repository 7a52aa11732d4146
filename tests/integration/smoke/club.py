"""A club's site in German with a login: sessions, and links that end or change them."""

import secrets
from collections.abc import Callable

from aiohttp import web

from tests.integration.smoke.stack import LOGIN, Stack

Session = dict[str, int]


class Club(Stack):
    """``members``: pages for members only. ``views``: paths with an answer of their own, from request and session.

    A lost session is noticed by a redirect to /anmelden/; its cookie is then deleted, as Django does it.
    """

    def __init__(self, directory):
        super().__init__(directory)
        self.sessions: dict[str, Session] = {}
        self.requested: list[tuple[str, bool]] = []
        self.sign_ins = 0
        self.views: dict[str, Callable] = {
            "/anmelden/": self._login,
            "/abmelden/": self._sign_out,
            "/bereich/leeren/": self._empty,
        }

    def _build(self) -> None:
        super()._build()
        leak = '<img src="/static/leak.png" alt="">'
        self.takes_logins = False  # those of the stack's own login page
        del self.pages["/login/"]
        self.pages |= {"/": "", "/anmelden/": self.page("Anmelden", self._form())}
        self.members = {
            "/bereich/": '<a href="/bereich/bilder/">Bilder</a> <a href="/bereich/leeren/">Korb leeren</a>',
            "/bereich/bilder/": leak,
        }

    def visited(self, path: str, signed_in: bool = True) -> int:
        """How often a path was requested."""
        return self.requested.count((path, signed_in))

    def _page(self, request: web.Request) -> web.Response:
        path, session = request.path, self.sessions.get(request.cookies.get("sitzung", ""))
        self.requested.append((path, session is not None))
        if path in self.views:
            answer = self.views[path](request, session)
        elif path in self.members and session is None:
            answer = moved(f"/anmelden/?next={path}")
        elif path in self.members:
            basket = f"<p>Im Korb: {session['basket']}</p>" if path == "/bereich/" else ""
            answer = self._html(path, basket + self.members[path])
        elif path == "/":
            known = '<a href="/bereich/">Mein Bereich</a> <a href="/abmelden/">Abmelden</a>'
            answer = self._html(path, self.pages["/"] + (known if session is not None else self._stranger()))
        else:
            answer = super()._page(request)
        if (
            "sitzung" in request.cookies
            and request.cookies["sitzung"] not in self.sessions
            and "next=" in str(answer.headers.get("Location"))
        ):
            answer.del_cookie("sitzung")
        return answer

    def _html(self, path: str, body: str) -> web.Response:
        return web.Response(text=self.page(path, body), content_type="text/html")

    @staticmethod
    def _stranger() -> str:
        return '<a href="/anmelden/">Anmelden</a>'

    @staticmethod
    def _form() -> str:
        return '<form method="post"><input name="wer"><input type="password" name="wort"><button>Los</button></form>'

    def _login(self, request: web.Request, session: Session | None) -> web.Response:
        if request.method != "POST":
            return self._html("/anmelden/", self._form())
        self.sign_ins += 1
        token = secrets.token_hex(8)
        self.sessions[token] = {"basket": 3}
        answer = moved("/")
        answer.set_cookie("sitzung", token, httponly=True)
        return answer

    def _sign_out(self, request: web.Request, session: Session | None) -> web.Response:
        self.sessions.pop(request.cookies.get("sitzung", ""), None)
        answer = moved("/")
        answer.del_cookie("sitzung")
        return answer

    @staticmethod
    def _empty(request: web.Request, session: Session | None) -> web.Response:
        if session is None:
            return moved("/anmelden/?next=/bereich/leeren/")
        session["basket"] = 0
        return moved("/bereich/")


def moved(to: str) -> web.Response:
    return web.Response(status=302, headers={"Location": to})


__all__ = ["LOGIN", "Club", "moved"]
