"""Which check belongs to which witness, and which observation explains which.

One fault is seen from many sides. Each side notes a ``Fact``; a fact that another one explains is
filed as a consequence, so that a run reddens the witness that names the cause and no other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from tests.smoke.verdict import Finding


class Check(Enum):
    """Every check there is: its witness and what to do when it fails."""

    WRITTEN = "P", "write the path with {% static %}, so that STATIC_URL decides the host"
    WRITTEN_MAYBE = "P", "not every screen asks for it, every visitor may: build it from STATIC_URL"
    WRITTEN_MEDIA = "P", "store media in the bucket and build its URL from MEDIA_URL"
    MISSING = "P", "push the file before the page that names it, or take the reference out"
    NO_ICON = "P", 'add <link rel="icon"> with a CDN URL, or browsers ask for /favicon.ico'
    PLAIN_HTTP = "P", "write the URL with https"
    CROSS_ORIGIN_USE = "P", "inline the sprite: browsers refuse <use> from another origin"
    DEBUG_PAGE = "P", "set DEBUG = False"

    MARKED = "H", "the origin answered: point the host at the CDN, and the CDN at the bucket"
    SAME_ADDRESS = "H", "point the host's DNS record at the CDN"
    REFUSED = "H", "let the CDN read the bucket: origin access control, policy, prefix"
    REDIRECTED = "H", "let the CDN answer by itself, without a redirect"
    CORS_ABSENT = "H", "add Access-Control-Allow-Origin in the CDN's response-headers policy"
    CORS_WRONG = "H", "name the site's origin in Access-Control-Allow-Origin"
    TYPE = "H", "upload the object with its exact Content-Type"
    NOT_IMMUTABLE = "H", "upload hashed names with max-age=31536000, immutable"
    IMMUTABLE = "H", "only a name with a hash may be immutable: give this one a short max-age"
    UNCOMPRESSED = "H", "switch compression on in the CDN, and cache by Accept-Encoding"
    ENCODING = "H", "compress once, and say so in Content-Encoding"
    HASH = "H", "push the bytes that the name's hash was made of, then purge the name"
    NEVER_HIT = "H", "let the CDN cache it"
    COOKIE = "H", "keep cookies on the site's host: no Domain attribute, no Set-Cookie on assets"

    SERVED = "C", "take the static files and whatever serves them off the origin"

    ASKED = "B", "find what asks (script, worker, style) and give it the CDN URL"
    NO_CDN = "B", "set STATIC_URL to the CDN"
    BLOCKED = "B", "the browser refused it: see the message"
    CSP = "B", "name the host in the Content-Security-Policy's directive"
    FAILED = "B", "see why it fails for a browser and not for the suite"

    HIDDEN = "N", 'add <link rel="icon"> with a CDN URL to this page'
    COOKIE_SENT = "N", "keep cookies on the site's host: no Domain attribute"

    ARRIVED = "O", "find what asks for it and give it the CDN URL"
    PULLED = "O", "let the CDN read the bucket, never the origin"

    ORIGIN_IS_SITE = "A", "make the bucket the distribution's only origin"
    NO_ACCESS_CONTROL = "A", "attach an origin access control (sigv4, always)"
    PUBLIC_BUCKET = "A", "switch all four public access blocks on, drop public policies and ACLs"
    UPLOAD_REFUSED = (
        "A",
        "sign the form with Signature Version 4, by a key that may put objects there",
    )
    UPLOAD_UNBOUND = "A", "sign a content-length-range into every upload form"

    def __init__(self, witness: str, fix: str):
        self.witness = witness
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Fact:
    """``also``: further URLs that it is about, such as a redirect's target."""

    check: Check
    url: str
    place: str
    what: str
    also: tuple[str, ...] = ()


WRITTEN = {Check.WRITTEN, Check.WRITTEN_MAYBE, Check.WRITTEN_MEDIA}
PULLS = {Check.ORIGIN_IS_SITE, Check.PULLED}
REFUSALS = PULLS | {Check.REFUSED, Check.SAME_ADDRESS, Check.MARKED}
BROKEN = {Check.MISSING, Check.REDIRECTED, Check.HASH, Check.ENCODING}
LEAKS = WRITTEN | {Check.REDIRECTED, Check.ASKED}

_POLICIES = (
    Check.TYPE,
    Check.NOT_IMMUTABLE,
    Check.UNCOMPRESSED,
    Check.HASH,
    Check.NEVER_HIT,
    Check.CORS_ABSENT,
    Check.COOKIE,
    Check.ENCODING,
)

# Effect -> the causes that explain it when they are about the same URL …
SAME_URL = {
    Check.WRITTEN_MAYBE: {Check.WRITTEN},
    Check.ASKED: WRITTEN | {Check.REDIRECTED},
    Check.HIDDEN: LEAKS,
    Check.ARRIVED: {Check.WRITTEN_MAYBE, Check.WRITTEN_MEDIA, Check.REDIRECTED},
    Check.CSP: WRITTEN | {Check.REDIRECTED},
    Check.BLOCKED: BROKEN | {Check.CROSS_ORIGIN_USE},
    Check.FAILED: BROKEN | {Check.BLOCKED, Check.CSP, Check.CROSS_ORIGIN_USE},
}
# … the same page …
SAME_PLACE = {
    Check.HIDDEN: {Check.DEBUG_PAGE},
    Check.NO_ICON: {Check.DEBUG_PAGE},
}
# … the same host …
SAME_HOST = {
    Check.MISSING: REFUSALS | {Check.NO_ACCESS_CONTROL},
    Check.REFUSED: PULLS | {Check.SAME_ADDRESS, Check.MARKED},
    Check.MARKED: PULLS | {Check.SAME_ADDRESS},
    Check.REDIRECTED: PULLS | {Check.SAME_ADDRESS},
    Check.BLOCKED: REFUSALS,
    Check.FAILED: REFUSALS,
    Check.ARRIVED: {Check.SAME_ADDRESS, Check.MARKED, Check.REFUSED},
    Check.CORS_WRONG: {Check.BLOCKED},
    Check.COOKIE_SENT: {Check.COOKIE},
    **dict.fromkeys(_POLICIES, PULLS),
}
# … or whatever they are about.
ANYWHERE = {
    Check.NO_ICON: {Check.HIDDEN},
}
_SCOPES = (
    (SAME_URL, lambda fact: {fact.url, *fact.also}),
    (SAME_PLACE, lambda fact: {fact.place}),
    (SAME_HOST, lambda fact: {urlsplit(url).hostname for url in (fact.url, *fact.also)}),
    (ANYWHERE, lambda fact: {""}),
)


def attribute(facts: Iterable[Fact]) -> tuple[list[Finding], list[dict]]:
    """The findings, one a check and URL, and the consequences with the finding that explains each."""
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
    """What makes two facts one finding. Every page that lacks an icon is a finding of its own."""
    return fact.check, fact.url, fact.place if fact.check is Check.HIDDEN else ""


class _Causes:
    """The facts by scope, check and what they are about."""

    def __init__(self, facts: Iterable[Fact]):
        self._index: dict[tuple, Fact] = {}
        for fact in facts:
            for scope, (_, about) in enumerate(_SCOPES):
                for subject in about(fact):
                    self._index.setdefault((scope, fact.check, subject), fact)

    def of(self, fact: Fact) -> Fact | None:
        for scope, (rules, about) in enumerate(_SCOPES):
            for check in rules.get(fact.check, ()):
                for subject in about(fact):
                    found = self._index.get((scope, check, subject))
                    if found is not None and found is not fact and not self._defers(found):
                        return found
        return None

    def _defers(self, fact: Fact) -> bool:
        """What some screens may ask for explains nothing where every screen asks for it too."""
        return fact.check is Check.WRITTEN_MAYBE and (0, Check.WRITTEN, fact.url) in self._index


def _finding(fact: Fact, more: int) -> Finding:
    what = f"{fact.what} (and in {more} more place{'s' if more > 1 else ''})" if more else fact.what
    return Finding(fact.check.witness, fact.url, fact.place, what, fact.check.fix)


def _consequence(fact: Fact, cause: Fact) -> dict:
    return {
        "witness": fact.check.witness,
        "url": fact.url,
        "place": fact.place,
        "what": fact.what,
        "because": f"{cause.check.witness}: {cause.what}",
    }
