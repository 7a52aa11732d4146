"""Which fact explains which.

Several checks see the same fault. Each check reports a ``Fact``; a fact that another one explains is
reported as a consequence, so that a run fails only the check that names the cause.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from static_smoke.rules import Fact, Rule
from static_smoke.site.manifest import DIGEST
from static_smoke.verdict import Finding

WRITTEN = {Rule.WRITTEN, Rule.WRITTEN_MAYBE, Rule.WRITTEN_MEDIA, Rule.LINKED}
VIEWS = (Rule.VIEW_WRITTEN, Rule.VIEW_ASKED, Rule.VIEW_ARRIVED, Rule.VIEW_HIDDEN)
PULLS = {Rule.ORIGIN_IS_SITE, Rule.PULLED}
DENIALS = PULLS | {Rule.DENIED, Rule.SAME_ADDRESS, Rule.MARKED}
BROKEN = {Rule.MISSING, Rule.REDIRECTED, Rule.HASH, Rule.ENCODING}
LEAKS = WRITTEN | {Rule.REDIRECTED, Rule.ASKED}

_POLICIES = (
    Rule.TYPE,
    Rule.NOT_IMMUTABLE,
    Rule.UNCOMPRESSED,
    Rule.HASH,
    Rule.NEVER_HIT,
    Rule.CORS_ABSENT,
    Rule.CORS_LATER,
    Rule.COOKIE,
    Rule.ENCODING,
)

# Effect -> the causes that explain it when they concern the same URL …
SAME_URL = {
    Rule.WRITTEN_MAYBE: {Rule.WRITTEN},
    Rule.LINKED: WRITTEN - {Rule.LINKED},
    # The first who saw it.
    **{view: set(VIEWS[:number]) for number, view in enumerate(VIEWS) if number},
    Rule.ASKED: WRITTEN | {Rule.REDIRECTED},
    # Where other pages name the CDN, it is the leaks' own effect.
    Rule.NO_CDN: {*LEAKS, *VIEWS},
    Rule.HIDDEN: LEAKS,
    Rule.ARRIVED: {Rule.WRITTEN_MAYBE, Rule.WRITTEN_MEDIA, Rule.LINKED, Rule.REDIRECTED},
    Rule.CSP: WRITTEN | {Rule.REDIRECTED},
    Rule.NEVER_HIT: {Rule.VARIES},
    Rule.BLOCKED: BROKEN | {Rule.CROSS_ORIGIN_USE},
    Rule.FAILED: BROKEN | {Rule.BLOCKED, Rule.CSP, Rule.CROSS_ORIGIN_USE},
}
# … the same page …
SAME_PLACE = {
    Rule.HIDDEN: {Rule.DEBUG_PAGE},
    Rule.NO_ICON: {Rule.DEBUG_PAGE},
}
# … the same host …
SAME_HOST = {
    Rule.MISSING: DENIALS | {Rule.NO_ACCESS_CONTROL},
    Rule.DENIED: PULLS | {Rule.SAME_ADDRESS, Rule.MARKED},
    Rule.MARKED: PULLS | {Rule.SAME_ADDRESS},
    Rule.REDIRECTED: PULLS | {Rule.SAME_ADDRESS},
    Rule.BLOCKED: DENIALS,
    Rule.FAILED: DENIALS,
    Rule.ARRIVED: {Rule.SAME_ADDRESS, Rule.MARKED, Rule.DENIED},
    Rule.CORS_WRONG: {Rule.BLOCKED},
    Rule.COOKIE_SENT: {Rule.COOKIE},
    **dict.fromkeys(_POLICIES, PULLS),
}
# … or any URL.
ANYWHERE = {
    Rule.NO_ICON: {Rule.HIDDEN},
    # The whole site has its files on the origin.
    **{rule: {Rule.NO_STATIC_HOST} for rule in WRITTEN | {Rule.ASKED, Rule.ARRIVED, Rule.NO_CDN, Rule.SERVED}},
}
# Faults of a host: one finding, whatever number of files shows them.
PER_HOST = {
    Rule.MARKED,
    Rule.CORS_ABSENT,
    Rule.CORS_WRONG,
    Rule.CORS_LATER,
    Rule.NOT_IMMUTABLE,
    Rule.UNCOMPRESSED,
    Rule.NEVER_HIT,
    Rule.VARIES,
    Rule.COOKIE,
    Rule.COOKIE_SENT,
    Rule.BLOCKED,
    Rule.CSP,
    Rule.PLAIN_HTTP,
}
# Faults of the site: one finding in any case.
PER_SITE = {Rule.DEBUG_PAGE, Rule.NO_CDN}
# Faults of an object, or of a host if many objects have them.
MERGED_WHEN_MANY = {
    Rule.TYPE,
    Rule.HASH,
    Rule.ENCODING,
    Rule.IMMUTABLE,
    Rule.MISSING,
    Rule.FAILED,
    Rule.REDIRECTED,
}
MANY = 4
# Their subject is the page, not the URL.
_OF_A_PAGE = {Rule.HIDDEN, Rule.NO_ICON}
STATIC_LEAKS = {
    Rule.WRITTEN,
    Rule.WRITTEN_MAYBE,
    Rule.WRITTEN_MEDIA,
    Rule.LINKED,
    Rule.ASKED,
    Rule.NO_CDN,
    Rule.ARRIVED,
    Rule.HIDDEN,
}
_STATIC_URL = "STATIC_URL"
# Rules by which different checks see one cause.
FAMILIES = (
    STATIC_LEAKS,
    {Rule.CORS_ABSENT, Rule.CORS_WRONG, Rule.CORS_LATER, Rule.BLOCKED},
    {Rule.TYPE, Rule.BLOCKED},
    {Rule.DENIED, Rule.NO_ACCESS_CONTROL},
    {Rule.PULLED, Rule.ORIGIN_IS_SITE},
)
_SCOPES = (
    (SAME_URL, lambda fact: {fact.url, *fact.also}),
    (SAME_PLACE, lambda fact: {fact.place}),
    (SAME_HOST, lambda fact: {urlsplit(url).hostname for url in (fact.url, *fact.also)}),
    (ANYWHERE, lambda fact: {""}),
)


def attribute(facts: Iterable[Fact], *, cdn_named: bool = True) -> tuple[list[Finding], list[dict]]:
    """The findings, one a cause and check, and the consequences with the finding that explains each.

    ``cdn_named``: whether any page names a file on the static host.
    """
    facts = list(facts)
    wrong = _wrong_static_url(facts, cdn_named=cdn_named)
    groups: dict[tuple, list[Fact]] = {}
    for fact in dict.fromkeys(facts):
        groups.setdefault((fact.rule, fact.url, fact.place if fact.rule in _OF_A_PAGE else ""), []).append(fact)
    causes = _Causes((fact for group in groups.values() for fact in group), static_url_is_wrong=bool(wrong))
    unexplained, consequences = [], []
    for group in groups.values():
        without_cause = [fact for fact in group if causes.of(fact) is None]
        if without_cause:
            unexplained.append(without_cause)
        else:
            consequences.append(_consequence(group[0], causes.of(group[0])))
    return numbered(_findings(unexplained, wrong)), consequences


def _findings(groups: list[list[Fact]], wrong: str) -> Iterator[Finding]:
    """``groups``: the facts about one URL each. ``wrong``: the prefix of a wrong STATIC_URL."""
    kinds = Counter(_kind(group[0]) for group in groups)
    merged: dict[tuple, list[Fact]] = {}
    for group in groups:
        merged.setdefault(_cause(group[0], kinds, wrong), []).extend(group)
    for key, facts in merged.items():
        yield _finding(facts, Rule.NO_CDN if key[0] == _STATIC_URL else facts[0].rule)


def _wrong_static_url(facts: Iterable[Fact], *, cdn_named: bool) -> str:
    """The prefix of the origin's that STATIC_URL has, such as "/static/"; "" if it has none.

    Nobody writes a name with a hash by hand. Without such names it is wrong if no page names a file on the CDN.
    """
    urls = {fact.url for fact in facts if fact.rule in WRITTEN | {Rule.ASKED, Rule.ARRIVED}}
    prefixes = Counter(_prefix(url) for url in urls if not cdn_named or _is_hashed(url))
    prefix, number = max(prefixes.items(), key=lambda it: it[1], default=("", 0))
    return prefix if number >= MANY else ""


def _is_hashed(url: str) -> bool:
    return bool(DIGEST.search(urlsplit(url).path))


def _cause(fact: Fact, kinds: Counter, wrong: str) -> tuple:
    """The key by which the facts of one check become one finding."""
    if wrong and fact.rule in STATIC_LEAKS and _prefix(fact.url) == wrong:
        return _STATIC_URL, fact.rule.check
    if fact.rule in PER_SITE:
        return (fact.rule,)
    kind = _kind(fact)
    if fact.rule in PER_HOST or kinds[kind] >= MANY:
        return kind
    return fact.rule, _section(fact.place) if fact.rule in _OF_A_PAGE else fact.url


def _kind(fact: Fact) -> tuple:
    """What facts have in common that one fault of a host, or of many objects alike, would cause."""
    parts = urlsplit(fact.url)
    if fact.rule in PER_HOST or fact.rule in MERGED_WHEN_MANY:
        return fact.rule, parts.netloc, PurePosixPath(parts.path).suffix if fact.rule is Rule.TYPE else ""
    if fact.rule is Rule.WRITTEN_MEDIA:
        return fact.rule, _prefix(fact.url)
    return fact.rule, fact.url if fact.rule not in _OF_A_PAGE else _section(fact.place)


def _prefix(url: str) -> str:
    """The first folder of its path."""
    return f"/{urlsplit(url).path.lstrip('/').partition('/')[0]}/"


def _section(place: str) -> str:
    return _prefix(place) if "://" in place else place


def numbered(findings: Iterable[Finding]) -> list[Finding]:
    """The findings with the number of their cause: two checks may have seen the same."""
    causes: list[Finding] = []
    result = []
    for finding in findings:
        known = next((number for number, first in enumerate(causes) if _is_same(first, finding)), None)
        if known is None:
            known = len(causes)
            causes.append(finding)
        result.append(replace(finding, cause=known + 1))
    return result


def _is_same(one: Finding, other: Finding) -> bool:
    family = next((it for it in FAMILIES if Rule[one.rule] in it and Rule[other.rule] in it), None)
    if family is None or one.check == other.check:
        return False
    urls, others = {one.url, *one.also}, {other.url, *other.also}
    if family is STATIC_LEAKS:
        return bool(urls & others)
    return bool({urlsplit(url).netloc for url in urls} & {urlsplit(url).netloc for url in others})


class _Causes:
    """The facts by scope, rule and subject."""

    def __init__(self, facts: Iterable[Fact], *, static_url_is_wrong: bool):
        self._static_url_is_wrong = static_url_is_wrong
        self._index: dict[tuple, Fact] = {}
        for fact in facts:
            for scope, (_, about) in enumerate(_SCOPES):
                for subject in about(fact):
                    self._index.setdefault((scope, fact.rule, subject), fact)

    def of(self, fact: Fact) -> Fact | None:
        for scope, (effects, about) in enumerate(_SCOPES):
            if effects is SAME_URL and fact.rule is Rule.NO_CDN and self._static_url_is_wrong:
                continue
            for rule in effects.get(fact.rule, ()):
                for subject in about(fact):
                    found = self._index.get((scope, rule, subject))
                    if found is not None and found is not fact and not self._defers(found):
                        return found
        return None

    def _defers(self, fact: Fact) -> bool:
        """A reference for some screens explains nothing where one for every screen explains it."""
        return fact.rule is Rule.WRITTEN_MAYBE and (0, Rule.WRITTEN, fact.url) in self._index


def _finding(facts: list[Fact], rule: Rule) -> Finding:
    first = facts[0]
    urls, places = (list(dict.fromkeys(getattr(fact, name) for fact in facts)) for name in ("url", "place"))
    return Finding(
        first.rule.check,
        first.url,
        first.place,
        first.what,
        first.fix or rule.fix,
        rule=rule.name,
        also=tuple(urls[1:]),
        places=tuple(places),
    )


def _consequence(fact: Fact, cause: Fact) -> dict:
    return {
        "check": fact.rule.check,
        "url": fact.url,
        "place": fact.place,
        "what": fact.what,
        "because": f"{cause.rule.check}: {cause.what}",
    }
