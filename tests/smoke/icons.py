"""Pages without an icon, shown as to a browser that does not hold /favicon.ico to the page's policy.

Chromium drops the request where ``img-src`` does not name the site itself; not every browser does.
"""

from contextlib import suppress
from dataclasses import replace

from multidict import CIMultiDict
from playwright.async_api import Browser, Error

from tests.smoke.browser import DESKTOP, FAVICON_PATIENCE, PageLoad, Watch
from tests.smoke.client import Answer
from tests.smoke.crawl import CrawledPage
from tests.smoke.replay import replay

_POLICY = "Content-Security-Policy"
# A busy machine's browser may drop a request for an icon; a page without one makes it ask anew each time.
TRIES = 3


def needs_probe(crawled: CrawledPage) -> bool:
    return not crawled.page.has_icon and _POLICY in crawled.answer.headers


async def probe(browser: Browser, crawled: CrawledPage) -> bool:
    """Shows the page with a policy that allows nothing but the icon; whether it was asked for. The net log has it."""
    headers = CIMultiDict(crawled.answer.headers)
    headers.popall(_POLICY)
    headers[_POLICY] = "default-src 'none'; img-src 'self'"
    for _ in range(TRIES):
        if await _asks(browser, replace(crawled.answer, headers=headers), crawled):
            return True
    return False


async def _asks(browser: Browser, answer: Answer, crawled: CrawledPage) -> bool:
    context = await browser.new_context(**DESKTOP.context)
    watch = None
    with suppress(Error):
        watch = Watch(context, PageLoad(crawled.page.place, crawled.url, "icon"))
        page = await context.new_page()
        session = await watch.listen_for_icon(page)
        await replay(context, session, answer)
        await page.goto(crawled.url)
        await watch.icon(FAVICON_PATIENCE)
    await context.close()
    return watch is not None and bool(watch.icons)
