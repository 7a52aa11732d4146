"""Finds the CDN's hosts in the pages, where nobody has named them, and the folder on them that is the site's."""

import re
from collections import Counter
from collections.abc import Iterable, Set
from urllib.parse import unquote, urlsplit

from static_smoke.http.hosts import Hosts, bare

_CODE = {"style", "script", "module", "font", "manifest"}
_SECOND_LEVEL = re.compile(r"(co|com|org|net|ac|gov|edu)\.[a-z]{2}")
_CDN_NAMES = re.compile(r"\.(cloudfront\.net|r2\.dev|fastly\.net|akamaized\.net|edgesuite\.net|b-cdn\.net)$")
_FOLDER = re.compile(r"/(.*?/)?(static|staticfiles|assets|media|uploads)/")


def discover(hosts: Hosts, references: Iterable[tuple[str, str]], names: Set[str] = frozenset()) -> None:
    """Sets the missing ones of ``hosts`` by ``references`` (URL, kind): a host of the site's own domain, else one with
    a CDN's default name. What has images only is the media host.

    ``names``: of the manifest. Without them the folder is one called static, media or the like, else the host's root.
    """
    counts: dict[str, Counter] = {}
    for url, kind in references:
        if hosts.role(url) == "other":
            counts.setdefault(_base(url, names), Counter())[kind] += 1
    bases = sorted(counts, key=lambda base: -counts[base].total())
    found = [base for base in bases if _is_related(hosts.site, urlsplit(base).hostname or "")]
    found = found or [base for base in bases if _CDN_NAMES.search(urlsplit(base).hostname or "")]
    code = next((base for base in found if counts[base].keys() & _CODE), None)
    if code and not hosts.static:
        hosts.static = code
        hosts.guessed = not names
    images = (base for base in found if not counts[base].keys() & _CODE and "image" in counts[base])
    hosts.media = hosts.media or next((base for base in images if _is_apart(base, hosts.static)), None)


def _base(url: str, names: Set[str]) -> str:
    parts = urlsplit(url)
    folder = _FOLDER.match(parts.path)
    path = folder[0] if folder else "/"
    if names:
        ends = [match.end() for match in re.finditer("/", parts.path)]
        path = next((parts.path[:end] for end in ends if unquote(parts.path[end:]) in names), path)
    return f"{parts.scheme}://{parts.netloc}{path}"


def _is_apart(base: str, static: str | None) -> bool:
    """Whether it is another host, or a folder beside the static files': not one in the other."""
    one, other = urlsplit(base), urlsplit(static or "")
    return one.netloc != other.netloc or not (one.path.startswith(other.path) or other.path.startswith(one.path))


def _is_related(site: str, host: str) -> bool:
    family = bare(urlsplit(site).hostname or "")
    parent = family.partition(".")[2]
    if "." in parent and not _SECOND_LEVEL.fullmatch(parent):
        family = parent
    return host.endswith(f".{family}")
