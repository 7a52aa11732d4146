"""Other visitors' answers: a site may send a phone, or a reader of another language, another page at the same URL."""

import asyncio
import re
import time
from collections.abc import Iterable, Iterator, Mapping

from static_smoke.http.client import Client, agent
from static_smoke.http.hosts import Hosts
from static_smoke.site.follow import Follow
from static_smoke.site.pages import CrawledPage, CrawlResult
from static_smoke.site.visit import visit

# Chromium's reduced User-Agent, the same for every phone: https://www.chromium.org/updates/ua-reduction/
_PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36"
)
# What most sites are translated into; a page's own language is left out.
_LANGUAGES = ("de", "en", "fr", "es", "pt", "it", "nl", "pl", "ja", "zh", "ru", "ar")
_LANGUAGE = re.compile(r"<html\b[^>]*?\blang\s*=\s*[\"']?([a-z]+)", re.IGNORECASE)
# Preferences that a site may ask for by Vary or Accept-CH.
_HINTS = {"save-data": "on", "sec-ch-prefers-color-scheme": "dark"}
PAGES_IF_QUICK = 10
AT_ONCE = 8


async def ask_as_others(
    result: CrawlResult,
    pages: Iterable[CrawledPage],
    client: Client,
    hosts: Hosts,
    follow: Follow,
    deadline: float,
    *,
    quick: bool,
) -> None:
    """Requests ``pages`` as other visitors do. What only they get is added to the result.

    Quick: the first PAGES_IF_QUICK as a phone. Full: each page as a phone, and one of each pattern in other languages
    and with the hints that the site asks for.
    """
    pages = list(pages)
    asked = [(page, "phone", phone(client.run)) for page in pages][: PAGES_IF_QUICK if quick else None]
    if not quick:
        one_each = {result.patterns.of(page.url): page for page in reversed(pages)}.values()
        asked += [(page, *other) for page in one_each for other in _others(page)]
    for start in range(0, len(asked), AT_ONCE):
        if time.monotonic() > deadline:
            result.leave_out("screens", len(asked[start:]), "other visitors' answers: --minutes were over")
            break
        group = asked[start : start + AT_ONCE]
        answers = await asyncio.gather(*(visit(client, hosts, follow, page.url, sent) for page, _, sent in group))
        for (page, visitor, _), answered in zip(group, answers, strict=True):
            if answered[-1].status == 200 and answered[-1].body != page.answer.body:
                how = {"signed_in": page.signed_in, "visitor": visitor}
                other = await result.read_until(deadline, answered[-1], page.kind, **how)
                if other is not None and _differs(page, other):
                    result.pages.append(other)


def phone(run: str) -> dict[str, str]:
    """The headers of a phone, with the run's id."""
    hints = {"Sec-CH-UA-Mobile": "?1", "Sec-CH-UA-Platform": '"Android"'}
    return {"User-Agent": f"{_PHONE} {agent(run)}", **hints}


def _others(page: CrawledPage) -> Iterator[tuple[str, Mapping[str, str]]]:
    own = _LANGUAGE.search(page.answer.text)
    languages = [name for name in _LANGUAGES if not own or name != own[1].lower()]
    weighed = ", ".join(f"{name};q={1 - number / 20:.2f}" for number, name in enumerate(languages))
    yield "other languages", {"Accept-Language": weighed}
    named = " ".join(page.answer.headers.get(name, "") for name in ("Vary", "Accept-CH")).lower()
    yield from ((hint, {hint: value}) for hint, value in _HINTS.items() if hint in named)


def _differs(page: CrawledPage, other: CrawledPage) -> bool:
    """Whether another visitor's page has references of its own, and then it keeps those alone."""
    known = {(it.url, it.kind) for it in page.page.references}
    other.page.references = [it for it in other.page.references if (it.url, it.kind) not in known]
    return bool(other.page.references) or (page.page.has_icon and not other.page.has_icon)
