"""Finds the site's pages: signed out, signed in, and the error pages."""

from urllib.parse import urljoin

from static_smoke.http.client import Client
from static_smoke.http.hosts import Hosts
from static_smoke.options import LOGIN_VARIABLE, Options
from static_smoke.site import feeds
from static_smoke.site.errors import request_errors
from static_smoke.site.follow import Follow
from static_smoke.site.pages import CrawledPage, CrawlResult
from static_smoke.site.patterns import Patterns
from static_smoke.site.session import Session
from static_smoke.site.signin import is_for_people
from static_smoke.site.visitors import ask_as_others
from static_smoke.site.walk import Walk

__all__ = ["CrawlResult", "CrawledPage", "crawl"]


async def crawl(options: Options, hosts: Hosts, run: str, deadline: float, result: CrawlResult) -> None:
    """Everything that can be reached within the options' bounds, added to ``result``. ``deadline``: a monotonic
    second."""
    result.patterns = Patterns(hosts.home)
    follow = Follow(options, hosts, result)
    async with Client(options, run, cookies=True, until=deadline) as client:
        # The one file at the top of the host: its place is fixed, also for a site below a path.
        robots = await client.request(urljoin(hosts.site, "/robots.txt"))
        if robots.status == 200 and robots.type == "text/plain":
            follow.obey(robots.text)
        sitemaps = [urljoin(robots.url, url) for url in follow.robots.sitemaps]
        named = await feeds.read_sitemaps(
            client, result, [urljoin(hosts.site, "sitemap.xml"), *sitemaps], follow.is_inside
        )
        signed_out = Walk(options, hosts, client, follow, result, deadline)
        await signed_out.walk(_start(hosts, "", *options.paths, "admin/"), named)
        await _ask_as_others(options, hosts, client, follow, result, deadline, signed_in=False)
    if options.login:
        async with (
            Client(options, run, cookies=True, until=deadline) as client,
            Client(options, run, until=deadline) as anonymous,
        ):
            session = Session(client, anonymous, options, result.pages)
            await _signed_in(options, hosts, follow, result, deadline, session, signed_out.parsed_objects)
    else:
        _leave_members_out(result, f"no {LOGIN_VARIABLE}")
    async with Client(options, run, until=deadline) as client:
        await request_errors(result, client, hosts, deadline)


async def _signed_in(
    options: Options,
    hosts: Hosts,
    follow: Follow,
    result: CrawlResult,
    deadline: float,
    session: Session,
    parsed: set[str],
) -> None:
    if not await session.open():
        if is_for_people(session.problem):
            _leave_members_out(result, session.problem)
        else:
            result.sign_in_problem = session.problem
        return
    result.mark = session.mark
    if session.mark is None:
        result.notes.append("not checked: whether the session lasted (no page is answered otherwise signed in)")
    landing = [session.landing] if follow.is_inside(session.landing) else []
    walk = Walk(options, hosts, session.client, follow, result, deadline, session)
    await walk.walk(_start(hosts, "", "admin/", *landing, *options.paths), skip_objects=parsed)
    if not walk.lost:
        await _ask_as_others(options, hosts, session.client, follow, result, deadline, signed_in=True)
    result.sign_in_problem = walk.lost
    if not walk.lost and not await session.is_alive() and not await session.renew():
        result.sign_in_problem = session.unknown or "the session was lost before the end of the crawl"
    result.cookies = cookies_of(session.client, hosts)


async def _ask_as_others(
    options: Options,
    hosts: Hosts,
    client: Client,
    follow: Follow,
    result: CrawlResult,
    deadline: float,
    *,
    signed_in: bool,
) -> None:
    """In a quick run one page of each kind is enough."""
    quick = options.depth == "quick"
    pages = result.for_browser() if quick else result.pages
    pages = [it for it in pages if it.is_document and not it.replay and it.signed_in == signed_in]
    await ask_as_others(result, pages, client, hosts, follow, deadline, quick=quick)


def _leave_members_out(result: CrawlResult, reason: str) -> None:
    result.notes.append(f"not checked: pages behind the login ({reason})")
    result.leave_out("pages", len(result.behind_login), f"behind the login: {reason}")


def _start(hosts: Hosts, *paths: str) -> list[str]:
    return list(dict.fromkeys(urljoin(hosts.site, path) for path in paths))


def cookies_of(client: Client, hosts: Hosts) -> list[dict]:
    """The session's cookies for the browser: for the site's host only, and HttpOnly where they were."""
    return [
        {"name": cookie.key, "value": cookie.value, "url": hosts.site, "httpOnly": bool(cookie["httponly"])}
        for cookie in client.session.cookie_jar
    ]
