"""Pull mode: a CDN that fetches hashed files from a path of the origin. Facts that are no faults there.

The promise is weaker: the origin has static files, and its log cannot tell a CDN's request from a visitor's where the
CDN passes the visitor's headers on. P, B and N still check that no page and no browser
requests one from the origin, and C that it serves none below any other path.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from static_smoke.rules import Fact, Rule
from static_smoke.site.digests import carries_hash
from static_smoke.site.manifest import Manifest

EXCUSED = frozenset((Rule.PULLED, Rule.ARRIVED))


def excuse(facts: Iterable[Fact], prefix: str, manifest: Manifest) -> list[Fact]:
    """The facts that are faults in pull mode too: all but those about hashed names below ``prefix``."""
    return [fact for fact in facts if not (fact.rule in EXCUSED and _is_pulled(fact, prefix, manifest))]


def _is_pulled(fact: Fact, prefix: str, manifest: Manifest) -> bool:
    path = urlsplit(fact.also[0] if fact.rule is Rule.PULLED else fact.url).path
    if not path.startswith(prefix):
        return False
    if not manifest.entries:
        return bool(carries_hash(path, None))
    entry = manifest.entries.get(path.removeprefix(prefix))
    return entry is not None and entry.hashed
