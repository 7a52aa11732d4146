"""Whether the site and its CDN still answer. What a dead server answers is no fault of the deployment.

Each host is asked once more at the end of each part. The facts that rest on a missing answer of a host that has
stopped answering are withheld; all others stay, such as a file that was answered 404 before.
"""

import asyncio
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from static_smoke.browser.watch import PageLoad
from static_smoke.checks.fetch import Asset
from static_smoke.http.client import Client
from static_smoke.parse.error_page import describe
from static_smoke.rules import Fact, Rule
from static_smoke.site.crawl import CrawledPage

# Seconds between the attempts: a server that restarts is back by then.
PAUSES = (0.5, 1.0)
_BY_ANSWER = {Rule.MISSING, Rule.DENIED}
_BY_BROWSER = {Rule.FAILED, Rule.BLOCKED, Rule.UPLOAD_REJECTED}


class Health:
    """``silent``: what each host that stopped answering answered last."""

    def __init__(self) -> None:
        self.silent: dict[str, str] = {}
        # One URL of each host; if possible, one that has been answered.
        self._known: dict[str, str] = {}

    def learn(self, pages: Iterable[CrawledPage], assets: Iterable[Asset]) -> None:
        """From now on asks the hosts of these. A site that has answered 500 only is judged by that, and not asked."""
        assets = list(assets)
        answered = [(it.url, it.answer) for it in pages] + [(it.url, it.last) for it in assets if it.answers]
        known = [url for url, answer in answered if not answer.unavailable]
        for url in (*known, *(it.url for it in assets)):
            self._known.setdefault(urlsplit(url).netloc, url)

    async def ask(self, client: Client) -> list[str]:
        """Asks every host that has not been silent; those that are now, with what they answered."""
        alive = [(host, url) for host, url in self._known.items() if host not in self.silent]
        found = await asyncio.gather(*(_silence(client, url) for _, url in alive))
        # Parts that run at the same time ask at the same time.
        silent = {host: said for (host, _), said in zip(alive, found, strict=True) if said and host not in self.silent}
        self.silent |= silent
        return [f"{host} does not answer any more ({said})" for host, said in silent.items()]

    def withholds(
        self, fact: Fact, assets: Mapping[str, Asset], loads: Iterable[PageLoad], pages: Iterable[CrawledPage]
    ) -> bool:
        """Whether a fact rests on an answer that a dead server did not give, or on none in time."""
        silent = urlsplit(fact.url).netloc in self.silent
        if fact.rule in _BY_ANSWER and fact.url in assets:
            answer = assets[fact.url].last
            return answer.late or (silent and answer.unavailable)
        if fact.rule in _BY_BROWSER and silent:
            requests = (request for load in loads for request in load.requests if request.url == fact.url)
            return not any(400 <= request.status < 500 for request in requests)
        # The error page of a server whose application has died.
        places = {it.page.place for it in pages if it.answer.unavailable and urlsplit(it.url).netloc in self.silent}
        return fact.place in places


async def _silence(client: Client, url: str) -> str:
    """What the host answers if it is no answer of its own, "" if it answers or there is no time left to know."""
    for pause in (*PAUSES, 0):
        answer = await client.request(url, headers={"Range": "bytes=0-0"})
        if not answer.unavailable or answer.late:
            return ""
        await asyncio.sleep(pause)
    return describe(answer)
