"""Positive controls: faults planted on purpose. A run that misses one is inconclusive."""

from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin, urlsplit

from multidict import CIMultiDict
from playwright.async_api import Error, Playwright

from static_smoke.browser.chromium import NoBrowser, launch
from static_smoke.browser.devices import DESKTOP
from static_smoke.browser.replay import Replay
from static_smoke.browser.watch import FAVICON_PATIENCE, PageLoad, Watch
from static_smoke.checks import browser_requests, netlog, origin_log, page_references
from static_smoke.checks.origin_log import OriginLog
from static_smoke.deadline import Deadline
from static_smoke.http.client import Answer, Client, new_run
from static_smoke.http.hosts import Hosts
from static_smoke.options import Options
from static_smoke.parse.page import parse
from static_smoke.rules import Rule
from static_smoke.verdict import Control

_LEAKING = '<!doctype html><title>control</title><h1>control</h1><img src="{path}">'


class Controls:
    """``plant`` runs them; ``check_log`` adds those of the log. Results are in ``controls``."""

    def __init__(self, options: Options, hosts: Hosts, deadline: Deadline):
        self._options, self._hosts, self._deadline = options, hosts, deadline
        self.opening, self.planted, self.leaking, self.closing = (new_run() for _ in range(4))
        self.controls: list[Control] = []
        self._leak = f"{hosts.home}static/control-{self.leaking}.png"
        self._opening = f"{hosts.home}static/opening-{self.opening}.css"
        self._page = urljoin(hosts.site, f"slipway-smoke-{self.leaking}/")
        self._browser_ran = False

    def _add(self, name: str, check: str, run: str, seen: bool, reason: str) -> None:
        state = "detected" if seen else "missed"
        self.controls.append(Control(name, check, run, state, "" if seen else reason))

    def _client(self, part: str, run: str) -> Client:
        return Client(self._options, run, until=self._deadline.of(part))

    async def open_log(self, log: OriginLog) -> None:
        """Sends requests until one is in the log: it is followed by then, before the crawl."""
        async with self._client("crawl", self.opening) as client:
            for _ in range(max(1, round(origin_log.WAIT))):
                answer = await client.request(urljoin(self._hosts.site, self._opening))
                patience = min(1, origin_log.WAIT)
                seen = await log.wait_for(lambda lines: any(line.is_of(self.opening) for line in lines), patience)
                if seen or not answer.status:
                    return

    async def plant(self, playwright: Playwright | None, directory: Path) -> None:
        """Sends the planted request; parses the leaking page and loads it in a browser of its own."""
        async with self._client("controls", self.planted) as client:
            await client.request(urljoin(self._hosts.site, f"static/planted-{self.planted}.css"))
        text = _LEAKING.format(path=self._leak)
        page = parse(self._page, text)
        found = page_references.judge_references(page.references, self._hosts)
        caught = any(fact.url.endswith(self._leak) for fact in found)
        self._add("leaking page", "P", self.leaking, caught, "its image was not found")
        try:
            await self._show(playwright, text, directory / "control-net.json")
            self._browser_ran = True
        except (NoBrowser, Error) as error:
            state = "not run" if type(error) is NoBrowser else "missed"
            reason = str(error).partition("\n")[0]
            for check in "BN":
                self.controls.append(Control("leaking page", check, self.leaking, state, reason))

    async def request_missing_name(self) -> None:
        """A CDN that answers 200 for every name proves nothing."""
        run, wrong = new_run(), []
        async with self._client("provisioned", run) as client:
            for base in filter(None, dict.fromkeys((self._hosts.static, self._hosts.media))):
                answer = await client.request(urljoin(base, f"slipway-smoke-{run}.css"))
                if 200 <= answer.status < 300:
                    wrong.append(f"{urlsplit(base).netloc} answers {answer.status} for a name that no file has")
        self._add("missing name", "H", run, not wrong, "; ".join(wrong))

    async def _show(self, playwright: Playwright | None, text: str, log: Path) -> None:
        load = PageLoad(self._page, self._page, "control")
        async with launch(playwright, self._options, self.leaking, log) as browser:
            context = await browser.new_context(**DESKTOP.context(self.leaking))
            watch = Watch(context, load)
            await watch.start()
            page = await context.new_page()

            session = await watch.listen_for_icon(page)
            headers = CIMultiDict({"Content-Type": "text/html; charset=utf-8"})
            await Replay.begin(context, session, Answer(self._page, 200, headers, text.encode()))
            await page.goto(self._page)
            await watch.icon(FAVICON_PATIENCE)
            await watch.settle()
            await context.close()
        facts = browser_requests.judge([load], self._hosts)
        caught = any(fact.rule is Rule.ASKED and fact.url.endswith(self._leak) for fact in facts)
        self._add("leaking page", "B", self.leaking, caught, "its request was not found")
        pages = [SimpleNamespace(url=self._page, kind="page", page=parse(self._page, text))]
        sent = netlog.read(log) if log.exists() else []
        facts = list(netlog.judge(sent, pages, self._hosts))
        for name, path in (("leaking page", self._leak), ("favicon", "/favicon.ico")):
            caught = any(urlsplit(fact.url).path == path for fact in facts)
            self._add(name, "N", self.leaking, caught, f"no request for {path}")
        icons = [request for request in sent if urlsplit(request.url).path == "/favicon.ico"]
        named = any(self.leaking in request.agent for request in icons)
        self._add("run id on the favicon", "N", self.leaking, named, "no User-Agent with the id")

    async def check_log(self, log: OriginLog) -> None:
        """Waits for the last line, then looks for every planted request."""
        closing = f"{self._hosts.home}static/closing-{self.closing}.css"
        async with self._client("log", self.closing) as client:
            answer = await client.request(urljoin(self._hosts.site, closing))
        # A site that has died writes no line.
        patience = min(origin_log.WAIT, 1.0 if answer.unavailable else self._deadline.left("log"))
        await log.wait_for(lambda lines: any(line.is_of(self.closing) for line in lines), patience)
        lines = log.lines()

        def arrived(run: str, path: str) -> bool:
            facts = origin_log.judge(lines, run, self._hosts, frozenset(), [])
            return any(urlsplit(fact.url).path == path for fact in facts)

        missing = "its line did not appear in the log"
        planted = f"{self._hosts.home}static/planted-{self.planted}.css"
        why = log.gap() or log.gone()
        missing += f" ({why})" if why else ""
        self._add("opening request", "O", self.opening, arrived(self.opening, self._opening), missing)
        seen = arrived(self.planted, planted) and arrived(self.closing, closing)
        self._add("planted request", "O", self.planted, seen, missing)
        if truncated := log.truncated():
            self._add("whole log", "O", "", False, f"lines may be missing: {truncated}; run it again")
        if self._browser_ran:
            self._add("leaking page", "O", self.leaking, arrived(self.leaking, self._leak), missing)
            icons = [line for line in lines if line.is_of(self.leaking)]
            seen = any(urlsplit(line.uri).path == "/favicon.ico" for line in icons)
            self._add("run id on the favicon", "O", self.leaking, seen, missing)
