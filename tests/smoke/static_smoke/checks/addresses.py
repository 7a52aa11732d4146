"""Every address of the CDN's hosts has to be the CDN's: a browser may take any of them, of either family."""

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit

from static_smoke.checks.fetch import Asset
from static_smoke.http import cdn
from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import Hosts
from static_smoke.rules import Fact, Rule

Address = tuple[str, int]


async def check(
    client: Client, hosts: Hosts, assets: Iterable[Asset], origin: str, marker: str
) -> tuple[list[Fact], list[str]]:
    """Facts, and what was not seen: addresses that this computer does not reach.

    ``marker``: the header of the origin, "" where a CDN that pulls from the origin passes it on.
    """
    assets, facts, unseen = list(assets), [], []
    home = await client.addresses(origin) | await client.addresses(hosts.site)
    for base in filter(None, dict.fromkeys((hosts.static, hosts.media))):
        netloc = urlsplit(base).netloc
        on_host = [asset for asset in assets if urlsplit(asset.url).netloc == netloc]
        known = [asset for asset in on_host if asset.last.status == 200] or on_host
        found = sorted(await client.addresses(base))
        answers = await _ask_each(client, found, known[0].url if known else base)
        behind_cdn = any(cdn.is_cdn(asset.last) for asset in on_host)
        problems = _problems(answers, home, marker, behind_cdn=behind_cdn)
        if problems:
            place = known[0].place if known else hosts.site
            facts.append(Fact(Rule.SAME_ADDRESS, base, place, f"{netloc} resolves to {'; and to '.join(problems)}"))
        unseen += _unseen(netloc, answers)
    return facts, unseen


async def _ask_each(client: Client, addresses: list[Address], url: str) -> dict[Address, Answer]:
    async def ask(address: Address) -> Answer:
        async with client.at(address) as there:
            return await there.request(url)

    return dict(zip(addresses, await asyncio.gather(*map(ask, addresses)), strict=True))


def _problems(answers: dict[Address, Answer], home: set[Address], marker: str, *, behind_cdn: bool) -> list[str]:
    """Why an address is not the CDN's, in words that follow "the host resolves to"."""
    by_cdn = {address for address, answer in answers.items() if cdn.is_cdn(answer) and not _is_marked(answer, marker)}
    problems = []
    for address, answer in answers.items():
        there = f"{address[0]} port {address[1]}"
        # Where site and files are behind one CDN, they share its addresses.
        if address in home and address not in by_cdn and (answer.status or not by_cdn & home):
            problems.append(f"{there}, where the origin listens")
        elif _is_marked(answer, marker) and not cdn.is_cdn(answer):
            problems.append(f"{there}, where the origin answers ({marker}: {answer.headers[marker]})")
        elif answer.status and behind_cdn and not cdn.is_cdn(answer):
            problems.append(f"{there}, where no CDN answers ({answer.status})")
    return problems


def _is_marked(answer: Answer, marker: str) -> bool:
    return bool(marker) and marker in answer.headers


def _unseen(netloc: str, answers: dict[Address, Answer]) -> list[str]:
    silent = {address: answer.error for (address, _), answer in answers.items() if not answer.status}
    six = [address for address in silent if ":" in address]
    four = [address for address in silent if ":" not in address]
    # A host without any answer is found missing by its files.
    if len(silent) == len(answers):
        return []
    said = [f"this computer does not reach {netloc} by IPv6 ({six[0]}: {silent[six[0]]})"] if six else []
    return said + [f"{netloc} does not answer at {address} ({silent[address]})" for address in four]
