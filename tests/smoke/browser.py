"""Visits pages with a real Chromium and writes down all that they ask for."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, CDPSession, Error, Page, Request

from tests.smoke.crawl import Visited
from tests.smoke.replay import replay

AT_ONCE = 2
QUIET = 0.1  # s without a request in flight: the page has settled
PATIENCE = 8.0  # s that a page may take to settle
# s to wait for the request of an icon: one that the page names may be in a data: URL and never
# asked for; without one Chromium asks for /favicon.ico.
NAMED_ICON_PATIENCE = 0.4
FAVICON_PATIENCE = 5.0
PAGE_TIMEOUT = 20_000  # ms
# Connections that stay open by design never settle.
_ENDLESS = {"eventsource", "websocket"}
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
_VIOLATIONS = """document.addEventListener("securitypolicyviolation", event => {
  if (event.disposition === "enforce")
    slipwaySmokeViolation(event.blockedURI, event.effectiveDirective);
})"""


@dataclass(frozen=True, slots=True)
class Look:
    """One way of looking at a page: screen, density, colours, service workers."""

    name: str
    width: int
    height: int
    density: int
    dark: bool = False
    workers: str = "allow"
    phone: bool = False

    @property
    def context(self) -> dict:
        return {
            "viewport": {"width": self.width, "height": self.height},
            "device_scale_factor": self.density,
            "color_scheme": "dark" if self.dark else "light",
            "service_workers": self.workers,
            "is_mobile": self.phone,
            "has_touch": self.phone,
        }


DESKTOP = Look("desktop", 1280, 800, 1)
PHONE = Look("phone", 390, 844, 3, dark=True, phone=True)
TABLET = Look("tablet", 820, 1180, 2, workers="block")


@dataclass(slots=True)
class Asked:
    """One request. ``chain``: the URLs that redirected to it. Times: epoch seconds."""

    url: str
    kind: str
    chain: tuple[str, ...]
    worker: bool
    start: float
    end: float = 0.0
    status: int = 0
    type: str = ""
    failure: str = ""


@dataclass(slots=True)
class Visit:
    """What one look at one page showed. ``violations``: (blocked URI, directive)."""

    place: str
    url: str
    look: str
    asked: list[Asked] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    violations: list[tuple[str, str]] = field(default_factory=list)
    screenshot: bytes = b""
    problem: str = ""


async def visit_all(browser: Browser, pages: Iterable[Visited], cookies: list[dict], full_pages: int) -> list[Visit]:
    """Every page on a desktop, the first ones on a phone and a tablet as well; each visit with
    empty caches."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(visited: Visited, look: Look) -> Visit:
        async with turn:
            return await visit(browser, visited, look, cookies if visited.signed_in else [])

    jobs = []
    for number, visited in enumerate(pages):
        looks = (DESKTOP, PHONE, TABLET) if number < full_pages else (DESKTOP,)
        jobs += [one(visited, look) for look in looks]
    return list(await asyncio.gather(*jobs))


async def visit(browser: Browser, visited: Visited, look: Look, cookies: list[dict]) -> Visit:
    """One page: load, settle, scroll, then dark and print where the look is the desktop's."""
    seen = Visit(visited.page.place, visited.url, look.name)
    context = await browser.new_context(**look.context)
    try:
        if cookies:
            await context.add_cookies(cookies)
        watch = Watch(context, seen)
        await watch.start()
        page = await context.new_page()
        session = await watch.listen_for_icon(page)
        if visited.replay:
            await replay(context, session, visited.answer)
        await page.goto(visited.url, wait_until="load", timeout=PAGE_TIMEOUT)
        if page.url != visited.url:
            seen.problem = f"the browser was led on to {page.url}"
        await watch.icon(NAMED_ICON_PATIENCE if visited.page.has_icon else FAVICON_PATIENCE)
        await watch.settle()
        await page.evaluate(_SCROLL)
        await page.evaluate(_WORKERS)
        await watch.settle()
        seen.screenshot = await page.screenshot(type="jpeg", quality=60, scale="css")
        if look is DESKTOP:
            await page.emulate_media(color_scheme="dark")
            await page.evaluate(_FRAMES)
            await page.emulate_media(color_scheme="light", media="print")
            await page.evaluate(_FRAMES)
            await watch.settle()
    except Error as error:
        seen.problem = str(error).splitlines()[0]
    finally:
        await context.close()
    return seen


class Watch:
    """Listens to one context, service workers included, and knows when it has gone quiet."""

    def __init__(self, context: BrowserContext, seen: Visit):
        self._context = context
        self._seen = seen
        self._open: dict[Request, Asked] = {}
        self._changed = asyncio.Event()
        self._icon = asyncio.Event()

    async def start(self) -> None:
        self._context.on("request", self._request)
        self._context.on("response", self._response)
        self._context.on("requestfinished", lambda request: self._ended(request, ""))
        self._context.on("requestfailed", lambda it: self._ended(it, it.failure or "failed"))
        self._context.on(
            "console",
            lambda it: (
                it.type in ("error", "warning") and self._seen.messages.append((it.text, it.location.get("url", "")))
            ),
        )
        await self._context.expose_binding(
            "slipwaySmokeViolation",
            lambda _, uri, directive: self._seen.violations.append((uri, directive)),
        )
        await self._context.add_init_script(_VIOLATIONS)

    async def listen_for_icon(self, page: Page) -> CDPSession:
        """Playwright keeps /favicon.ico to itself; the protocol below it does not."""
        session = await self._context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._perhaps_icon)
        await session.send("Network.enable")
        return session

    def _perhaps_icon(self, event: dict) -> None:
        if event.get("type") == "Other":
            self._icon.set()

    def _request(self, request: Request) -> None:
        chain, before = [], request.redirected_from
        while before is not None:
            chain.append(before.url)
            before = before.redirected_from
        worker = request.service_worker is not None
        asked = Asked(request.url, request.resource_type, tuple(chain), worker, time.time())
        self._seen.asked.append(asked)
        if request.resource_type not in _ENDLESS and urlsplit(request.url).scheme != "data":
            self._open[request] = asked
        self._changed.set()

    def _response(self, response) -> None:
        asked = self._open.get(response.request)
        if asked is not None:
            asked.status = response.status
            asked.type = response.headers.get("content-type", "")

    def _ended(self, request: Request, failure: str) -> None:
        asked = self._open.pop(request, None)
        if asked is not None:
            asked.end, asked.failure = time.time(), failure
        self._changed.set()

    async def icon(self, patience: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._icon.wait(), patience)

    async def settle(self) -> None:
        """Returns once nothing has been in flight for a moment, or patience ends."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), QUIET if not self._open else 1.0)
            except TimeoutError:
                if not self._open:
                    return
