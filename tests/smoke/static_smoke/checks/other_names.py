"""The server under its other names: one that no page names may serve what the site's own does not."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from static_smoke.checks.served import Found, Judge, Way
from static_smoke.http import cdn
from static_smoke.http.client import Answer, Client, new_run
from static_smoke.http.hosts import Hosts

# Names of the server that are tried, and files that are requested under each.
MOST, FILES = 12, 4
_PORTS = {"http": 80, "https": 443}


async def check(
    client: Client,
    hosts: Hosts,
    origin: str,
    also: Iterable[str],
    ways: Sequence[Way],
    files: Sequence[str],
    judge: Judge,
) -> Found:
    """What is served under them. ``also``: further names; ``ways``: where the site's own name serves no file."""
    found = Found(hosts.origin)
    servers = await _servers(client, hosts, origin, also)
    await asyncio.gather(*(_ask(client, *server, ways, files[:FILES], judge, found) for server in servers))
    return found


async def _servers(client: Client, hosts: Hosts, origin: str, also: Iterable[str]) -> list[tuple[str, tuple[str, int]]]:
    """The base URL and the address of each name: those of the origin's addresses, of its certificate and of ``also``;
    the site's name with www. or without; and the CDN's, which may have led here before."""
    parts = urlsplit(origin)
    addresses = sorted(await client.addresses(origin))
    if not addresses:
        return []
    site = urlsplit(hosts.site).hostname or ""
    twin = site.removeprefix("www.") if site.startswith("www.") else f"www.{site}"
    cdns = [urlsplit(base).hostname for base in (hosts.static, hosts.media) if base]
    certified = [name for name in await client.certificate_names(origin) if "*" not in name]
    names = [name for name in dict.fromkeys((twin, *cdns, *also, *certified)) if name and name != site][:MOST]
    # A server on a port of its own has that one alone.
    usual = (parts.port or _PORTS[parts.scheme]) in _PORTS.values()
    servers = []
    for scheme in _PORTS if usual else [parts.scheme]:
        for number, (address, port) in enumerate(addresses):
            at = (address, _PORTS[scheme] if usual else port)
            shown = "" if usual else f":{port}"
            literal = f"[{address}]" if ":" in address else address
            servers += [(f"{scheme}://{name}{shown}", at) for name in [literal, *(names if not number else ())]]
    return servers


async def _ask(
    client: Client,
    base: str,
    address: tuple[str, int],
    ways: Sequence[Way],
    files: Sequence[str],
    judge: Judge,
    found: Found,
) -> None:
    async with client.at(address) as there:

        async def ask(path: str) -> Answer:
            return await there.request(f"{base}{path}", headers={"Accept-Encoding": "identity"})

        # Most servers close the connection for a name that they do not know.
        if not (await ask("/")).status:
            return
        for way, name in product(ways, files):
            answer = await ask(way.path(name))
            # A redirect serves nothing; and one CDN may answer for site and files.
            if 200 <= answer.status < 300 and not cdn.is_cdn(answer):
                control = await ask(way.path(f"slipway-smoke-{new_run()}{PurePosixPath(name).suffix}"))
                meaning = judge.judge(way, name, answer, control)
                found.add(replace(way, how=f"as {base}"), name, meaning, answer, base)
