"""Check P's strings: what may be a URL in a script or in JSON is judged by asking the origin for it."""

import asyncio
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from static_smoke.checks.page_references import thing, written
from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import STATIC_TYPES, Hosts, extension
from static_smoke.http.urls import resolve
from static_smoke.parse.reference import Asked, Reference
from static_smoke.rules import Fact
from static_smoke.verdict import LeftOut, Maybe

# Requests to the origin; what is written as a path comes before what is only a name.
MOST = 40
# Packages' scripts name such files of their own, at paths that a site does not have.
_IN_PACKAGES = {".js", ".mjs", ".ts", ".map", ".wasm"}
# What a server answers for a folder that is neither a page nor an endpoint.
_NO_PAGE = {0, 403, 404}


@dataclass(slots=True)
class Answered:
    """``facts``: the origin has static bytes for the string. ``maybes``: it has none, but a request would arrive."""

    facts: list[Fact] = field(default_factory=list)
    maybes: list[Maybe] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    asked: int = 0


async def ask(client: Client, hosts: Hosts, strings: Iterable[Reference], known: Set[str]) -> Answered:
    """``client``: its requests are no part of the run. ``known``: the URLs that are judged already."""
    found = candidates(strings, hosts, known)
    chosen = found[:MOST]
    result = Answered(asked=len(chosen))
    # Most names are no URLs, such as the modules of a bundle: as many as there is room for are tried.
    paths = sum(reference.asked is Asked.PATH for reference in found[MOST:])
    if paths:
        result.left_out.append(LeftOut("objects", paths, f"the origin is asked about {MOST} strings of scripts"))
    answers = await asyncio.gather(*(client.request(reference.url) for reference in chosen))
    for reference, answer in zip(chosen, answers, strict=True):
        judge(reference, answer, hosts, result)
    return result


def candidates(strings: Iterable[Reference], hosts: Hosts, known: Set[str]) -> list[Reference]:
    """One reference a URL of the origin that looks static, the surest first."""
    chosen: dict[str, Reference] = {}
    for reference in sorted(strings, key=lambda it: it.asked.value):
        url = reference.url
        if url in chosen or url in known or hosts.role(url) != "origin" or hosts.allowed(url):
            continue
        # Of the beginning of a URL only a folder is known; a script's folder is the beginning of one.
        begins = reference.head or is_folder(url)
        if hosts.is_below_prefix(url) if begins else hosts.looks_static(url):
            chosen[url] = reference
    return list(chosen.values())


def judge(reference: Reference, answer: Answer, hosts: Hosts, result: Answered) -> None:
    """Adds a fact or a maybe."""
    said = f"answers {answer.status}" if answer.status else answer.error
    if sends_static(answer, hosts):
        what = f"{reference.how} names {thing(reference.url, hosts)}, and the origin {said} {answer.type}".rstrip()
        result.facts.append(written(reference, hosts, what))
    elif is_folder(reference.url) and not reference.head and answer.status not in _NO_PAGE:
        return  # a page or an endpoint, such as /media/press/
    elif reference.asked is Asked.PATH and (
        hosts.is_below_prefix(reference.url) or extension(reference.url) not in _IN_PACKAGES
    ):
        result.maybes.append(Maybe(reference.url, reference.place, f"{reference.how}; the origin {said}"))


def is_folder(url: str) -> bool:
    return urlsplit(url).path.endswith("/")


def sends_static(answer: Answer, hosts: Hosts) -> bool:
    """Whether the origin answers with a file, or sends the visitor to one."""
    if 300 <= answer.status < 400:
        target = resolve(answer.url, answer.headers.get("Location", "")) or ""
        return hosts.is_ours(target) or (urlsplit(target).path != "/" and hosts.looks_static(target))
    is_file = STATIC_TYPES.match(answer.type) or answer.type == "application/octet-stream"
    return 200 <= answer.status < 300 and bool(is_file)
