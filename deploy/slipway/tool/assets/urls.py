"""Resolves a URL inside a static file to a file, and rewrites it."""

import posixpath
import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import NamedTuple
from urllib.parse import quote, unquote

from django.conf import settings

SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
# STATIC_URL in development, which a file may contain.
DEVELOPMENT_URL = "/static/"
# Characters that a browser does not escape in a path, so that a file has one URL everywhere; without
# parentheses and quotes, which would end an url(), and the colon, which would begin a scheme.
# https://url.spec.whatwg.org/#path-percent-encode-set
SAFE = "!$&*+,;=@[]|~"


class Target(NamedTuple):
    """A static file that a URL points to.

    ``name`` is the path below STATIC_URL; one that starts with a slash or with ``..`` is outside.
    """

    name: str
    path: str
    suffix: str

    def url(self, hashed_name: str) -> str:
        """The URL rewritten to the hashed name, relative where it was relative."""
        base, _, _ = self.path.rpartition("/")
        file = quote(posixpath.basename(hashed_name), safe=SAFE)
        if self.path.startswith("/") or SCHEME.match(self.path):
            return absolute(hashed_name) + self.suffix
        return (f"{base}/{file}" if base else file) + self.suffix


def target(url: str, referrer: str) -> Target | None:
    """The file that ``url`` in the file ``referrer`` points to; None when it is no static file."""
    path, suffix = _split(url)
    # A browser reads a backslash as a slash.
    path = path.replace("\\", "/")
    if not path:
        return None
    static = settings.STATIC_URL
    for prefix in (static, static.partition(":")[2], DEVELOPMENT_URL):
        if prefix and path.startswith(prefix):
            return Target(posixpath.normpath(unquote(path.removeprefix(prefix))), path, suffix)
    if path.startswith("//") or SCHEME.match(path):
        return None
    name = posixpath.join(posixpath.dirname(referrer), unquote(path))
    return Target(posixpath.normpath(name), path, suffix)


def target_among(names: Collection[str], url: str, referrer: str) -> Target | None:
    """As ``target``; a file whose name has the same letters in another Unicode form is found too.

    macOS and some editors write é as two characters (NFD), and keyboards as one (NFC).
    """
    found = target(url, referrer)
    if found and found.name not in names and (other := same_letters(found.name, names)):
        # As an absolute URL: its folders may be the ones that are spelled otherwise.
        return Target(other, "/", found.suffix)
    return found


def same_letters(name: str, names: Iterable[str]) -> str | None:
    """The one of ``names`` that differs from ``name`` by its Unicode form alone."""
    if name.isascii():
        return None
    normal = unicodedata.normalize("NFC", name)
    return next((other for other in names if unicodedata.normalize("NFC", other) == normal), None)


def absolute(hashed_name: str) -> str:
    """The URL of a hashed name on the CDN host."""
    return settings.STATIC_URL + quote(hashed_name, safe="/" + SAFE)


def _split(url: str) -> tuple[str, str]:
    cut = re.search(r"[?#]", url)
    return (url[: cut.start()], url[cut.start() :]) if cut else (url, "")
