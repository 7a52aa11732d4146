"""The requests of a real Chromium while it loads a page."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from multidict import CIMultiDict
from playwright.async_api import BrowserContext, CDPSession, Page, Request

from static_smoke.http.cdn import answered_by

QUIET = 0.1  # s without a request in flight: the page has settled
PATIENCE = 8.0  # s that a page may take to settle
# s to wait for the icon request of a page that names no icon.
FAVICON_PATIENCE = 5.0
# Connections that stay open by design never settle.
_ENDLESS = {"eventsource", "websocket"}
_VIOLATIONS = """document.addEventListener("securitypolicyviolation", event => {
  if (event.disposition === "enforce")
    slipwaySmokeViolation(event.blockedURI, event.effectiveDirective);
})"""


@dataclass(slots=True)
class BrowserRequest:
    """One request. ``chain``: the URLs that redirected to it. Times: epoch seconds.

    ``by``: who answered, by the response's headers: "origin", "CDN cache", "CDN", or "" where unknown.
    ``cached``: whether a service worker or a replay answered, and not the network.
    """

    url: str
    kind: str
    chain: tuple[str, ...]
    worker: bool
    start: float
    end: float = 0.0
    status: int = 0
    type: str = ""
    failure: str = ""
    by: str = ""
    cached: bool = False


@dataclass(slots=True)
class PageLoad:
    """One page load on one device. ``violations``: (blocked URI, directive).

    ``unsent``: method and URL of requests that would have changed something, and were stopped in the browser.
    """

    place: str
    url: str
    device: str
    requests: list[BrowserRequest] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    violations: list[tuple[str, str]] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    screenshot: bytes = b""
    problem: str = ""
    failed: bool = False


class Watch:
    """Records the requests of one context, service workers included, and knows when they have settled."""

    def __init__(self, context: BrowserContext, seen: PageLoad, missing_icons: set[str] | None = None):
        """``missing_icons``: URLs that were answered 4xx. A browser's windows share it: it requests each once."""
        self._context = context
        self._seen = seen
        self._open: dict[Request, BrowserRequest] = {}
        self._changed = asyncio.Event()
        self._icon = asyncio.Event()
        # By request id: the two events of a request come in any order.
        self._icons: dict[str, str] = {}
        self._sent: set[str] = set()
        self._missing_icons = set() if missing_icons is None else missing_icons

    @property
    def icons(self) -> set[str]:
        """The URLs of icons whose requests were sent: one that was only started is not in the net log."""
        return {url for request, url in self._icons.items() if request in self._sent}

    def record_for(self, seen: PageLoad) -> None:
        """From now on records requests for another page load."""
        self._seen = seen
        self._open.clear()
        self._icon.clear()

    async def start(self) -> None:
        self._context.on("request", self._request)
        self._context.on("response", self._response)
        self._context.on("requestfinished", lambda request: self._ended(request, ""))
        self._context.on("requestfailed", lambda request: self._ended(request, request.failure or "failed"))
        self._context.on(
            "console",
            lambda message: (
                message.type in ("error", "warning")
                and self._seen.messages.append((message.text, message.location.get("url", "")))
            ),
        )
        await self._context.expose_binding(
            "slipwaySmokeViolation",
            lambda _, uri, directive: self._seen.violations.append((uri, directive)),
        )
        await self._context.add_init_script(_VIOLATIONS)

    async def listen_for_icon(self, page: Page) -> CDPSession:
        """Playwright does not report /favicon.ico; the DevTools protocol does."""
        session = await self._context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._on_request)
        for event in ("Network.requestWillBeSentExtraInfo", "Network.responseReceived"):
            session.on(event, self._on_sent)
        await session.send("Network.enable")
        return session

    def _on_request(self, event: dict) -> None:
        if event.get("type") == "Other":
            self._icons.setdefault(event["requestId"], event["request"]["url"])
            self._check_icon_sent(event["requestId"])

    def _on_sent(self, event: dict) -> None:
        request = event["requestId"]
        self._sent.add(request)
        self._check_icon_sent(request)
        if request in self._icons and event.get("response", {}).get("status", 0) // 100 == 4:
            self._missing_icons.add(self._icons[request])

    def _check_icon_sent(self, request: str) -> None:
        if request in self._icons and request in self._sent:
            self._icon.set()

    def _request(self, request: Request) -> None:
        chain, before = [], request.redirected_from
        while before is not None:
            chain.append(before.url)
            before = before.redirected_from
        worker = request.service_worker is not None
        entry = BrowserRequest(request.url, request.resource_type, tuple(chain), worker, time.time())
        self._seen.requests.append(entry)
        if request.resource_type not in _ENDLESS and urlsplit(request.url).scheme != "data":
            self._open[request] = entry
        self._changed.set()

    def _response(self, response) -> None:
        entry = self._open.get(response.request)
        if entry is not None:
            entry.status = response.status
            entry.type = response.headers.get("content-type", "")
            entry.cached = response.from_service_worker
            entry.by = answered_by(CIMultiDict(response.headers))

    def _ended(self, request: Request, failure: str) -> None:
        entry = self._open.pop(request, None)
        if entry is not None:
            entry.end, entry.failure = time.time(), failure
        self._changed.set()

    async def icon(self, patience: float) -> None:
        """Returns once an icon was requested, or after ``patience``."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._icon.wait(), patience)

    async def settle(self) -> None:
        """Returns once nothing has been in flight for a moment, or after PATIENCE."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), QUIET if not self._open else 1.0)
            except TimeoutError:
                if not self._open:
                    return
