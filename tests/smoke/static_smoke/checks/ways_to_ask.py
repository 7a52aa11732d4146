"""A CDN may pass on to the origin what it does not know: another method, a query, a part, a phone, a missing name."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from static_smoke.browser.devices import PHONE
from static_smoke.checks.fetch import Asset
from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import Hosts, extension
from static_smoke.http.urls import resolve
from static_smoke.rules import Fact, Rule


@dataclass(frozen=True, slots=True)
class Question:
    """``how``, as in "for HEAD". ``missing``: no file has that name, and any answer but the origin's is right."""

    url: str
    place: str
    how: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    missing: bool = False


async def check(client: Client, hosts: Hosts, assets: Iterable[Asset], marker: str) -> list[Fact]:
    """``marker``: the header of the origin, "" where a CDN that pulls from the origin passes it on."""
    asked = list(_questions(client.run, [asset for asset in assets if asset.last.status == 200]))
    answers = await asyncio.gather(*(_ask(client, it) for it in asked))
    return [fact for it, answer in zip(asked, answers, strict=True) for fact in judge(it, answer, hosts, marker)]


async def _ask(client: Client, asked: Question) -> Answer:
    return await client.request(asked.url, method=asked.method, headers=dict(asked.headers))


def _questions(run: str, assets: Iterable[Asset]) -> Iterator[Question]:
    """By HEAD one file of each host and type, in each other way one of each host."""
    kinds: dict[tuple[str, str], Asset] = {}
    netlocs: dict[str, Asset] = {}
    for asset in assets:
        kinds.setdefault((urlsplit(asset.url).netloc, extension(asset.url)), asset)
        # A signed URL is denied with another query.
        if not urlsplit(asset.url).query:
            netlocs.setdefault(urlsplit(asset.url).netloc, asset)
    for asset in kinds.values():
        yield Question(asset.url, asset.place, "for HEAD", "HEAD")
    for asset in netlocs.values():
        url, place = asset.url, asset.place
        yield Question(f"{url}?v={run}", place, "with a query")
        yield Question(url, place, "for a Range", headers=(("Range", "bytes=0-9"),))
        yield Question(url, place, "to who takes no br", headers=(("Accept-Encoding", "gzip"),))
        yield Question(url, place, "to a phone", headers=(("User-Agent", PHONE.agent(run)),))
        name = f"slipway-smoke-{run}{extension(url)}"
        yield Question(urljoin(url, name), place, "for a name that no file has", missing=True)


def judge(asked: Question, answer: Answer, hosts: Hosts, marker: str) -> Iterator[Fact]:
    """The fact that the origin answers, or that the visitor is sent elsewhere."""
    target = resolve(asked.url, answer.headers.get("Location", "")) if 300 <= answer.status < 400 else None
    if marker in answer.headers:
        what = f"the answer {asked.how} carries {marker}: {answer.headers[marker]}, so the origin sent it"
        yield Fact(Rule.MARKED, asked.url, asked.place, what)
    elif target and (hosts.is_origin(target) or not asked.missing):
        what = f"{answer.status} to {'the origin' if hosts.is_origin(target) else target} {asked.how}: {target}"
        yield Fact(Rule.REDIRECTED, asked.url, asked.place, what, (target,))
