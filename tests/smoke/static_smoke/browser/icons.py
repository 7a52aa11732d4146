"""Pages without an icon, loaded as in a browser that does not apply the page's CSP to /favicon.ico.

Chromium drops the request where ``img-src`` does not name the site itself; not every browser does.
"""

from contextlib import suppress
from dataclasses import replace
from urllib.parse import urljoin

from multidict import CIMultiDict
from playwright.async_api import Browser, Error

from static_smoke.browser.devices import DESKTOP
from static_smoke.browser.replay import Replay
from static_smoke.browser.watch import FAVICON_PATIENCE, PageLoad, Watch
from static_smoke.http.client import Answer
from static_smoke.site.crawl import CrawledPage

_POLICY = "Content-Security-Policy"
# On a busy machine the browser may drop an icon request; each load of a page without an icon repeats it.
TRIES = 3


def is_requested(crawled: CrawledPage, missing: set[str]) -> bool:
    """Whether Chromium requests /favicon.ico on this page: not once it was answered 4xx on another."""
    return not crawled.page.has_icon and urljoin(crawled.url, "/favicon.ico") not in missing


def needs_probe(crawled: CrawledPage, missing: set[str]) -> bool:
    return is_requested(crawled, missing) and _POLICY in crawled.answer.headers


async def probe(browser: Browser, crawled: CrawledPage, missing: set[str]) -> bool:
    """Loads the page with a policy that allows nothing but the icon; whether that was requested, as in the net log."""
    headers = CIMultiDict(crawled.answer.headers)
    headers.popall(_POLICY)
    headers[_POLICY] = "default-src 'none'; img-src 'self'"
    for _ in range(TRIES):
        if await _requests_icon(browser, replace(crawled.answer, headers=headers), crawled, missing):
            return True
    return False


async def _requests_icon(browser: Browser, answer: Answer, crawled: CrawledPage, missing: set[str]) -> bool:
    watch = context = None
    with suppress(Error, TimeoutError):
        context = await browser.new_context(**DESKTOP.context(""))
        watch = Watch(context, PageLoad(crawled.page.place, crawled.url, "icon"), missing)
        page = await context.new_page()
        session = await watch.listen_for_icon(page)
        await Replay.begin(context, session, answer)
        await page.goto(crawled.url)
        await watch.icon(FAVICON_PATIENCE)
        await watch.settle()
    with suppress(Error):
        if context is not None:
            await context.close()
    return watch is not None and bool(watch.icons)
