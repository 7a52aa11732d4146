"""One walk through the site, signed out or signed in."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import zip_longest
from urllib.parse import urlsplit

from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import Hosts
from static_smoke.http.urls import served_path
from static_smoke.options import Options
from static_smoke.parse.error_page import describe
from static_smoke.site import effects, feeds
from static_smoke.site.follow import ASIDE, NOFOLLOW, Follow
from static_smoke.site.pages import CrawledPage, CrawlResult
from static_smoke.site.session import Session
from static_smoke.site.visit import asks_for_login, visit

# A few of each pattern are looked at in full: /photos/17/ and /photos/18/ come from one template.
PAGES_A_PATTERN = 2
# Further ones are parsed: in a quick run so many at most, and in this share of the time.
OBJECTS_IF_QUICK = 20
TIME_FOR_OBJECTS = 0.3
# Requests at once; the session is asked for after each such group of objects.
OBJECTS_AT_ONCE = 8


class Walk:
    """Goes from page to page, each link once. ``session``: of a signed-in walk; None signed out.

    ``deadline``: the monotonic second after which no further page is requested.
    """

    def __init__(
        self,
        options: Options,
        hosts: Hosts,
        client: Client,
        follow: Follow,
        result: CrawlResult,
        deadline: float,
        session: Session | None = None,
    ):
        self._options, self._hosts, self._client = options, hosts, client
        self._follow, self._result, self._deadline, self._session = follow, result, deadline, session
        self._signed_in = session is not None
        self._budget = options.max_pages
        self._seen: set[str] = set()
        self._patterns: Counter = Counter()
        self._pages: dict[str, CrawledPage] = {}
        self._sources: dict[str, str] = {}
        self._headers: dict[str, dict[str, str]] = {}
        self._left: dict[str, set[str]] = defaultdict(set)
        self._objects: dict[str, None] = {}
        self.lost = ""

    async def walk(self, start: Iterable[str], named: Iterable[str] = (), skip_objects: Iterable[str] = ()) -> None:
        """From the ``start`` URLs, which are requested whatever robots.txt says, and those that a sitemap ``named``.

        ``skip_objects``: those that another walk has parsed.
        """
        until = time.monotonic() + TIME_FOR_OBJECTS * (self._deadline - time.monotonic())
        self._skip = set(skip_objects)
        self._start = set(start)
        level = await self._follow_wave(self._choose(start, is_start=True))
        level += self._name(named, "")
        while level and not self.lost:
            await self._levels(level)
            level = await self._parse_objects(until)
        self._report()

    @property
    def parsed_objects(self) -> set[str]:
        return self._skip | (self._objects.keys() & self._seen)

    # Pages

    async def _levels(self, level: list[str]) -> None:
        """Requests wave after wave; what is too deep or too late is left out."""
        for _ in range(self._options.max_depth):
            if time.monotonic() > self._deadline:
                self._leave(level, f"--minutes {self._options.minutes:g} were over")
                return
            level = await self._follow_wave(self._choose(level))
        self._leave(level, f"--max-depth {self._options.max_depth}")

    async def _follow_wave(self, wave: list[str]) -> list[str]:
        """The URLs that the answers to ``wave`` name."""
        found = []
        for url, answers in await self._request(wave):
            found += await self._take(url, answers)
        return found

    def _choose(self, level: Iterable[str], *, is_start: bool = False) -> list[str]:
        """The URLs of this wave; the others are objects, or left out with a reason."""
        wave = []
        for url in dict.fromkeys(level):
            pattern = self._result.patterns.of(url)
            if url in self._seen or not (is_start or self._follow.is_inside(url)):
                continue
            if not is_start and (why := self._follow.why_not(url)):
                self._left[why].add(url)
            elif self._patterns[pattern] >= PAGES_A_PATTERN:
                self._objects.setdefault(url)
            elif self._budget <= 0:
                self._left[f"--max-pages {self._options.max_pages}"].add(url)
            else:
                self._seen.add(url)
                self._patterns[pattern] += 1
                self._budget -= 1
                wave.append(url)
        return wave

    async def _request(self, wave: list[str]) -> list[tuple[str, list[Answer]]]:
        if self._session is not None:
            answered = await self._one_by_one(wave, self._session)
        else:
            answered = list(zip(wave, await asyncio.gather(*map(self._visit, wave)), strict=True))
            await self._notice_effects(answered)
        return [(url, answers) for url, answers in answered if answers and url not in self._result.aside]

    async def _visit(self, url: str) -> list[Answer]:
        return await visit(self._client, self._hosts, self._follow, url, self._headers.get(url))

    async def _one_by_one(self, wave: list[str], session: Session) -> list[tuple[str, list[Answer]]]:
        """Signed in: which request ended the session shows only if no other was under way.

        What was answered since the session was last seen alive is requested again, now with a look after each answer.
        """
        good: list[tuple[str, list[Answer]]] = []
        unsure: list[tuple[str, list[Answer]]] = []
        pending, look_each_time = list(wave), False
        while pending or unsure:
            url = pending.pop(0) if pending else ""
            if url and (self._follow.why_not(url) == ASIDE or time.monotonic() > self._deadline):
                self._left[self._follow.why_not(url) or f"--minutes {self._options.minutes:g} were over"].add(url)
                continue
            answers = await self._visit(url) if url else []
            if answers:
                unsure.append((url, answers))
            if pending and not look_each_time and not session.is_doubtful(answers):
                continue
            # Before the look: it may take the cookie away itself.
            ends = session.looks_ended_by(answers)
            if await session.is_alive():
                session.keep_cookies()
                await self._notice_effects([(url, answers)] if answers else [])
                good, unsure = good + unsure, []
                continue
            if session.unknown:
                self._left["the session's state is not known"] |= {url for url, _ in unsure} | set(pending)
                self.lost = session.unknown
                break
            if look_each_time or ends or len(unsure) == 1:
                ended_by = unsure.pop()[0]
                self._follow.set_aside(ended_by, "ended the session")
                what = ended_by
            else:
                what = f"one of {', '.join(url for url, _ in unsure)}"
                look_each_time = True
            pending, unsure = [url for url, _ in unsure] + pending, []
            if not await session.renew():
                self._left["the session was lost"] |= set(pending)
                self.lost = f"the session was lost after {what}"
                break
        return good

    async def _notice_effects(self, answered: Iterable[tuple[str, list[Answer]]]) -> None:
        """Sets those links aside after which the page that has them shows something else."""
        actions = defaultdict(list)
        for url, answers in answered:
            source = self._sources.get(url, "")
            if source in self._pages and effects.may_be_an_action(answers, self._signed_in, source):
                actions[source].append(url)
        for source, urls in actions.items():
            if await effects.has_changed(self._pages[source].answer, lambda url=source: self._client.request(url)):
                for url in urls:
                    self._follow.set_aside(url, f"changes what {source} shows")

    async def _take(self, url: str, answers: list[Answer]) -> list[str]:
        """Adds what was answered to the result; the links in it."""
        *redirects, answer = answers
        for redirect in redirects:
            self._result.add_cookies(redirect)
        if asks_for_login(answers) and not self._signed_in:
            self._result.behind_login.add(url)
        if answer.url in self._seen and redirects:
            return []
        if answer.status != 200 and url in self._start:
            self._result.tried.append(f"{urlsplit(answer.url).path} {describe(answer)}")
        if answer.late:
            self._seen.discard(url)
            self._leave([url], f"--minutes {self._options.minutes:g} were over")
            return []
        self._seen.add(answer.url)
        if answer.status == 0:
            self._result.notes.append(f"{answer.url}: {answer.error}")
        elif answer.status >= 500:
            await self._result.add_until(
                self._deadline, answer, str(answer.status), signed_in=self._signed_in, replay=True
            )
        if answer.status != 200:
            return []
        if "xml" in answer.type and answer.type != "application/xhtml+xml":
            return self._name(feeds.add(self._result, answer), "")
        kind = "admin" if "/admin/" in urlsplit(answer.url).path else "page"
        fragment = url in self._headers
        crawled = await self._result.add_until(
            self._deadline, answer, kind, signed_in=self._signed_in, fragment=fragment
        )
        if crawled is None:
            return []
        self._hosts.pages |= {served_path(each.url) for each in answers}
        if not fragment:
            self._pages[answer.url] = crawled
        page = crawled.page
        self._left[NOFOLLOW] |= {it for it in page.nofollow if self._follow.is_inside(it)}
        fragments = {it: dict(headers) for it, headers in page.fragments.items() if it not in page.links}
        self._headers = fragments | self._headers
        return self._name([*page.links, *page.feeds, *fragments], answer.url)

    def _name(self, found: Iterable[str], source: str) -> list[str]:
        """The URLs of the site among those that one page names."""
        inside = [url for url in found if self._follow.is_inside(url)]
        self._result.patterns.learn(inside)
        for url in inside:
            self._sources.setdefault(url, source)
        return inside

    # Objects

    async def _parse_objects(self, until: float) -> list[str]:
        """Parses further pages of the patterns, in turn; the links in them that are of other patterns."""
        most = self._options.max_objects if self._options.depth == "full" else OBJECTS_IF_QUICK
        found: list[str] = []
        pending = self._in_turn()
        while pending and time.monotonic() < until and not self.lost:
            room = most - len(self._objects.keys() & self._seen)
            group, pending = pending[: min(room, OBJECTS_AT_ONCE)], pending[OBJECTS_AT_ONCE:]
            if not group:
                break
            self._seen |= set(group)
            answered = list(zip(group, await asyncio.gather(*map(self._visit, group)), strict=True))
            if self._session is not None and not await self._session.is_alive():
                self._left["the session was lost"] |= set(group)
                if not await self._session.renew():
                    self.lost = self._session.unknown or f"the session was lost after one of {', '.join(group)}"
                break
            for url, answers in answered:
                found += await self._take(url, answers)
        of = self._result.patterns.of
        return [url for url in found if url not in self._seen and self._patterns[of(url)] < PAGES_A_PATTERN]

    def _in_turn(self) -> list[str]:
        """The objects that may be requested: the first of each pattern, the second of each, …"""
        by_pattern = defaultdict(list)
        for url in self._objects:
            if url not in self._seen | self._skip and not self._follow.why_not(url):
                by_pattern[self._result.patterns.of(url)].append(url)
        return [url for turn in zip_longest(*by_pattern.values()) for url in turn if url]

    # What is left out

    def _leave(self, urls: Iterable[str], reason: str) -> None:
        self._left[reason] |= {url for url in urls if url not in self._seen and self._follow.is_inside(url)}

    def _report(self) -> None:
        objects = {url for url in self._objects if url not in self._seen | self._skip}
        patterns = len({self._result.patterns.of(url) for url in objects})
        self._result.leave_out("objects", len(objects), f"of {patterns} URL pattern{'' if patterns == 1 else 's'}")
        # What was set aside was requested once.
        named = objects | self._result.aside.keys()
        for reason, urls in self._left.items():
            left = urls - self._seen - named
            named |= left
            self._result.leave_out("pages", len(left), reason)
