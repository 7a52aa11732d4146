"""One run of the proof, from the first request to the verdict."""

import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Playwright

from static_smoke.browser.browse import browse
from static_smoke.browser.chromium import NoBrowser, driver
from static_smoke.browser.page_loads import TOO_LATE
from static_smoke.browser.plan import DEVICES, Plan, screens
from static_smoke.browser.watch import PageLoad
from static_smoke.browser.window import CRASHED
from static_smoke.checks import (
    browser_requests,
    canary,
    headers,
    netlog,
    origin_log,
    own_names,
    page_references,
    provisioned,
    pull,
    strings,
    uploads,
    views,
)
from static_smoke.checks.fetch import Asset, fetch
from static_smoke.checks.origin_log import OriginLog
from static_smoke.checks.result import Result
from static_smoke.controls import Controls
from static_smoke.deadline import GRACE, Deadline
from static_smoke.health import Health
from static_smoke.http import coding
from static_smoke.http.allowed import allow
from static_smoke.http.cdn import MARKER
from static_smoke.http.client import Client, new_run
from static_smoke.http.discovery import discover
from static_smoke.http.hosts import Hosts
from static_smoke.options import Options
from static_smoke.parse.modules import ImportMap
from static_smoke.report.summary import conclude
from static_smoke.rules import Fact
from static_smoke.site import session
from static_smoke.site.crawl import CrawlResult, crawl
from static_smoke.site.manifest import Manifest
from static_smoke.site.signin import sign_in
from static_smoke.source.find import Source
from static_smoke.verdict import CHECKS, CheckResult, Control, LeftOut, Maybe, Verdict


class NotStarted(ValueError):
    """Why nothing could be checked."""


def run(options: Options, say: Callable[[str], None] = lambda text: None) -> Verdict:
    """The whole proof. ``say`` is called with a phrase for each step."""
    return Run(options, say).run()


class Run:
    """The state that the phases share. Each check is "not checked" until its phase has run."""

    def __init__(
        self,
        options: Options,
        say: Callable[[str], None] = lambda text: None,
        keep: Callable[[Verdict], None] = lambda verdict: None,
    ):
        """``keep`` is called before each part with the verdict of a run that ends there: whatever then happens.

        Raises ValueError or OSError for options that nothing can be run with.
        """
        self.options, self.say, self._keep = options, say, keep
        self.id = new_run()
        allows = tuple(allow(path, reason) for path, reason in options.allow)
        self.hosts = Hosts(options.site, options.static, options.media, allows, cached=not options.no_cdn)
        self.origin = options.origin or options.site
        self.manifest = Manifest.load(options.manifests)
        self.state = provisioned.load(options.provisioned) if options.provisioned else None
        self.checks = {letter: CheckResult("not checked") for letter in CHECKS}
        self.facts: list[Fact] = []
        self.notes = [f"allowed by the site's owner: {path} ({reason})" for path, reason in options.allow]
        self.notes += [f"waived by the site's owner: {setting} ({reason})" for setting, reason in options.waived]
        if options.pull:
            self.notes.append(f"pull mode: the origin's files are not checked below {options.pull}")
        if options.no_cdn:
            self.notes.append("no CDN: cache hits, compression and CORS headers for later requests are not checked")
        self.allowed: list[dict] = []
        self.assets: dict[str, Asset] = {}
        self.listed: dict[str, Asset] = {}
        self.health = Health()
        self.leaked: list[str] = []
        self.page_loads: list[PageLoad] = []
        self.crawled_site = CrawlResult()
        self.ended: list[str] = []
        # What each check does not know, beside the reasons of its own results.
        self._costs: dict[str, list[str]] = defaultdict(list)
        self.started = True
        self._current = ""
        self.deadline = Deadline(options.minutes)
        self.controls = Controls(options, self.hosts, self.deadline)
        self.left_out: list[LeftOut] = []
        packages = [Path(folder) for folder in sys.path if folder.endswith(("site-packages", "dist-packages"))]
        self.source = Source(options.source, packages) if options.source else None
        self.maybes: list[Maybe] = []

    def run(self) -> Verdict:
        """Raises OSError if ``keep`` cannot write."""
        self._keep(self.verdict("it was ended from outside before its first request"))
        asyncio.run(self._run())
        return self.verdict()

    def verdict(self, *ended: str) -> Verdict:
        """What is known by now; ``ended``: why nothing more will be."""
        if self.options.pull:
            self.facts = pull.excuse(self.facts, self.options.pull, self.manifest)
        known = self.facts
        if self.started and self.checks["P"].state == "not checked":
            # Ended before the assets: the pages that were crawled are judged by themselves.
            references = [ref for crawled in self.crawled_site.pages for ref in crawled.page.references]
            self.facts = known + page_references.check(self.crawled_site, references, [], {}, self.hosts).facts
        withheld = self._withhold()
        verdict = conclude(self, self.crawled_site, self.deadline.passed)
        self.facts = known
        for check in verdict.checks.values():
            if check.state == "not checked" and not check.reason:
                check.reason = "the run ended before"
        if withheld:
            verdict.notes.append(f"withheld: {withheld} findings that rest on answers which a server did not give")
        verdict.ended += ended
        return verdict

    async def _run(self) -> None:
        try:
            await self._parts(self._open_log())
        except NotStarted as error:
            self.started = False
            self.ended.append(str(error))
        except asyncio.CancelledError:
            # Ctrl-C, or SIGTERM: asyncio.run cancels this task.
            self.ended.append(f"{self._current}: it was interrupted")

    async def _parts(self, log: OriginLog | None) -> None:
        if log is not None:
            await self._part("crawl", "O", self.controls.open_log(log))
        await self._part("crawl", "P", self._crawl())
        self._check_crawl()
        await self._part("assets", "PH", self._request_assets(self.crawled_site))
        await self._part("provisioned", "A", self._check_provisioned())
        await self._part("uploads", "A", self._try_upload(self.crawled_site))
        await self._load_and_request()
        await self._part("log", "O", self._read_log(log))
        await self._part("views", "", self._explain_views())
        if self.options.depth == "full":
            self.notes += [f"allow: {pattern} matched no request" for pattern in self.hosts.unused]

    async def _part(self, name: str, letters: str, work: Awaitable[None]) -> None:
        """One part of the run, until its share of --minutes is over. It costs its own checks if it fails, and no more.

        ``letters``: the checks that know less, or nothing, if it fails.
        """
        self._current = name
        with suppress(OSError):
            self._keep(self.verdict(f"{name}: it was ended from outside"))
        try:
            async with asyncio.timeout(self.deadline.left(name) + GRACE):
                await work
            if not self.deadline.left(name):
                raise TimeoutError
        except Exception as error:  # whatever it is, the other parts' findings are kept
            late = isinstance(error, TimeoutError) and not self.deadline.left(name)
            over = f"--minutes {self.options.minutes:g} were over"
            self._cost(name, letters, over if late else str(error) or type(error).__name__)
        await self._ask_health(name)

    async def _ask_health(self, part: str) -> None:
        self.health.learn(self.crawled_site.pages, self.assets.values())
        async with Client(self.options, new_run(), until=time.monotonic() + self.deadline.left(part) + GRACE) as client:
            self.ended += [f"{part}: {problem}" for problem in await self.health.ask(client)]

    def _withhold(self) -> int:
        """Takes the facts out that rest on the answers of a server that had died, and counts them."""
        assets, pages = self.assets | self.listed, self.crawled_site.pages
        kept = [fact for fact in self.facts if not self.health.withholds(fact, assets, self.page_loads, pages)]
        withheld = len(self.facts) - len(kept)
        self.facts = kept
        return withheld

    def _cost(self, name: str, letters: str, reason: str) -> None:
        """A part has ended early, so these checks are not verified, or in part only."""
        self.ended.append(f"{name}: {reason}")
        for letter in letters:
            known = self.checks[letter]
            checked = known.checked if known.state != "not checked" else None
            own = known.reason.removesuffix("; ".join(self._costs[letter])).removesuffix("; ")
            self._costs[letter].append(reason)
            self._record(letter, Result(checked=checked, reason=own))

    def _client(self, part: str, run: str | None = None, **more) -> Client:
        return Client(self.options, run or new_run(), until=self.deadline.of(part), **more)

    async def _crawl(self) -> None:
        self.say("crawl the site")
        await crawl(self.options, self.hosts, self.id, self.deadline.of("crawl"), self.crawled_site)

    def _check_crawl(self) -> None:
        """Raises NotStarted without any page to check."""
        # A site whose every page fails with DEBUG on has a finding already.
        if not any(crawled.answer.status == 200 or crawled.has_debug_body for crawled in self.crawled_site.pages):
            answers = "; ".join(dict.fromkeys(self.crawled_site.tried or self.ended))
            self.ended.clear()
            raise NotStarted(f"{self.options.site} has no page with status 200: {answers}")
        crawled_site = self.crawled_site
        self.notes += [f"not checked: {page}" for page in crawled_site.unread]
        self._costs["P"] += crawled_site.unread
        self.notes += crawled_site.notes
        self.facts += crawled_site.facts
        if crawled_site.sign_in_problem:
            control = Control("sign-in", "-", self.id, "missed", crawled_site.sign_in_problem)
            self.controls.controls.append(control)
            self.notes.append(crawled_site.sign_in_problem)

    async def _load_and_request(self) -> None:
        if home := self.health.silent.get(urlsplit(self.options.site).netloc):
            for letter in "BNC":
                self._record(letter, Result(reason=f"the site does not answer any more ({home})"))
            return
        self.say("request static files from the origin, and load pages in Chromium")
        with tempfile.TemporaryDirectory(prefix="slipway-smoke-") as directory:
            async with driver() as playwright:
                await asyncio.gather(
                    self._part("canary", "C", self._request_names()),
                    self._part("browser", "BN", self._browse(playwright, self.crawled_site, Path(directory))),
                    self._part("controls", "BNO", self.controls.plant(playwright, Path(directory))),
                )

    def _record(self, letter: str, result: Result) -> None:
        self.facts += result.facts
        self.notes += result.notes
        state = "not checked" if result.checked is None else "passed"
        reasons = dict.fromkeys(filter(None, (result.reason, *self._costs[letter])))
        self.checks[letter] = CheckResult(state, "; ".join(reasons), result.checked or 0)

    # P and H

    async def _request_assets(self, crawled_site: CrawlResult) -> None:
        references = [ref for crawled in crawled_site.pages for ref in crawled.page.references]
        references += crawled_site.references
        discover(self.hosts, ((ref.url, ref.kind) for ref in references), self.manifest.entries.keys())
        importmap = ImportMap()
        for crawled in crawled_site.pages:
            importmap.imports |= crawled.page.importmap.imports
            importmap.scopes |= crawled.page.importmap.scopes
        self.say("request every asset from the CDN, twice")
        async with self._client("assets", self.id) as client, self._client("assets") as visitor:
            written = [it for crawled in crawled_site.pages for it in crawled.page.strings]
            fetched = await fetch(client, self.hosts, [*references, *written], importmap, visitor)
            self.assets = fetched.assets
            references += fetched.references
            on_origin = (it for it in references if self.hosts.is_origin(it.url))
            self.leaked = [it.url for it in on_origin if page_references.is_leak(it, self.hosts)]
            names = list(page_references.listed(self.manifest, self.hosts, self.assets.keys()))
            self.listed = (await fetch(client, self.hosts, names, importmap)).assets
            known = self.assets | self.listed
            parsed = page_references.check(crawled_site, references, names, known, self.hosts, self.manifest)
            self._record("P", parsed)
            # With a pull CDN its cache has the origin's marker too; H still reports answers that are no hit.
            marker = "" if self.options.pull else MARKER
            marked = any(MARKER in crawled.answer.headers for crawled in crawled_site.pages)
            cookies = crawled_site.set_cookies
            result = await headers.check(
                client, self.assets, self.listed, cookies, self.hosts, self.manifest, self.origin, marker, marked=marked
            )
            self._record("H", result)
            for asset in self.listed.values():
                asset.let_go()
            answered = await strings.ask(visitor, self.hosts, fetched.strings, {it.url for it in references})
            own = await own_names.check(visitor, self.hosts, references, self.origin)
            self._record("P", Result([*answered.facts, *own], parsed.checked + answered.asked))
        self.maybes += answered.maybes
        self.left_out += [*fetched.left_out, *answered.left_out]
        cut = [asset.url for asset in self.assets.values() if asset.last.cut]
        self.notes += [f"not checked: the bytes of {url} (more than {coding.MAX_BYTES // 1_000_000} MB)" for url in cut]
        loaded = {ref.url for ref in references if ref.kind not in ("link", "document")}
        third_party = {urlsplit(url).netloc for url in loaded if self.hosts.role(url) == "other"}
        if third_party:
            self.notes.append(f"third-party hosts, not checked: {', '.join(sorted(third_party))}")

    # C

    async def _request_names(self) -> None:
        async with self._client("canary") as client:
            assets = self.assets.values()
            result = await canary.check(
                client, assets, self.hosts, self.manifest, self.origin, self.leaked, self.options.also
            )
        self._record("C", result)

    # A

    async def _check_provisioned(self) -> None:
        await self.controls.request_missing_name()
        name = self.options.provisioned.name if self.options.provisioned else ""
        async with self._client("provisioned") as client:
            result = await provisioned.check(client, self.state, name, self.assets.values(), self.hosts)
        self._record("A", result)

    async def _try_upload(self, crawled_site: CrawlResult) -> None:
        if self.options.upload is None:
            return
        if self.options.login is None:
            self.notes.append("not checked: uploads (no SMOKE_LOGIN)")
            return
        async with self._client("uploads", cookies=True) as client:
            await sign_in(client, self.options, crawled_site.pages)
            facts, sent = await uploads.check_forms(client, self.hosts, self.options.upload)
        known = self.checks["A"]
        self._record("A", Result(facts, known.checked + sent, known.reason))

    # B and N

    async def _browse(self, playwright: Playwright | None, crawled_site: CrawlResult, directory: Path) -> None:
        pages, options = crawled_site.for_browser(), self.options
        plan = Plan(
            run=self.id,
            cookies=crawled_site.cookies,
            deadline=self.deadline.of("browser"),
            full=options.depth == "full",
            home=pages[0].page.place if pages else "",
            say=self.say,
        )
        try:
            wanted = screens(pages, options.full_pages, options.depth)
            seen = await browse(playwright, options, wanted, plan, directory)
        except NoBrowser as error:
            for letter in "BN":
                self._record(letter, Result(reason=str(error)))
            return
        self.page_loads = seen.loads
        documents = [crawled for crawled in crawled_site.pages if crawled.is_document]
        self._leave_out_screens(len({id(crawled) for crawled, _ in wanted}), len(documents))
        self.notes += [*seen.notes, *browser_requests.notes(seen.loads)]
        self._record("B", browser_requests.check(seen.loads, self.hosts, seen.earlier))
        self._record("N", netlog.check(seen.logs, seen.loads, documents, self.hosts))
        crashed = next((load.place for load in seen.loads if load.problem == CRASHED), "")
        if seen.lost or crashed:
            self._cost("browser", "BN", seen.lost or f"Chromium's process for {crashed} was killed twice")
        async with self._client("browser", self.id, cookies=True) as client:
            if not await session.lasts(client, crawled_site, options.site):
                self._cost("browser", "BN", "the session was lost while Chromium loaded the pages")

    def _leave_out_screens(self, loaded: int, crawled: int) -> None:
        """``loaded`` of the ``crawled`` pages are in ``page_loads``, some of them on a desktop only."""
        late = sum(load.problem == TOO_LATE for load in self.page_loads)
        full = self.options.depth == "full"
        counts = {
            "they load the same files as a page that was loaded": (crawled - loaded) * len(DEVICES),
            f"--full-pages {self.options.full_pages}" if full else "--depth quick": loaded * len(DEVICES)
            - len(self.page_loads),
            f"--minutes {self.options.minutes:g} were over": late,
        }
        self.left_out += [LeftOut("screens", count, reason) for reason, count in counts.items() if count]

    # O

    def _open_log(self) -> OriginLog | None:
        if self.options.origin_log is None:
            self._record("O", Result(reason="no --origin-log"))
            return None
        try:
            return OriginLog(self.options.origin_log)
        except ValueError as error:
            raise NotStarted(str(error)) from None

    async def _explain_views(self) -> None:
        async with self._client("views") as client:
            self.facts, notes = await views.explain(
                self.facts, client, self.hosts, self.manifest, self.crawled_site.cookies
            )
        self.notes += notes

    async def _read_log(self, log: OriginLog | None) -> None:
        if log is None:
            return
        self.say("read the origin's log")
        await self.controls.check_log(log)
        paths = {urlsplit(url).path.lstrip("/") for url in self.assets}
        self._record("O", origin_log.check(log, self.id, self.hosts, paths, self.allowed))
