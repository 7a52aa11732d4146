"""Check C: requests every name of the manifest from the origin itself."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import quote, urljoin, urlsplit

from static_smoke.checks.fetch import Asset
from static_smoke.checks.result import Result
from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import STATIC_TYPES, Hosts
from static_smoke.parse.error_page import describe
from static_smoke.rules import Fact, Rule
from static_smoke.site.manifest import DIGEST, Entry, Manifest

MAX_CONNECTIONS = 12
# Media files that are requested: where one is on the origin's disk, others are too.
MEDIA = 10


async def check(client: Client, assets: Iterable[Asset], hosts: Hosts, manifest: Manifest, origin: str) -> Result:
    """Requests every name of the manifest, or those in the pages without one, and the media of the pages."""
    assets, names, reason = list(assets), manifest.names, ""
    if not names:
        names = [hosts.name(it.url) for it in assets if hosts.role(it.url) == "static"]
        reason = "no --manifest: only names in the pages were requested"
    if not names:
        return Result(reason="no --manifest, and the pages name no asset")
    facts, answers = await request_names(client, hosts, manifest, names, origin)
    more, also = await request_media(client, hosts, [it for it in assets if hosts.role(it.url) == "media"], origin)
    without = [answer for answer in answers + also if answer.unavailable]
    if without:
        unanswered = f"the origin gave no answer to {len(without)} of {len(answers + also)} requests"
        reason = "; ".join(filter(None, (reason, f"{unanswered}: it {describe(without[0])}")))
    if len(without) == len(answers + also):
        return Result(facts + more, reason=reason)
    return Result(facts + more, len(answers + also) - len(without), reason)


async def request_media(
    client: Client, hosts: Hosts, assets: list[Asset], origin: str
) -> tuple[list[Fact], list[Answer]]:
    """Facts, and the answers: media files must not be on the origin too."""
    facts, answers = [], []
    headers = {"Host": urlsplit(hosts.site).netloc, "Accept-Encoding": "identity"}
    for asset in assets[:MEDIA]:
        path = urlsplit(asset.url).path
        for place in dict.fromkeys((f"{hosts.home}media{path}", hosts.home + path.lstrip("/"))):
            answer = await client.request(urljoin(origin, place), headers=headers)
            answers.append(replace(answer, body=b""))
            if answer.status == 200 and (answer.body == asset.body or STATIC_TYPES.match(answer.type)):
                what = f"the origin sends this media file too: {answer.type}, {len(answer.body)} bytes"
                facts.append(Fact(Rule.SERVED, urljoin(hosts.site, place), asset.place, what))
    return facts, answers


async def request_names(
    client: Client, hosts: Hosts, manifest: Manifest, names: Iterable[str], origin: str
) -> tuple[list[Fact], list[Answer]]:
    """Facts, and the answers without their bodies. ``origin``: the address of the origin itself."""
    # Below the site's own folder: the rest of the host may be somebody else's site.
    prefixes = dict.fromkeys([f"{hosts.home}static/", hosts.home + urlsplit(hosts.static or "").path[1:], hosts.home])
    paths = [(prefix, name) for prefix in prefixes for name in names]
    turn = asyncio.Semaphore(MAX_CONNECTIONS)
    # The site's name, as in a visitor's request.
    headers = {"Host": urlsplit(hosts.site).netloc, "Accept-Encoding": "identity"}

    async def request(prefix: str, name: str) -> tuple[list[Fact], Answer]:
        async with turn:
            path = quote(prefix + name)
            answer = await client.request(urljoin(origin, path), headers=headers)
            if answer.unavailable:
                # A connection may drop once, and a worker restart.
                answer = await client.request(urljoin(origin, path), headers=headers)
            if _adds_a_slash(answer, path):
                answer = await client.request(urljoin(origin, f"{path}/"), headers=headers)
            return list(_judge(answer, prefix, name, manifest, hosts)), replace(answer, body=b"")

    judged = await asyncio.gather(*(request(prefix, name) for prefix, name in paths))
    return [fact for found, _ in judged for fact in found], [answer for _, answer in judged]


def _adds_a_slash(answer: Answer, path: str) -> bool:
    """Whether it is a redirect by APPEND_SLASH: a pattern that takes any name may answer behind it."""
    return 300 <= answer.status < 400 and urlsplit(answer.headers.get("Location", "")).path == f"{path}/"


def _judge(answer: Answer, prefix: str, name: str, manifest: Manifest, hosts: Hosts) -> Iterator[Fact]:
    if answer.status in (404, 410) and not answer.body:
        return
    permitted = hosts.allowed(quote(prefix + name), met=False)
    if permitted is not None and (permitted.max_bytes is None or not 200 <= answer.status < 300):
        return
    entry = manifest.entries.get(name)
    url = urljoin(hosts.site, quote(prefix + name))
    place = entry.source if entry else "the manifest, without its hash"
    if _same_bytes(answer, name, manifest, entry):
        what = f"the origin sends the file's own bytes with status {answer.status}"
        yield Fact(Rule.SERVED, url, place, what)
    elif answer.unavailable:
        return  # not served, and it may be otherwise when the origin answers
    elif answer.status not in (404, 410) and not (prefix == hosts.home and _is_a_page(answer, name, hosts)):
        status = " ".join(filter(None, (str(answer.status), answer.type)))
        yield Fact(Rule.SERVED, url, place, f"the origin answers {status}, not 404")


def _same_bytes(answer: Answer, name: str, manifest: Manifest, entry: Entry | None) -> bool:
    if not answer.body:
        return False
    if entry is not None and entry.is_body(answer.body) is not None:
        return bool(entry.is_body(answer.body))
    same_name = (it for it in manifest.entries.values() if DIGEST.sub("", it.name, count=1) == name)
    return any(each.is_body(answer.body) for each in same_name)


def _is_a_page(answer: Answer, name: str, hosts: Hosts) -> bool:
    """In its own folder the site may have pages of its own: a login in front of all of /admin/, a
    catch-all. A page is not a file, nor is a redirect to one."""
    if 300 <= answer.status < 400:
        target = urljoin(urljoin(hosts.site, name), answer.headers.get("Location", ""))
        return hosts.is_origin(target) and not hosts.looks_static(target)
    return answer.type == "text/html" and not name.endswith((".html", ".htm"))
