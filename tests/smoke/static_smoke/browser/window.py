"""One window of Chromium: it loads a page, looks at it as a device does, and in full uses it as a visitor does."""

import asyncio
import time
from contextlib import suppress

from playwright.async_api import Browser, BrowserContext, CDPSession, Page

from static_smoke.browser import icons, visitor
from static_smoke.browser.chromium import CLOSED, KILLED
from static_smoke.browser.devices import DESKTOP, Device
from static_smoke.browser.plan import Plan
from static_smoke.browser.replay import Replay
from static_smoke.browser.watch import FAVICON_PATIENCE, PageLoad, Watch
from static_smoke.site.crawl import CrawledPage

PAGE_TIMEOUT = 20_000  # ms for the load event
PATIENCE = 60.0  # s for everything that is done with one page
CLOSE_PATIENCE = 5.0  # s: a browser that hangs does not close a window
# s to wait for an icon that the page names: a data: URL is never requested.
NAMED_ICON_PATIENCE = 0.4
CRASHED = "the page crashed in Chromium"
# Everything that a page stores, except cookies.
STORAGE_TYPES = "service_workers,cache_storage,local_storage,indexeddb,websql,file_systems,shader_cache"
_FRAMES = "() => new Promise(done => slipwaySmoke.frame(() => slipwaySmoke.frame(done)))"
_SCROLL = f"""async ([most, seconds]) => {{
  const frames = {_FRAMES};
  const end = slipwaySmoke.now() + seconds * 1000;
  const height = () => Math.min(document.documentElement.scrollHeight, most);
  for (let y = 0; y < height() && slipwaySmoke.now() < end; y += innerHeight * 0.8) {{
    scrollTo({{top: y, behavior: "instant"}});
    await frames();
  }}
  scrollTo({{top: document.documentElement.scrollHeight, behavior: "instant"}});
  await frames();
  scrollTo({{top: 0, behavior: "instant"}});
  await frames();
}}"""
# Pixels and seconds: how far down a page is read, by depth.
_QUICK_SCROLL, _FULL_SCROLL = (20_000, 4), (200_000, 10)
_OTHER_SIZES = ((2560, 1440), (360, 640))
# The scripts of the page's service workers, once they are installed and, where they may be, active.
_WORKERS = """async () => {
  if (!navigator.serviceWorker) return [];
  const scripts = [];
  for (const registration of await navigator.serviceWorker.getRegistrations()) {
    const worker = registration.installing || registration.waiting || registration.active;
    if (!worker) continue;
    scripts.push(worker.scriptURL);
    if (worker.state !== "activated") await new Promise(done => {
      worker.addEventListener("statechange", () => /activated|redundant/.test(worker.state) && done());
      slipwaySmoke.later(done, 3000);
    });
  }
  return scripts;
}"""


class Window:
    """One device. It opens at the first load, and again after a failed one."""

    def __init__(self, browser: Browser, device: Device, plan: Plan):
        self._browser, self._device, self._plan = browser, device, plan
        self._context: BrowserContext | None = None
        self._page: Page
        self._session: CDPSession
        self._watch: Watch
        self._work: asyncio.Future[None]
        self._crashed = self._signed_in = False

    async def load(self, crawled: CrawledPage) -> PageLoad:
        """The page load. A page that crashes is loaded once more; what the first one requested is kept."""
        seen = await self._try(crawled)
        if seen.problem == CRASHED:
            again = await self._try(crawled)
            again.requests = seen.requests + again.requests
            return again
        return seen

    async def _try(self, crawled: CrawledPage) -> PageLoad:
        seen = PageLoad(crawled.page.place, crawled.url, self._device.name)
        patience = min(PATIENCE, max(self._plan.deadline - time.monotonic(), 1.0))
        self._crashed = False
        self._work = asyncio.ensure_future(self._begin(crawled, seen))
        try:
            async with asyncio.timeout(patience):
                await self._work
        except asyncio.CancelledError:
            if not self._crashed:
                raise
            seen.problem, seen.failed = CRASHED, True
        except Exception as error:  # whatever ails one page, the others are loaded
            seen.problem, seen.failed = self._why(error, patience), True
        if seen.failed:
            await self.close()
        return seen

    async def _begin(self, crawled: CrawledPage, seen: PageLoad) -> None:
        if self._context is None:
            await self._open(seen)
        else:
            await self._clean(seen)
        await self._load(crawled, seen)

    def _crash(self, page: Page) -> None:
        """What is asked of a crashed page may never be answered."""
        self._crashed = True
        self._work.cancel()

    def _why(self, error: Exception, patience: float) -> str:
        """Why a page could not be loaded, in a line."""
        if not self._browser.is_connected() or CLOSED.search(str(error)):
            return KILLED
        if isinstance(error, TimeoutError):
            return f"not done within {patience:.0f} s"
        return CRASHED if self._crashed or "crashed" in str(error) else str(error).splitlines()[0]

    async def close(self) -> None:
        context, self._context, self._signed_in = self._context, None, False
        if context is not None:
            with suppress(Exception):
                async with asyncio.timeout(CLOSE_PATIENCE):
                    await context.close()

    async def _open(self, seen: PageLoad) -> None:
        self._context = await self._browser.new_context(**self._device.context(self._plan.run))
        self._watch = Watch(self._context, seen, self._plan.missing_icons)
        await self._watch.start()
        await visitor.prepare(self._context, full=self._plan.full)
        self._page = await self._context.new_page()
        self._page.on("crash", self._crash)
        self._session = await self._watch.listen_for_icon(self._page)

    async def _clean(self, seen: PageLoad) -> None:
        """Empties every cache, so that the next page requests all its files."""
        await self._page.emulate_media(media="null", color_scheme=self._device.scheme)
        await self._session.send("Storage.clearDataForOrigin", {"origin": self._origin, "storageTypes": STORAGE_TYPES})
        await self._session.send("Network.clearBrowserCache")
        # Turning the cache off also empties the one in the renderer's memory.
        for disabled in (True, False):
            await self._session.send("Network.setCacheDisabled", {"cacheDisabled": disabled})
        self._watch.record_for(seen)

    async def _load(self, crawled: CrawledPage, seen: PageLoad) -> None:
        if crawled.signed_in and not self._signed_in:
            await self._context.add_cookies(self._plan.cookies)
            self._signed_in = True
        replay = await Replay.begin(self._context, self._session, crawled.answer) if crawled.replay else None
        await self._look_at(crawled, seen)
        if self._plan.full:
            seen.unsent += await visitor.use(self._context, self._page, self._session, self._watch)
        if replay:
            await replay.end()
            for request in seen.requests:
                request.cached |= request.url == crawled.url

    async def _look_at(self, crawled: CrawledPage, seen: PageLoad) -> None:
        """Loads, settles and scrolls the page; on a desktop also in dark mode and for print."""
        page, watch, plan = self._page, self._watch, self._plan
        await page.goto(crawled.url, wait_until="load", timeout=PAGE_TIMEOUT)
        self._origin = await page.evaluate("origin")
        if page.url != crawled.url:
            seen.problem = f"the browser was redirected to {page.url}"
        if icons.is_requested(crawled, plan.missing_icons):
            await watch.icon(FAVICON_PATIENCE)
        elif crawled.page.has_icon and not watch.icons & {reference.url for reference in crawled.page.references}:
            await watch.icon(NAMED_ICON_PATIENCE)
        await watch.settle()
        await page.evaluate(_SCROLL, _FULL_SCROLL if plan.full else _QUICK_SCROLL)
        workers = set(await page.evaluate(_WORKERS))
        await watch.settle()
        if plan.full or seen.place == plan.home:
            seen.screenshot = await page.screenshot(type="jpeg", quality=60, scale="css")
        if self._device is DESKTOP:
            await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            await page.evaluate(_FRAMES)
            await page.emulate_media(color_scheme="light", media="print")
            await page.evaluate(_FRAMES)
            await watch.settle()
            await page.emulate_media(color_scheme="light", media="null", reduced_motion="null")
            if plan.full:
                await self._resize()
        # The second visit: the worker controls the page, and the caches are warm.
        if workers - plan.workers or (workers and plan.full) or (plan.full and seen.place == plan.home):
            plan.workers |= workers
            if not crawled.replay:
                await page.goto(crawled.url, wait_until="load", timeout=PAGE_TIMEOUT)
                await watch.settle()

    async def _resize(self) -> None:
        """A large window and a narrow one: media and container queries, and scripts that listen."""
        for width, height in (*_OTHER_SIZES, (self._device.width, self._device.height)):
            await self._page.set_viewport_size({"width": width, "height": height})
            await self._page.evaluate(_FRAMES)
        await self._watch.settle()
