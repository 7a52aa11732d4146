"""Check C: asks the origin itself for every name of the manifest."""

import asyncio
from collections.abc import Iterable, Iterator
from urllib.parse import quote, urljoin, urlsplit

from tests.smoke.attribution import Fact, Rule
from tests.smoke.client import Answer, Client
from tests.smoke.fetch import Asset
from tests.smoke.hosts import STATIC_TYPES, Hosts
from tests.smoke.manifest import DIGEST, Entry, Manifest
from tests.smoke.result import Result

AT_ONCE = 12
# Media files that are asked for: one that lies on the origin's disk has company there.
MEDIA = 10


async def check(client: Client, assets: Iterable[Asset], hosts: Hosts, manifest: Manifest, origin: str) -> Result:
    """Asks for every name of the manifest, else for those in the pages, and for the media that pages show."""
    assets, names, reason = list(assets), manifest.names, ""
    if not names:
        names = [urlsplit(it.url).path.lstrip("/") for it in assets if hosts.role(it.url) == "static"]
        reason = "no --manifest: only what the pages name was asked for"
    if not names:
        return Result(reason="no --manifest, and the pages name no asset")
    facts, asked = await ask_origin(client, hosts, manifest, names, origin)
    more, also = await ask_for_media(client, hosts, [it for it in assets if hosts.role(it.url) == "media"], origin)
    return Result(facts + more, asked + also, reason)


async def ask_for_media(client: Client, hosts: Hosts, assets: list[Asset], origin: str) -> tuple[list[Fact], int]:
    """Facts, and how many paths were asked: what the media host shows must not lie on the origin too."""
    facts, asked = [], 0
    headers = {"Host": urlsplit(hosts.site).netloc, "Accept-Encoding": "identity"}
    for asset in assets[:MEDIA]:
        path = urlsplit(asset.url).path
        for place in dict.fromkeys((f"/media{path}", path)):
            asked += 1
            answer = await client.ask(urljoin(origin, place), headers=headers)
            if answer.status == 200 and (answer.body == asset.body or STATIC_TYPES.match(answer.type)):
                what = f"the origin sends this media file too: {answer.type}, {len(answer.body)} bytes"
                facts.append(Fact(Rule.SERVED, urljoin(hosts.site, place), asset.place, what))
    return facts, asked


async def ask_origin(
    client: Client, hosts: Hosts, manifest: Manifest, names: Iterable[str], origin: str
) -> tuple[list[Fact], int]:
    """Facts, and how many paths were asked. ``origin``: where the origin itself listens."""
    prefixes = dict.fromkeys(["/static/", urlsplit(hosts.static or "").path or "/", "/"])
    paths = [(prefix, name) for prefix in prefixes for name in names]
    turn = asyncio.Semaphore(AT_ONCE)
    # The site's name, so that the origin takes it for a visitor's request.
    headers = {"Host": urlsplit(hosts.site).netloc, "Accept-Encoding": "identity"}

    async def ask(prefix: str, name: str) -> list[Fact]:
        async with turn:
            path = quote(prefix + name)
            answer = await client.ask(urljoin(origin, path), headers=headers)
            if _adds_a_slash(answer, path):
                answer = await client.ask(urljoin(origin, f"{path}/"), headers=headers)
            return list(_judge(answer, prefix, name, manifest, hosts))

    facts = await asyncio.gather(*(ask(prefix, name) for prefix, name in paths))
    return [fact for found in facts for fact in found], len(paths)


def _adds_a_slash(answer: Answer, path: str) -> bool:
    """APPEND_SLASH, where a pattern takes any name: what stands behind it is the answer."""
    return 300 <= answer.status < 400 and urlsplit(answer.headers.get("Location", "")).path == f"{path}/"


def _judge(answer: Answer, prefix: str, name: str, manifest: Manifest, hosts: Hosts) -> Iterator[Fact]:
    if answer.status in (404, 410) and not answer.body:
        return
    permitted = hosts.allowed(prefix + name)
    if permitted is not None and (permitted.max_bytes is None or not 200 <= answer.status < 300):
        return
    entry = manifest.entries.get(name)
    url = urljoin(hosts.site, quote(prefix + name))
    place = entry.source if entry else "the manifest, without its hash"
    if _same_bytes(answer, name, manifest, entry):
        what = f"the origin sends the file's own bytes with status {answer.status}"
        yield Fact(Rule.SERVED, url, place, what)
    elif answer.status not in (404, 410) and not (prefix == "/" and _is_a_page(answer, name, hosts)):
        status = " ".join(filter(None, (str(answer.status or answer.error), answer.type)))
        yield Fact(Rule.SERVED, url, place, f"the origin answers {status}, not 404")


def _same_bytes(answer: Answer, name: str, manifest: Manifest, entry: Entry | None) -> bool:
    if not answer.body:
        return False
    if entry is not None and entry.is_body(answer.body) is not None:
        return bool(entry.is_body(answer.body))
    twins = (it for it in manifest.entries.values() if DIGEST.sub("", it.name, count=1) == name)
    return any(twin.is_body(answer.body) for twin in twins)


def _is_a_page(answer: Answer, name: str, hosts: Hosts) -> bool:
    """Below "/" the site may have pages of its own: a login in front of all of /admin/, a
    catch-all. A page is no file, nor is a redirect to one."""
    if 300 <= answer.status < 400:
        target = urljoin(urljoin(hosts.site, name), answer.headers.get("Location", ""))
        return hosts.is_origin(target) and not hosts.looks_static(target)
    return answer.type == "text/html" and not name.endswith((".html", ".htm"))
