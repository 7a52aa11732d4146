"""Pages without an icon, shown as to a browser that does not hold /favicon.ico to the page's policy.

Chromium drops the request where ``img-src`` lacks the site itself; not every browser does.
"""

from contextlib import suppress
from dataclasses import replace

from multidict import CIMultiDict
from playwright.async_api import Browser, Error

from tests.smoke.browser import DESKTOP, FAVICON_PATIENCE, Visit, Watch
from tests.smoke.crawl import Visited
from tests.smoke.replay import replay

_POLICY = "Content-Security-Policy"


def needs_probe(visited: Visited) -> bool:
    return not visited.page.has_icon and _POLICY in visited.answer.headers


async def probe(browser: Browser, visited: Visited) -> None:
    """Shows the page with a policy that allows nothing but the icon; the net log tells the rest."""
    headers = CIMultiDict(visited.answer.headers)
    headers.popall(_POLICY)
    headers[_POLICY] = "default-src 'none'; img-src 'self'"
    context = await browser.new_context(**DESKTOP.context)
    with suppress(Error):
        watch = Watch(context, Visit(visited.page.place, visited.url, "icon"))
        page = await context.new_page()
        session = await watch.listen_for_icon(page)
        await replay(context, session, replace(visited.answer, headers=headers))
        await page.goto(visited.url)
        await watch.icon(FAVICON_PATIENCE)
    await context.close()
