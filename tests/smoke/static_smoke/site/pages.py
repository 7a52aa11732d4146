"""The pages that a crawl has found, and what it knows beside them."""

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from static_smoke.deadline import in_thread
from static_smoke.http import coding
from static_smoke.http.client import HTML, Answer
from static_smoke.parse.page import Page, parse
from static_smoke.parse.reference import Reference
from static_smoke.rules import Fact, Rule
from static_smoke.site.patterns import Patterns
from static_smoke.verdict import LeftOut

# Seconds: the parser takes one for a page of a megabyte.
MOST_PARSING, LEAST_PARSING = 20.0, 1.0
# Pages of one pattern that the browser loads because their code differs from that of the others.
DIFFERENT_A_PATTERN = 3
_CODE = {"style", "script", "module", "font"}
_DEBUG = re.compile(r"You(?:'|&#x27;|\u2019)re seeing this error because you have\s*<code>DEBUG = True")


@dataclass(slots=True)
class CrawledPage:
    """One crawled page. ``kind``: "page", "admin" or an error's status as text.

    ``replay``: a browser cannot request it by itself (another method, another Host).
    ``fragment``: a part of a page, or a frame: a browser never shows it as a document of its own.
    ``visitor``: whom the answer is for, such as "phone"; it has the references alone that others do not get.
    """

    answer: Answer
    page: Page
    kind: str
    signed_in: bool = False
    replay: bool = False
    fragment: bool = False
    visitor: str = ""

    @property
    def url(self) -> str:
        return self.page.url

    @property
    def is_document(self) -> bool:
        """Whether browsers show it by its URL, as it was answered."""
        return not (self.fragment or self.visitor)

    @property
    def has_debug_body(self) -> bool:
        return bool(_DEBUG.search(self.answer.text))

    @property
    def code(self) -> frozenset[str]:
        """The page's stylesheets, scripts and fonts."""
        return frozenset(it.url for it in self.page.references if it.kind in _CODE)


@dataclass(slots=True)
class CrawlResult:
    """``references``: in documents that are no pages. ``aside``: URLs that are not requested again, and why.

    ``cookies``: of the session as it was at the crawl's end; ``mark``: its ``session.Mark``.
    """

    pages: list[CrawledPage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cookies: list[dict] = field(default_factory=list)
    set_cookies: list[tuple[str, str]] = field(default_factory=list)
    feeds: dict[str, str] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    aside: dict[str, str] = field(default_factory=dict)
    patterns: Patterns = field(default_factory=Patterns)
    mark: Any = None
    sign_in_problem: str = ""
    # URLs that were answered with a redirect to a login which brings a person back to them.
    behind_login: set[str] = field(default_factory=set)
    # What each page of the first requests answered, if not with a page.
    tried: list[str] = field(default_factory=list)
    # Pages that were not parsed, or not whole, each with the reason.
    unread: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def for_browser(self) -> list[CrawledPage]:
        """One page of every kind: of pages that load the same files, one is loaded, and few of a URL pattern."""
        chosen, seen, different = [], set(), Counter()
        for crawled in self.pages:
            if not crawled.is_document or crawled.url in self.aside:
                continue
            pattern = self.patterns.of(crawled.url), crawled.signed_in
            keys = {crawled.page.signature, pattern}
            differs = ("code", crawled.code) not in seen and different[pattern] < DIFFERENT_A_PATTERN
            if crawled.replay or differs or not keys & seen:
                different[pattern] += pattern in seen
                chosen.append(crawled)
                seen |= {*keys, ("code", crawled.code)}
        return chosen

    def leave_out(self, what: str, count: int, reason: str) -> None:
        if count:
            self.left_out.append(LeftOut(what, count, reason))

    def add_cookies(self, answer: Answer) -> None:
        self.set_cookies += [(answer.url, it) for it in answer.headers.getall("Set-Cookie", [])]

    def add(self, answer: Answer, kind: str, **how) -> CrawledPage | None:
        """Parses an answer if it is a page, and adds it."""
        crawled = self.read(answer, kind, **how)
        if crawled is not None:
            self.pages.append(crawled)
        return crawled

    async def add_until(self, deadline: float, answer: Answer, kind: str, **how) -> CrawledPage | None:
        """``add`` with a bound, see ``read_until``."""
        crawled = await self.read_until(deadline, answer, kind, **how)
        if crawled is not None:
            self.pages.append(crawled)
        return crawled

    async def read_until(self, deadline: float, answer: Answer, kind: str, **how) -> CrawledPage | None:
        """``read`` in a thread: a page may take the parser minutes, and is given up then."""
        now = time.monotonic()
        # What was answered in time is parsed, even if its neighbours were late.
        until = now + min(MOST_PARSING, max(LEAST_PARSING, deadline - now))
        try:
            return await in_thread(until, self.read, answer, kind, **how)
        except TimeoutError:
            self.unread.append(f"{answer.url} (it takes too long to parse)")
        except RecursionError:
            self.unread.append(f"{answer.url} (its elements are nested too deeply)")
        return None

    def read(self, answer: Answer, kind: str, **how) -> CrawledPage | None:
        """Parses an answer if it is a page. ``how``: further fields of ``CrawledPage``."""
        self.add_cookies(answer)
        if answer.type not in HTML or not answer.body:
            return None
        try:
            text = answer.decoded_text()
        except ValueError as error:
            what = f"Content-Encoding: {answer.encoding or 'none'}, but the body is {error}"
            self.facts.append(Fact(Rule.ENCODING, answer.url, answer.url, what))
            self.notes.append(f"{answer.url}: {what}")
            return None
        if answer.cut or len(text) > coding.MAX_PAGE:
            text = text[: coding.MAX_PAGE]
            self.unread.append(f"the rest of {answer.url} (more than {coding.MAX_PAGE // 1_000_000} MB)")
        links = answer.headers.getall("Link", [])
        special = how.get("visitor") or (kind if how.get("replay") else "")
        place = f"{answer.url} ({special})" if special else answer.url
        return CrawledPage(answer, parse(answer.url, text, links, place), kind, **how)
