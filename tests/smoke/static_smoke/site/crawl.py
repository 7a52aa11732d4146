"""Finds the site's pages: logged out, signed in, and the error pages."""

import asyncio
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from static_smoke.deadline import in_thread
from static_smoke.http.client import Answer, Client, new_run
from static_smoke.http.hosts import Hosts
from static_smoke.http.urls import resolve, served_path
from static_smoke.options import Options
from static_smoke.parse.error_page import describe
from static_smoke.parse.page import Page, parse
from static_smoke.rules import Fact, Rule
from static_smoke.site.signin import NO_FORM, sign_in
from static_smoke.verdict import LeftOut

# A few of each pattern are enough: /photos/17/ and /photos/18/ come from one template.
PAGES_A_PATTERN = 2
# Seconds: the parser takes one for a page of a megabyte.
MOST_PARSING = 20.0
_NEVER = re.compile(r"/(logout|log-out|signout|sign-out|i18n/setlang)/?$")
_VARIABLE = re.compile(r"^(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{12,})$")
_DEBUG = re.compile(r"You(?:'|&#x27;|\u2019)re seeing this error because you have\s*<code>DEBUG = True")


@dataclass(slots=True)
class CrawledPage:
    """One crawled page. ``kind``: "page", "admin" or an error's status as text.

    ``replay``: a browser cannot request it by itself (another method, another Host).
    """

    answer: Answer
    page: Page
    kind: str
    signed_in: bool = False
    replay: bool = False

    @property
    def url(self) -> str:
        return self.page.url

    @property
    def has_debug_body(self) -> bool:
        return bool(_DEBUG.search(self.answer.text))


@dataclass(slots=True)
class CrawlResult:
    pages: list[CrawledPage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cookies: list[dict] = field(default_factory=list)
    set_cookies: list[tuple[str, str]] = field(default_factory=list)
    feeds: dict[str, str] = field(default_factory=dict)
    sign_in_problem: str = ""
    # What each page of the first requests answered, if not with a page.
    tried: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def for_browser(self) -> list[CrawledPage]:
        """One page of every kind: of pages that load the same files, one is loaded."""
        chosen, seen = [], set()
        for crawled in self.pages:
            keys = {crawled.page.signature, (_pattern(crawled.url), crawled.signed_in)}
            if crawled.replay or not keys & seen:
                chosen.append(crawled)
                seen |= keys
        return chosen

    def leave_out(self, what: str, count: int, reason: str) -> None:
        if count:
            self.left_out.append(LeftOut(what, count, reason))

    def add_cookies(self, answer: Answer) -> None:
        self.set_cookies += [(answer.url, it) for it in answer.headers.getall("Set-Cookie", [])]

    def add(self, answer: Answer, kind: str, **how) -> CrawledPage | None:
        """Parses an answer if it is a page, and adds it."""
        self.add_cookies(answer)
        if answer.type not in ("text/html", "application/xhtml+xml") or not answer.body:
            return None
        try:
            text = answer.decoded_text()
        except ValueError as error:
            what = f"Content-Encoding: {answer.encoding or 'none'}, but the body is {error}"
            self.facts.append(Fact(Rule.ENCODING, answer.url, answer.url, what))
            self.notes.append(f"{answer.url}: {what}")
            return None
        links = answer.headers.getall("Link", [])
        place = f"{answer.url} ({kind})" if how.get("replay") else answer.url
        page = parse(answer.url, text, links, place)
        crawled = CrawledPage(answer, page, kind, **how)
        self.pages.append(crawled)
        return crawled


async def crawl(options: Options, hosts: Hosts, run: str, deadline: float, result: CrawlResult) -> None:
    """Everything that can be reached within the options' bounds, added to ``result``. ``deadline``: a monotonic
    second."""
    start = ["", *options.paths, "admin/", "sitemap.xml"]
    async with Client(options, run, cookies=True, until=deadline) as client:
        await _walk(result, client, options, hosts, start, deadline, signed_in=False)
        if options.login:
            problem, landing = await sign_in(client, options, result.pages)
            if problem == NO_FORM:
                result.notes.append(f"not checked: pages behind a login ({problem})")
            elif problem:
                result.sign_in_problem = problem
            else:
                start = ["", "admin/", landing, *options.paths]
                await _walk(result, client, options, hosts, start, deadline, signed_in=True)
                result.cookies = _cookies(client, hosts)
        else:
            result.notes.append("not checked: pages behind the login (no SMOKE_LOGIN)")
    async with Client(options, run, until=deadline) as client:
        await _errors(result, client, hosts, deadline)


async def _add(result: CrawlResult, deadline: float, answer: Answer, kind: str, **how) -> CrawledPage | None:
    """``result.add`` in a thread: a page may take the parser minutes, and is given up then."""
    until = min(deadline, time.monotonic() + MOST_PARSING)
    try:
        return await in_thread(until, result.add, answer, kind, **how)
    except TimeoutError:
        result.notes.append(f"not checked: {answer.url} (it takes too long to parse)")
    except RecursionError:
        result.notes.append(f"not checked: {answer.url} (its elements are nested too deeply)")
    return None


async def _walk(result, client, options, hosts, start, deadline, *, signed_in: bool) -> None:
    level = list(dict.fromkeys(urljoin(hosts.site, path) for path in start))
    patterns: Counter = Counter()
    seen: set[str] = set()
    too_many: set[str] = set()
    alike: set[str] = set()
    budget = options.max_pages
    for depth in range(options.max_depth + 1):
        # The first pages are always requested: without them there is no verdict.
        if depth and time.monotonic() > deadline:
            result.leave_out("pages", len(set(level) - seen), f"--minutes {options.minutes:g} were over")
            level = []
            break
        wave = []
        for url in level:
            pattern = _pattern(url)
            if url in seen:
                continue
            if patterns[pattern] >= PAGES_A_PATTERN:
                alike.add(url)
                continue
            if budget <= 0:
                too_many.add(url)
                continue
            seen.add(url)
            patterns[pattern] += 1
            budget -= 1
            wave.append(url)
        level = []
        for answers in await asyncio.gather(*(_follow(client, hosts, url) for url in wave)):
            *redirects, answer = answers
            for redirect in redirects:
                result.add_cookies(redirect)
            if answer.url in seen and redirects:
                continue
            seen.add(answer.url)
            if answer.status == 0:
                result.notes.append(f"{answer.url}: {answer.error}")
            elif answer.status >= 500:
                await _add(result, deadline, answer, str(answer.status), signed_in=signed_in, replay=True)
            if answer.status != 200 and not depth:
                result.tried.append(f"{urlsplit(answer.url).path} {describe(answer)}")
            if answer.status != 200:
                continue
            if "xml" in answer.type and answer.type != "application/xhtml+xml":
                result.feeds[answer.url] = answer.text
                continue
            kind = "admin" if "/admin/" in urlsplit(answer.url).path else "page"
            crawled = await _add(result, deadline, answer, kind, signed_in=signed_in)
            if crawled:
                hosts.pages |= {served_path(each.url) for each in answers}
                level += [*crawled.page.links, *crawled.page.feeds]
        level = [url for url in dict.fromkeys(level) if _crawlable(url, hosts)]
    deeper = {url for url in level if patterns[_pattern(url)] < PAGES_A_PATTERN}
    result.leave_out("pages", len(too_many - seen), f"--max-pages {options.max_pages}")
    result.leave_out("pages", len(deeper - seen - too_many), f"--max-depth {options.max_depth}")
    alike = (alike | set(level)) - deeper - seen
    patterns_left = len({_pattern(url) for url in alike})
    result.leave_out("objects", len(alike), f"of {patterns_left} URL pattern{'' if patterns_left == 1 else 's'}")


async def _follow(client: Client, hosts: Hosts, url: str) -> list[Answer]:
    """The answer and the redirects before it; only on the site, and never a static URL."""
    answers = [await client.request(url, headers={"Accept": "text/html,*/*;q=0.8"})]
    while len(answers) < 6 and 300 <= answers[-1].status < 400:
        target = resolve(answers[-1].url, answers[-1].headers.get("Location", ""))
        if target is None or not _crawlable(target, hosts):
            break
        answers.append(await client.request(target))
    return answers


async def _errors(result: CrawlResult, client: Client, hosts: Hosts, deadline: float) -> None:
    """The error pages. A 500 is included only if the crawl meets one."""
    for status, requests in _error_requests().items():
        answers = []
        for method, path, headers, data in requests:
            if method != "GET":
                headers = {**headers, "Origin": hosts.origin, "Referer": hosts.site}
            answer = await client.request(urljoin(hosts.site, path), method=method, headers=headers, data=data)
            if str(answer.status) == status:
                if await _add(result, deadline, answer, status, replay=status != "404") is None:
                    result.notes.append(f"the {status} answer is not a page")
                break
            answers.append(f"{method} {urlsplit(answer.url).path}: {answer.error or f'answered {answer.status}'}")
        else:
            result.notes.append(f"not checked: the {status} page ({'; '.join(answers)})")
    if not any(crawled.answer.status >= 500 for crawled in result.pages):
        result.notes.append("not checked: the 500 page (the site has shown none)")


def _error_requests() -> dict[str, list[tuple[str, str, dict[str, str], bytes | None]]]:
    """Method, path, headers and body of requests that Django answers with a status; the first that gets it is used."""
    token = "s" * 32
    csrf = {"Cookie": f"csrftoken={token}", "X-CSRFToken": token}
    return {
        "404": [("GET", f"slipway-smoke-{new_run()}/", {}, None)],
        "400": [
            # A form without the boundary that its type must have.
            ("POST", "", {**csrf, "Content-Type": "multipart/form-data"}, b"form"),
            # A host that is not the site's: a server before Django may close the connection without an answer.
            ("GET", "", {"Host": "smoke.invalid"}, None),
        ],
        "403": [("POST", "", {}, b"")],
        "405": [("PUT", "", csrf, b"")],
    }


def _crawlable(url: str, hosts: Hosts) -> bool:
    same = urlsplit(url).netloc == urlsplit(hosts.site).netloc
    return same and hosts.is_home(url) and not hosts.looks_static(url) and not _NEVER.search(urlsplit(url).path)


def _pattern(url: str) -> str:
    parts = urlsplit(url).path.split("/")
    return "/".join("*" if _VARIABLE.match(part) else part for part in parts)


def _cookies(client: Client, hosts: Hosts) -> list[dict]:
    """The session's cookies for the browser: for the site's host only, and HttpOnly where they were."""
    return [
        {"name": cookie.key, "value": cookie.value, "url": hosts.site, "httpOnly": bool(cookie["httponly"])}
        for cookie in client.session.cookie_jar
    ]
