"""A signed-in session: whether it still is one, and a further sign-in where it is not."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin

from yarl import URL

from static_smoke.http.client import Answer, Client
from static_smoke.options import Options
from static_smoke.parse.error_page import describe
from static_smoke.site.login_form import asks_for_code, has_login_form
from static_smoke.site.pages import CrawlResult
from static_smoke.site.shown import shown
from static_smoke.site.signin import CODE, sign_in
from static_smoke.site.visit import asks_for_login

# nginx lets few sign-ins of one address through at once, and the upload check needs one too.
MOST_RENEWALS = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """A page that is answered otherwise signed out.

    ``features``: those that two signed-in answers share, and that a signed-out one between them does not have.
    """

    url: str
    features: frozenset[str]

    async def request(self, client: Client) -> Answer:
        answer = await client.request(self.url)
        return await client.request(self.url) if answer.unavailable else answer

    def is_shown_by(self, answer: Answer) -> bool:
        return bool(self.features & shown(answer))


async def lasts(client: Client, result: CrawlResult, site: str) -> bool:
    """Whether the crawl's session is still one; True where nobody signed in, or there is no answer."""
    if result.mark is None:
        return True
    cookies = {cookie["name"]: cookie["value"] for cookie in result.cookies}
    client.session.cookie_jar.update_cookies(cookies, URL(site))
    answer = await result.mark.request(client)
    return answer.unavailable or result.mark.is_shown_by(answer)


class Session:
    """``is_alive`` requests a page that is answered otherwise signed out, the mark.

    ``landing``: where the login form ends; ``problem``: why there is no session; ``unknown``: why the last look at it
    says nothing.
    """

    def __init__(self, client: Client, anonymous: Client, options: Options, pages: Iterable):
        self.client = client
        self._anonymous, self._options, self._pages = anonymous, options, list(pages)
        self._renewals = 0
        self.mark: Mark | None = None
        self._cookies: dict[str, str] = {}
        self.landing = self.problem = self.unknown = ""

    async def open(self) -> bool:
        """Signs in; whether that worked."""
        before = self._jar()
        self.problem, self.landing = await sign_in(self.client, self._options, self._pages)
        if self.problem:
            return False
        # Only what the login itself set: other cookies may change with each page.
        self._cookies = {name: value for name, value in self._jar().items() if before.get(name) != value}
        if self.mark is None:
            await self._choose_mark()
        return not self.problem

    async def renew(self) -> bool:
        """Signs in again, at most MOST_RENEWALS times in a run; whether that worked."""
        if self._renewals == MOST_RENEWALS or self.unknown:
            return False
        self._renewals += 1
        self.client.session.cookie_jar.clear()
        return await self.open() and await self.is_alive()

    async def is_alive(self) -> bool:
        if self.mark is None:
            return self._cookies.keys() <= self._jar().keys()
        answer = await self.mark.request(self.client)
        # Without an answer nobody knows. That the time is over is said elsewhere.
        silent = answer.unavailable and not answer.late
        self.unknown = f"whether the session lasted is not known: {self.mark.url} {describe(answer)}" if silent else ""
        return answer.late or self.mark.is_shown_by(answer)

    def is_doubtful(self, answers: Iterable[Answer]) -> bool:
        """Whether the session may have ended with these answers: a redirect, a 401 or 403, another cookie."""
        return self._cookies_changed() or any(300 <= it.status < 400 or it.status in (401, 403) for it in answers)

    def looks_ended_by(self, answers: list[Answer]) -> bool:
        """Whether these answers took the session's cookie, and are not those of a page that asks for a login."""
        return self._cookies_changed() and not asks_for_login(answers)

    def _cookies_changed(self) -> bool:
        jar = self._jar()
        return any(jar.get(name) != value for name, value in self._cookies.items())

    def keep_cookies(self) -> None:
        """The session is alive with the cookies as they are now."""
        jar = self._jar()
        self._cookies = {name: jar.get(name, "") for name in self._cookies}

    def _jar(self) -> dict[str, str]:
        return {cookie.key: cookie.value for cookie in self.client.session.cookie_jar}

    async def _choose_mark(self) -> None:
        site, login = self._options.site, self._options.login_path
        paths = [self.landing, "", *self._options.paths, "admin/", login or "login/"]
        for url in dict.fromkeys(urljoin(site, path) for path in paths):
            first = await self.client.request(url)
            signed_out = await self._anonymous.request(url)
            again = await self.client.request(url)
            features = (shown(first) & shown(again)) - shown(signed_out)
            if features and not any(it.unavailable for it in (first, signed_out, again)):
                self.mark = Mark(url, features)
                return
            if url == self.landing and asks_for_code(first):
                self.problem = f"{CODE}: {url}"
                return
            if url == self.landing and has_login_form(first):
                self.problem = f"not signed in: {url}, where the login form ends, is a login form again"
                return
