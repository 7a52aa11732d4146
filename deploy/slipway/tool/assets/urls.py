"""Resolves a URL inside a static file to a file, and rewrites it."""

import posixpath
import re
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


def absolute(hashed_name: str) -> str:
    """The URL of a hashed name on the CDN host."""
    return settings.STATIC_URL + quote(hashed_name, safe="/" + SAFE)


def _split(url: str) -> tuple[str, str]:
    cut = re.search(r"[?#]", url)
    return (url[: cut.start()], url[cut.start() :]) if cut else (url, "")
