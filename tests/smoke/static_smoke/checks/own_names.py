"""Check P: a page may name the server by its address or by another name, and it is no third party then."""

from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import urlsplit

from static_smoke.http import cdn
from static_smoke.http.client import Client
from static_smoke.http.hosts import STATIC_EXTENSIONS, Hosts, extension
from static_smoke.parse.reference import Reference
from static_smoke.rules import Fact, Rule

# Hosts that share an address with the origin, and are asked.
MOST = 12
# A page or an API elsewhere on the server is no static file, unless it is called like one.
_OTHER = {"link", "document", "fetch", "object", "string"}


async def check(client: Client, hosts: Hosts, references: Iterable[Reference], origin: str) -> list[Fact]:
    """The static files that are named on a host which has the origin's address and its marker.

    ``client``: its requests are no part of the run. A CDN's address is shared by sites that have nothing in common.
    """
    named: dict[str, dict[str, Reference]] = defaultdict(dict)
    for reference in references:
        static = reference.kind not in _OTHER or extension(reference.url) in STATIC_EXTENSIONS
        if static and hosts.role(reference.url) == "other":
            named[urlsplit(reference.url).netloc].setdefault(reference.url, reference)
    home = {address for url in (origin, hosts.site) for address, _ in await client.addresses(url)}
    facts, asked = [], 0
    for netloc, found in named.items():
        first = next(iter(found))
        shared = home & {address for address, _ in await client.addresses(first)}
        if not shared or asked >= MOST:
            continue
        asked += 1
        answer = await client.request(first)
        if cdn.MARKER in answer.headers and not cdn.is_cdn(answer):
            for url, reference in found.items():
                rule = Rule.WRITTEN_MAYBE if reference.maybe else Rule.WRITTEN
                what = f"{reference.how} names a static file on the origin: {netloc} is {min(shared)}, where it listens"
                facts.append(Fact(rule, url, reference.place, what))
    return facts
