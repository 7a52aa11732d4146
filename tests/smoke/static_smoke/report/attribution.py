"""Which fact explains which.

Several checks see the same fault. Each check reports a ``Fact``; a fact that another one explains is
reported as a consequence, so that a run fails only the check that names the cause.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from static_smoke.rules import Fact, Rule
from static_smoke.verdict import Finding

WRITTEN = {Rule.WRITTEN, Rule.WRITTEN_MAYBE, Rule.WRITTEN_MEDIA}
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
    Rule.COOKIE,
    Rule.ENCODING,
)

# Effect -> the causes that explain it when they concern the same URL …
SAME_URL = {
    Rule.WRITTEN_MAYBE: {Rule.WRITTEN},
    Rule.ASKED: WRITTEN | {Rule.REDIRECTED},
    Rule.HIDDEN: LEAKS,
    Rule.ARRIVED: {Rule.WRITTEN_MAYBE, Rule.WRITTEN_MEDIA, Rule.REDIRECTED},
    Rule.CSP: WRITTEN | {Rule.REDIRECTED},
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
}
_SCOPES = (
    (SAME_URL, lambda fact: {fact.url, *fact.also}),
    (SAME_PLACE, lambda fact: {fact.place}),
    (SAME_HOST, lambda fact: {urlsplit(url).hostname for url in (fact.url, *fact.also)}),
    (ANYWHERE, lambda fact: {""}),
)


def attribute(facts: Iterable[Fact]) -> tuple[list[Finding], list[dict]]:
    """The findings, one a rule and URL, and the consequences with the finding that explains each."""
    groups: dict[tuple, list[Fact]] = {}
    for fact in dict.fromkeys(facts):
        groups.setdefault(_subject(fact), []).append(fact)
    causes = _Causes(fact for group in groups.values() for fact in group)
    findings, consequences = [], []
    for group in groups.values():
        unexplained = [fact for fact in group if causes.of(fact) is None]
        if unexplained:
            findings.append(_finding(unexplained[0], len({fact.place for fact in unexplained}) - 1))
        else:
            consequences.append(_consequence(group[0], causes.of(group[0])))
    return findings, consequences


def _subject(fact: Fact) -> tuple:
    """The key by which facts become one finding. Every page without an icon is a finding of its own."""
    return fact.rule, fact.url, fact.place if fact.rule is Rule.HIDDEN else ""


class _Causes:
    """The facts by scope, rule and subject."""

    def __init__(self, facts: Iterable[Fact]):
        self._index: dict[tuple, Fact] = {}
        for fact in facts:
            for scope, (_, about) in enumerate(_SCOPES):
                for subject in about(fact):
                    self._index.setdefault((scope, fact.rule, subject), fact)

    def of(self, fact: Fact) -> Fact | None:
        for scope, (effects, about) in enumerate(_SCOPES):
            for rule in effects.get(fact.rule, ()):
                for subject in about(fact):
                    found = self._index.get((scope, rule, subject))
                    if found is not None and found is not fact and not self._defers(found):
                        return found
        return None

    def _defers(self, fact: Fact) -> bool:
        """A reference for some screens explains nothing where one for every screen explains it."""
        return fact.rule is Rule.WRITTEN_MAYBE and (0, Rule.WRITTEN, fact.url) in self._index


def _finding(fact: Fact, more: int) -> Finding:
    what = f"{fact.what} (and in {more} more place{'s' if more > 1 else ''})" if more else fact.what
    return Finding(fact.rule.check, fact.url, fact.place, what, fact.rule.fix)


def _consequence(fact: Fact, cause: Fact) -> dict:
    return {
        "check": fact.rule.check,
        "url": fact.url,
        "place": fact.place,
        "what": fact.what,
        "because": f"{cause.rule.check}: {cause.what}",
    }
