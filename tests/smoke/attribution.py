"""The rules of each check, and which fact explains which.

Several checks see the same fault. Each check reports a ``Fact``; a fact that another one explains is
reported as a consequence, so that a run fails only the check that names the cause.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from tests.smoke.verdict import Finding


class Rule(Enum):
    """Every rule: the letter of its check, and what to do when it is broken."""

    WRITTEN = "P", "write the path with {% static %}, so that STATIC_URL decides the host"
    WRITTEN_MAYBE = "P", "some screens may load it: build it from STATIC_URL"
    WRITTEN_MEDIA = "P", "store media in the bucket and build its URL from MEDIA_URL"
    MISSING = "P", "push the file before the page that names it, or take the reference out"
    NO_ICON = "P", 'add <link rel="icon"> with a CDN URL, or browsers ask for /favicon.ico'
    PLAIN_HTTP = "P", "write the URL with https"
    CROSS_ORIGIN_USE = "P", "inline the sprite: browsers block <use> from another origin"
    DEBUG_PAGE = "P", "set DEBUG = False"

    MARKED = "H", "the origin answered: point the host at the CDN, and the CDN at the bucket"
    SAME_ADDRESS = "H", "point the host's DNS record at the CDN"
    DENIED = "H", "let the CDN read the bucket: origin access control, policy, prefix"
    REDIRECTED = "H", "let the CDN answer by itself, without a redirect"
    CORS_ABSENT = "H", "add Access-Control-Allow-Origin in the CDN's response-headers policy"
    CORS_WRONG = "H", "name the site's origin in Access-Control-Allow-Origin"
    TYPE = "H", "upload the object with its exact Content-Type"
    NOT_IMMUTABLE = "H", "upload hashed names with max-age=31536000, immutable"
    IMMUTABLE = "H", "only a name with a hash may be immutable: give this one a short max-age"
    UNCOMPRESSED = "H", "switch compression on in the CDN, and cache by Accept-Encoding"
    ENCODING = "H", "compress once, and say so in Content-Encoding"
    HASH = "H", "push the bytes that the hash in the name belongs to, then purge the name"
    NEVER_HIT = "H", "let the CDN cache it"
    COOKIE = "H", "keep cookies on the site's host: no Domain attribute, no Set-Cookie on assets"

    SERVED = "C", "remove the static files, and the code that serves them, from the origin"

    ASKED = "B", "find what loads it (script, worker, style) and give it the CDN URL"
    NO_CDN = "B", "set STATIC_URL to the CDN"
    BLOCKED = "B", "the browser blocked it: see its message"
    CSP = "B", "name the host in the Content-Security-Policy's directive"
    FAILED = "B", "find out why it fails in a browser and not for this suite"

    HIDDEN = "N", 'add <link rel="icon"> with a CDN URL to this page'
    COOKIE_SENT = "N", "keep cookies on the site's host: no Domain attribute"

    ARRIVED = "O", "find what requests it and give it the CDN URL"
    PULLED = "O", "let the CDN read the bucket, never the origin"

    ORIGIN_IS_SITE = "A", "make the bucket the distribution's only origin"
    NO_ACCESS_CONTROL = "A", "attach an origin access control (sigv4, always)"
    PUBLIC_BUCKET = "A", "switch all four public access blocks on, drop public policies and ACLs"
    UPLOAD_REJECTED = (
        "A",
        "sign the form with Signature Version 4, by a key that may put objects there",
    )
    UPLOAD_UNBOUND = "A", "sign a content-length-range into every upload form"

    def __init__(self, check: str, fix: str):
        self.check = check
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Fact:
    """``also``: further URLs that it concerns, such as a redirect's target."""

    rule: Rule
    url: str
    place: str
    what: str
    also: tuple[str, ...] = ()


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
