"""Finds the CDN's hosts in the pages, where nobody has named them, and the folder on them that is the site's."""

import re
from collections import Counter
from collections.abc import Iterable, Set
from urllib.parse import unquote, urlsplit

from static_smoke.http.hosts import Hosts, bare

_CODE = {"style", "script", "module", "font", "manifest"}
_SECOND_LEVEL = re.compile(r"(co|com|org|net|ac|gov|edu)\.[a-z]{2}")
_CDN_NAMES = re.compile(r"\.(cloudfront\.net|r2\.dev|fastly\.net|akamaized\.net|edgesuite\.net|b-cdn\.net)$")
_HASHED = re.compile(r"[0-9a-f]{12}")
_FOLDER = re.compile(r"/(.*?/)?(static|staticfiles|assets|media|uploads)/")


def discover(hosts: Hosts, references: Iterable[tuple[str, str]], names: Set[str] = frozenset()) -> None:
    """Sets the missing ones of ``hosts`` by ``references`` (URL, kind): a host that has files of the manifest, else the
    most used one of the site's own domain or with a CDN's default name. What has images only is the media host.

    ``names``: of the manifest. Without them the folder is one called static, media or the like, else the host's root.
    """
    counts: dict[str, Counter] = {}
    known: Counter = Counter()
    for url, kind in references:
        if hosts.role(url) == "other":
            base, name = _split(url, names)
            counts.setdefault(base, Counter())[kind] += 1
            known[base] += bool(_HASHED.search(name))
    bases = sorted(counts, key=lambda base: (-known[base], -counts[base].total()))
    ours = [base for base in bases if known[base] or _is_related(hosts.site, base) or _CDN_NAMES.search(_host(base))]
    code = next((base for base in ours if counts[base].keys() & _CODE), None)
    if code and not hosts.static:
        hosts.static = code
        hosts.guessed = not known[code]
    images = [base for base in ours if not counts[base].keys() & _CODE and "image" in counts[base]]
    images = [base for base in images if _is_apart(base, hosts.static)]
    hosts.media = hosts.media or next(iter(sorted(images, key=lambda base: not _is_related(hosts.site, base))), None)


def _split(url: str, names: Set[str]) -> tuple[str, str]:
    """The folder's URL, and the file's name in the manifest, "" where it has none."""
    parts = urlsplit(url)
    folder = _FOLDER.match(parts.path)
    path, name = folder[0] if folder else "/", ""
    for match in re.finditer("/", parts.path) if names else ():
        rest = unquote(parts.path[match.end() :])
        if rest in names:
            path, name = parts.path[: match.end()], rest
            break
    return f"{parts.scheme}://{parts.netloc}{path}", name


def _is_apart(base: str, static: str | None) -> bool:
    """Whether it is another host, or a folder beside the static files': not one in the other."""
    one, other = urlsplit(base), urlsplit(static or "")
    return one.netloc != other.netloc or not (one.path.startswith(other.path) or other.path.startswith(one.path))


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _is_related(site: str, base: str) -> bool:
    """Whether it is on the site's own domain."""
    family = bare(_host(site))
    parent = family.partition(".")[2]
    if "." in parent and not _SECOND_LEVEL.fullmatch(parent):
        family = parent
    return _host(base).endswith(f".{family}")
