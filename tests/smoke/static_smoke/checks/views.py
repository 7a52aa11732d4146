"""Tells what a view makes from a file on the origin: asks for what the other checks have found there."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from static_smoke.http.allowed import allow
from static_smoke.http.client import Answer, Client
from static_smoke.http.hosts import Hosts
from static_smoke.http.urls import served_path
from static_smoke.rules import Fact, Rule
from static_smoke.site.manifest import Manifest

# What a finding becomes when a view makes what it is about.
RULES = {
    Rule.WRITTEN: Rule.VIEW_WRITTEN,
    Rule.WRITTEN_MAYBE: Rule.VIEW_WRITTEN,
    Rule.LINKED: Rule.VIEW_WRITTEN,
    Rule.ASKED: Rule.VIEW_ASKED,
    Rule.NO_CDN: Rule.NO_CDN,
    Rule.HIDDEN: Rule.VIEW_HIDDEN,
    Rule.ARRIVED: Rule.VIEW_ARRIVED,
}
DIFFERS = "its bytes differ each time"
MOST = 40  # URL patterns to ask for, each twice
# What file servers send: nginx's and WhiteNoise's ETag has the time and the size.
_FILE_TAG = re.compile(r'(W/)?"[0-9a-f]+-[0-9a-f]+(-\w+)?"')
_UNCACHED = re.compile(r"\b(private|no-store)\b")
# The variable part of a name: a UUID, a random text in base64, a hash or another random text, a number.
_VARIABLE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}"
    r"|(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{16,}"
    r"|(?=[A-Za-z]*\d)[A-Za-z0-9]{12,}|[A-Za-z0-9]{24,}"
    r"|\d+"
)
_LONG = 4  # digits: no version, which stays
_UNFIT = re.compile(r"[\s?#=\\^$|()\[\]{}<>*]+")


@dataclass(frozen=True, slots=True)
class Answered:
    """What the origin sends for one URL. ``evidence``: why a view makes it, "" for a file, or where that is unknown."""

    evidence: str = ""
    page: bool = False
    download: bool = False


async def explain(
    facts: Iterable[Fact], client: Client, hosts: Hosts, manifest: Manifest, cookies: Iterable[Mapping]
) -> tuple[list[Fact], list[str]]:
    """The facts, those about one view as one, with the line that allows it; and notes.

    ``cookies``: the session's, for what the origin sends to people who are signed in alone.
    """
    facts = list(facts)
    groups: dict[str, list[str]] = {}
    for fact in facts:
        if _is_asked(fact, hosts, manifest):
            urls = groups.setdefault(_shape(fact.url), [])
            if fact.url not in urls:
                urls.append(fact.url)
    session = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in cookies)
    answered = {shape: await _ask(client, urls[0], session) for shape, urls in list(groups.items())[:MOST]}
    kept, notes = [], {}
    for fact in facts:
        shape = _shape(fact.url)
        answer = answered.get(shape, Answered()) if _is_asked(fact, hosts, manifest) else Answered()
        linked = fact.rule is Rule.LINKED
        if linked and answer.page:
            continue
        if linked and answer.download and answer.evidence:
            notes[f"a view sends it as a download, when somebody asks for it: {groups[shape][0]}"] = None
        elif answer.evidence and not hosts.is_below_prefix(fact.url):
            kept.append(_explained(fact, groups[shape], answer.evidence))
        else:
            kept.append(fact)
    return kept, list(notes)


def _is_asked(fact: Fact, hosts: Hosts, manifest: Manifest) -> bool:
    if fact.rule not in RULES or not hosts.is_origin(fact.url):
        return False
    if hosts.is_below_prefix(fact.url) and fact.rule is not Rule.LINKED:
        return False
    known = served_path(fact.url).removeprefix(hosts.home) in manifest.entries
    permitted = hosts.allowed(fact.url, met=False)
    # A service worker beyond a stub may be a view's.
    return not known and (permitted is None or bool(permitted.max_bytes))


async def _ask(client: Client, url: str, session: str) -> Answered:
    headers = {"Accept-Encoding": "identity"}
    first = await client.request(url, headers=headers)
    if session and first.status != 200:
        headers["Cookie"] = session
        first = await client.request(url, headers=headers)
    if first.status != 200:
        return Answered()
    return _judge(first, await client.request(url, headers=headers))


def _judge(first: Answer, second: Answer) -> Answered:
    headers = first.headers
    reasons = []
    if second.status == 200 and first.body != second.body:
        reasons.append(DIFFERS)
    if "Last-Modified" not in headers and not _FILE_TAG.fullmatch(headers.get("ETag", "")):
        reasons.append("no file's Last-Modified and ETag")
    if _UNCACHED.search(headers.get("Cache-Control", "")):
        reasons.append(f"Cache-Control: {headers['Cache-Control']}")
    if "cookie" in headers.get("Vary", "").lower():
        reasons.append("Vary: Cookie")
    download = headers.get("Content-Disposition", "").lower().startswith("attachment")
    if download:
        reasons.append("Content-Disposition: attachment")
    evidence = "; ".join([f"Content-Type: {first.type or 'none'}", *reasons]) if reasons else ""
    return Answered(evidence, first.type == "text/html", download)


def _explained(fact: Fact, urls: list[str], evidence: str) -> Fact:
    pattern = _pattern(urls)
    what = re.sub(r"names an? \w+ file on the origin", "names it", fact.what)
    what = f"a view of the origin makes it ({evidence}): {what}"
    if len(urls) > 1:
        what += f"; {len(urls)} URLs of {pattern}"
    lines = f'--allow=\'{pattern}=the reason\', or in site.yml, allow: {{"{pattern}": "the reason"}}'
    fix = f"allow it: {lines}"
    if DIFFERS not in evidence:
        fix = f"if its bytes are the same for everybody, make a static file of it; else {fix}"
    return replace(fact, rule=RULES[fact.rule], url=urls[0], what=what, fix=fix)


def _shape(url: str) -> str:
    return _VARIABLE.sub("*", served_path(url))


def _pattern(urls: list[str]) -> str:
    """What allows these URLs, and as little else as possible."""
    path = served_path(urls[0])
    alone = len({served_path(url) for url in urls}) == 1
    parts = [_generalised(part, alone=alone) for part in path.split("/")]
    for pattern in ("/".join(parts), path):
        fitting = re.sub(r"\*+", "*", _UNFIT.sub("*", pattern))
        try:
            return allow(fitting, "-").pattern
        except ValueError:
            continue
    return path


def _generalised(part: str, *, alone: bool) -> str:
    """``part`` of a path with * for what is variable; ``alone``: a short number only where it is all of the name."""
    stem, dot, ending = part.partition(".")
    if not alone or _VARIABLE.fullmatch(stem):
        return _VARIABLE.sub("*", part)
    return _VARIABLE.sub(lambda match: "*" if len(match[0]) >= _LONG else match[0], stem) + dot + ending
