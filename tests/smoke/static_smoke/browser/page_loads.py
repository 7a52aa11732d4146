"""Loads pages in a real Chromium, each with empty caches.

A window is reused for the next page on the same device: a new one for each load takes three times
as much CPU.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import count
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, CDPSession, Error, Page

from static_smoke.browser import icons
from static_smoke.browser.replay import replay
from static_smoke.browser.watch import DESKTOP, FAVICON_PATIENCE, PHONE, TABLET, Device, PageLoad, Watch
from static_smoke.site.crawl import CrawledPage

DEVICES = (DESKTOP, PHONE, TABLET)
MAX_WINDOWS = 2
PAGE_TIMEOUT = 20_000  # ms
TOO_LATE = "--minutes were over"
# s to wait for an icon that the page names: a data: URL is never requested.
NAMED_ICON_PATIENCE = 0.4
# Everything that a page stores, except cookies.
STORAGE_TYPES = "service_workers,cache_storage,local_storage,indexeddb,websql,file_systems,shader_cache"
_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_SCROLL = f"""async () => {{
  const frames = {_FRAMES};
  const height = Math.min(document.documentElement.scrollHeight, 20000);
  for (let y = 0; y < height; y += innerHeight * 0.8) {{
    scrollTo({{top: y, behavior: "instant"}});
    await frames();
  }}
  scrollTo({{top: 0, behavior: "instant"}});
  await frames();
}}"""
_WORKERS = """async () => {
  if (!navigator.serviceWorker) return;
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    const worker = registration.installing;
    if (worker) await new Promise(done => {
      worker.addEventListener("statechange", () => worker.state !== "installing" && done());
      setTimeout(done, 3000);
    });
  }
}"""


async def load_all(
    browser: Browser,
    pages: Iterable[CrawledPage],
    cookies: list[dict],
    full_pages: int,
    deadline: float,
    say: Callable[[str], None],
    missing_icons: set[str],
) -> list[PageLoad]:
    """Every page on a desktop, the first ones on a phone and a tablet as well.

    ``deadline``: the monotonic second after which no further page is loaded. ``say`` is called with the progress.
    ``missing_icons``: gets the URLs of icons that were answered 4xx.
    """
    pages = list(pages)
    windows = defaultdict(list)
    for number, crawled in enumerate(pages):
        for device in DEVICES if number < full_pages else (DESKTOP,):
            # Chromium requests an icon once in a window, and a replayed answer stays there.
            own = crawled.page.place if crawled.replay or not crawled.page.has_icon else ""
            windows[device, crawled.signed_in, own].append(crawled)
    turn, total = asyncio.Semaphore(MAX_WINDOWS), sum(map(len, windows.values()))
    begun = count(1)

    def next_load() -> bool:
        say(f"load page {next(begun)} of {total} in Chromium")
        return time.monotonic() < deadline

    seen: list[list[PageLoad]] = await asyncio.gather(
        *(
            _load_in_turn(turn, Window(browser, device, cookies if signed_in else [], missing_icons), those, next_load)
            for (device, signed_in, _), those in windows.items()
        )
    )
    places = [crawled.page.place for crawled in pages]
    return sorted((load for loads in seen for load in loads), key=lambda load: places.index(load.place))


async def _load_in_turn(
    turn: asyncio.Semaphore, window: "Window", pages: list[CrawledPage], may_begin: Callable[[], bool]
) -> list[PageLoad]:
    async with turn:
        seen = [await window.load(page) if may_begin() else window.too_late(page) for page in pages]
        await window.close()
    return seen


class Window:
    """One device, signed in or not. It opens at the first load, and again after a failed one."""

    def __init__(self, browser: Browser, device: Device, cookies: list[dict], missing_icons: set[str]):
        self._browser, self._device, self._cookies = browser, device, cookies
        self._missing_icons = missing_icons
        self._context: BrowserContext | None = None
        self._page: Page
        self._session: CDPSession
        self._watch: Watch

    async def load(self, crawled: CrawledPage) -> PageLoad:
        seen = PageLoad(crawled.page.place, crawled.url, self._device.name)
        try:
            if self._context is None:
                await self._open(seen)
            else:
                await self._clean(seen)
            await self._load(crawled, seen)
        except Error as error:
            seen.problem, seen.failed = str(error).splitlines()[0], True
            await self.close()
        return seen

    def too_late(self, crawled: CrawledPage) -> PageLoad:
        return PageLoad(crawled.page.place, crawled.url, self._device.name, problem=TOO_LATE, failed=True)

    async def close(self) -> None:
        if self._context is not None:
            await self._context.close()
            self._context = None

    async def _open(self, seen: PageLoad) -> None:
        self._context = await self._browser.new_context(**self._device.context)
        if self._cookies:
            await self._context.add_cookies(self._cookies)
        self._watch = Watch(self._context, seen, self._missing_icons)
        await self._watch.start()
        self._page = await self._context.new_page()
        self._session = await self._watch.listen_for_icon(self._page)

    async def _clean(self, seen: PageLoad) -> None:
        """Empties every cache, so that the next page requests all its files."""
        parts = urlsplit(self._page.url)
        await self._page.emulate_media(media="null", color_scheme=self._device.context["color_scheme"])
        origin = f"{parts.scheme}://{parts.netloc}"
        await self._session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORAGE_TYPES})
        await self._session.send("Network.clearBrowserCache")
        # Turning the cache off also empties the one in the renderer's memory.
        for disabled in (True, False):
            await self._session.send("Network.setCacheDisabled", {"cacheDisabled": disabled})
        self._watch.record_for(seen)

    async def _load(self, crawled: CrawledPage, seen: PageLoad) -> None:
        """Loads, settles and scrolls the page; on a desktop also in dark mode and for print."""
        page, watch = self._page, self._watch
        if crawled.replay:
            await replay(self._context, self._session, crawled.answer)
        await page.goto(crawled.url, wait_until="load", timeout=PAGE_TIMEOUT)
        if page.url != crawled.url:
            seen.problem = f"the browser was redirected to {page.url}"
        if icons.is_requested(crawled, self._missing_icons):
            await watch.icon(FAVICON_PATIENCE)
        elif crawled.page.has_icon and not watch.icons & {reference.url for reference in crawled.page.references}:
            await watch.icon(NAMED_ICON_PATIENCE)
        await watch.settle()
        await page.evaluate(_SCROLL)
        await page.evaluate(_WORKERS)
        await watch.settle()
        seen.screenshot = await page.screenshot(type="jpeg", quality=60, scale="css")
        if self._device is DESKTOP:
            await page.emulate_media(color_scheme="dark")
            await page.evaluate(_FRAMES)
            await page.emulate_media(color_scheme="light", media="print")
            await page.evaluate(_FRAMES)
            await watch.settle()
