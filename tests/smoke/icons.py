"""Pages without an icon, shown as to a browser that does not hold /favicon.ico to the page's policy.

Chromium drops the request where ``img-src`` does not name the site itself; not every browser does.
"""

from contextlib import suppress
from dataclasses import replace
from urllib.parse import urljoin

from multidict import CIMultiDict
from playwright.async_api import Browser, Error

from tests.smoke.browser import DESKTOP, FAVICON_PATIENCE, PageLoad, Watch
from tests.smoke.client import Answer
from tests.smoke.crawl import CrawledPage
from tests.smoke.replay import replay

_POLICY = "Content-Security-Policy"
# A busy machine's browser may drop a request for an icon; a page without one makes it ask anew each time.
TRIES = 3


def is_asked_for(crawled: CrawledPage, missing: set[str]) -> bool:
    """Whether Chromium asks for /favicon.ico on this page: not once it was answered 4xx on another."""
    return not crawled.page.has_icon and urljoin(crawled.url, "/favicon.ico") not in missing


def needs_probe(crawled: CrawledPage, missing: set[str]) -> bool:
    return is_asked_for(crawled, missing) and _POLICY in crawled.answer.headers


async def probe(browser: Browser, crawled: CrawledPage, missing: set[str]) -> bool:
    """Shows the page with a policy that allows nothing but the icon; whether it was asked for. The net log has it."""
    headers = CIMultiDict(crawled.answer.headers)
    headers.popall(_POLICY)
    headers[_POLICY] = "default-src 'none'; img-src 'self'"
    for _ in range(TRIES):
        if await _asks(browser, replace(crawled.answer, headers=headers), crawled, missing):
            return True
    return False


async def _asks(browser: Browser, answer: Answer, crawled: CrawledPage, missing: set[str]) -> bool:
    context = await browser.new_context(**DESKTOP.context)
    watch = None
    with suppress(Error):
        watch = Watch(context, PageLoad(crawled.page.place, crawled.url, "icon"), missing)
        page = await context.new_page()
        session = await watch.listen_for_icon(page)
        await replay(context, session, answer)
        await page.goto(crawled.url)
        await watch.icon(FAVICON_PATIENCE)
        await watch.settle()
    await context.close()
    return watch is not None and bool(watch.icons)
