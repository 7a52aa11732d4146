"""Uses a loaded page as a visitor does, without changing anything: hover, focus, scroll, click, and stay a while.

No form is sent and no link followed: whatever would leave the page, is no GET, or is called like a sign-out or a
deletion is stopped before it leaves the browser. Timers are moved on, not waited for.
"""

import re
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, CDPSession, Error, Page, Request, Route

from static_smoke.browser.watch import Watch

CLICKS = 40
SECONDS = 8.0
# A click shows what can be clicked next: a menu, a tab, a dialog.
ROUNDS = 3
_LIMITS = {"clicks": CLICKS, "hovers": 300, "scrollers": 20, "elements": 4000}
_LISTENERS = 120
# s by which the page's clock is moved on, one after the other: a timer may set another.
MOVES = (4, 12, 45)
NEVER = (
    r"log.?(out|off)\b|sign.?(out|off)\b|delete|destroy|remove|unsubscribe|deactivate|cancel|revoke|purge|reset"
    r"|abmelden|l.schen|d.connexion|supprimer|cerrar.sesi|eliminar"
)
_SCRIPT = Path(__file__).with_name("visitor.js").read_text()
# The browser's own functions: Playwright's clock takes their place in the page.
_NATIVE = """Object.defineProperty(window, "slipwaySmoke", {value: {
  frame: requestAnimationFrame.bind(window), later: setTimeout.bind(window), now: performance.now.bind(performance),
  done: {}, leaving: false,
}});
window.close = () => {};
for (const type of ["beforeunload", "pagehide", "unload", "visibilitychange"])
  addEventListener(type, event => slipwaySmoke.leaving && event.stopImmediatePropagation(), true);"""
_CLICK = re.compile(r"click|mousedown|mouseup|pointerdown|pointerup|touchstart|touchend|keydown|change|toggle")
_OTHER = re.compile(r"mouse|pointer|focus|touch|wheel|scroll|drag|contextmenu")
# What closes a dialog comes after the clicks, and so does what happens to a window from outside.
_LAST = """for (const type of ["keydown", "keyup"])
  document.body.dispatchEvent(new KeyboardEvent(type, {key: "Escape", code: "Escape", bubbles: true}));
document.body.dispatchEvent(new Event("touchstart", {bubbles: true}));
for (const type of ["offline", "online", "beforeprint", "afterprint"]) dispatchEvent(new Event(type));"""


async def prepare(context: BrowserContext, *, full: bool) -> None:
    """To be called before the window's first page."""
    await context.add_init_script(_NATIVE)
    if full:
        await context.clock.install()


async def use(context: BrowserContext, page: Page, session: CDPSession, watch: Watch) -> list[str]:
    """Uses the page, and leaves it; gives what was not sent: method and URL of each."""
    guard = _Guard(page)
    await context.route("**/*", guard.judge)
    context.on("page", guard.close)
    try:
        await _point(page)
        end = time.monotonic() + SECONDS
        for _ in range(ROUNDS):
            clicked = await _act(session, end - time.monotonic())
            await watch.settle()
            if not clicked or time.monotonic() > end:
                break
        await page.evaluate(_LAST)
        for seconds in MOVES:
            await context.clock.fast_forward(seconds * 1000)
            await watch.settle()
        # What a page sends when it is left would escape the guard.
        for frame in page.frames:
            await frame.evaluate("slipwaySmoke.leaving = true")
        await page.goto("about:blank")
    finally:
        context.remove_listener("page", guard.close)
        await context.unroute_all(behavior="ignoreErrors")
    return guard.unsent


class _Guard:
    """Stops what would leave the page or change something; ``unsent`` has it."""

    def __init__(self, page: Page):
        self._page = page
        self.unsent: list[str] = []

    async def judge(self, route: Route) -> None:
        request = route.request
        try:
            if self._leaves(request):
                await route.abort("aborted")
            elif _changes(request):
                self.unsent.append(f"{request.method} {request.url}")
                await route.abort("aborted")
            else:
                await route.continue_()
        except Error:
            pass  # the page was left meanwhile

    def _leaves(self, request: Request) -> bool:
        if not request.is_navigation_request():
            return False
        try:
            return request.frame.parent_frame is None
        except Error:
            return True  # a new window, which has no frame yet

    async def close(self, page: Page) -> None:
        """A window that a click has opened."""
        if page is not self._page:
            await page.close()


def _changes(request: Request) -> bool:
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        return True
    return request.resource_type in ("fetch", "xhr", "document") and bool(
        re.search(NEVER, urlsplit(request.url).path, re.IGNORECASE)
    )


async def _point(page: Page) -> None:
    """Moves the real pointer and turns the wheel: a script tells them from events that another script makes."""
    size = page.viewport_size
    await page.mouse.move(size["width"] / 3, size["height"] / 3)
    await page.mouse.move(size["width"] / 2, size["height"] / 2, steps=2)
    await page.mouse.wheel(0, 100)


async def _act(session: CDPSession, seconds: float) -> int:
    """One round of visitor.js, with the elements that have listeners; how many elements were clicked."""
    document = (await session.send("Runtime.evaluate", {"expression": "document"}))["result"]["objectId"]
    clickable, others = await _listening(session, document, await _world(session))
    limits = _LIMITS | {"clickable": len(clickable), "seconds": max(seconds, 0.1), "never": NEVER}
    outcome = await session.send(
        "Runtime.callFunctionOn",
        {
            "functionDeclaration": _SCRIPT[_SCRIPT.index("async ") :],
            "objectId": document,
            "arguments": [{"value": limits}, *({"objectId": it} for it in (*clickable, *others))],
            "awaitPromise": True,
            "userGesture": True,
            "returnByValue": True,
        },
    )
    if thrown := outcome.get("exceptionDetails"):
        raise Error(f"visitor.js: {thrown.get('exception', thrown).get('description', thrown['text'])}")
    return outcome["result"].get("value") or 0


async def _world(session: CDPSession) -> int:
    """The id of the page's own JavaScript world: its frames, and what Playwright runs there, have others."""
    frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    worlds: list[dict] = []

    def add(event: dict) -> None:
        worlds.append(event["context"])

    session.on("Runtime.executionContextCreated", add)
    try:
        await session.send("Runtime.enable")  # names those that there are
        await session.send("Runtime.disable")
    finally:
        session.remove_listener("Runtime.executionContextCreated", add)
    own = {"isDefault": True, "frameId": frame}
    return next(it["id"] for it in worlds if own.items() <= it["auxData"].items())


async def _listening(session: CDPSession, document: str, world: int) -> tuple[list[str], list[str]]:
    """The elements with listeners for clicks, and with others that a visitor meets, as ids of objects.

    Those of frames of the same origin too: as objects of the page's ``world``, or one call cannot take them all.
    """
    await session.send("DOM.enable")
    given = {"objectId": document, "depth": -1, "pierce": True}
    listeners = (await session.send("DOMDebugger.getEventListeners", given))["listeners"]
    nodes: dict[int, bool] = {}
    for listener in listeners:
        kind, node = listener["type"], listener.get("backendNodeId")
        if node and (_CLICK.search(kind) or _OTHER.search(kind)):
            nodes[node] = nodes.get(node, False) or bool(_CLICK.search(kind))
    found: tuple[list[str], list[str]] = ([], [])
    for node, clicks in list(nodes.items())[:_LISTENERS]:
        # It may be gone meanwhile, or of a frame that the page may not touch.
        with suppress(Error, KeyError):
            resolved = await session.send("DOM.resolveNode", {"backendNodeId": node, "executionContextId": world})
            found[not clicks].append(resolved["object"]["objectId"])
    return found
