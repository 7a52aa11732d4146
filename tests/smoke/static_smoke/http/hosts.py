"""The role of a URL's host: the origin, the static host, the media host or a third party."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from static_smoke.http.allowed import ALLOWED, Allowed
from static_smoke.http.urls import served_path

IMAGE_EXTENSIONS = {".png", ".apng", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp"}
FONT_EXTENSIONS = {".woff", ".woff2", ".ttf", ".otf", ".eot"}
STATIC_EXTENSIONS = (
    {".css", ".js", ".mjs", ".map", ".wasm", ".webmanifest", ".svg", ".ico", ".cur"}
    | {".mp4", ".webm", ".ogv", ".mp3", ".ogg", ".wav", ".m4a"}
    | IMAGE_EXTENSIONS
    | FONT_EXTENSIONS
)
# Sec-Fetch-Dest values, and a browser's resource types, that are static whatever the URL is.
STATIC_DESTINATIONS = (
    {"style", "stylesheet", "script", "font", "image", "manifest", "object", "embed"}
    | {"audio", "video", "media", "track", "texttrack", "xslt"}
    | {"worker", "sharedworker", "serviceworker", "audioworklet", "paintworklet"}
)
STATIC_TYPES = re.compile(
    r"(text/css|(text|application)/(x-)?(javascript|ecmascript)|image/|font/|audio/|video/"
    r"|application/(font|wasm|manifest\+json|vnd\.ms-fontobject|x-font))",
    re.IGNORECASE,
)


def extension(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).suffix.lower()


@dataclass(slots=True)
class Hosts:
    """``site``, ``static`` and ``media`` are URLs; the latter two may be set by ``discover``.

    ``allows``: what the site's owner allows in addition to ALLOWED; ``used``: what of that was met.
    """

    site: str
    static: str | None = None
    media: str | None = None
    allows: tuple[Allowed, ...] = ()
    used: set[Allowed] = field(default_factory=set)

    def __post_init__(self):
        for name in ("static", "media"):
            given = getattr(self, name)
            # A static URL on the site's own host is the fault that the proof looks for.
            if given and self.is_origin(given):
                setattr(self, name, None)

    @property
    def origin(self) -> str:
        """The site's origin as in an Origin header: scheme://host[:port]."""
        parts = urlsplit(self.site)
        return f"{parts.scheme}://{parts.netloc}"

    def is_origin(self, url: str) -> bool:
        parts, site = urlsplit(url), urlsplit(self.site)
        return _bare(parts.netloc) == _bare(site.netloc) or (
            parts.hostname is not None
            and parts.port is None
            and site.port is None
            and _bare(parts.hostname) == _bare(site.hostname)
        )

    def role(self, url: str) -> str:
        """ "origin", "static", "media" or "other"."""
        if self.is_origin(url):
            return "origin"
        parts = urlsplit(url)
        for role, base in (("media", self.media), ("static", self.static)):
            if base is None:
                continue
            home = urlsplit(base)
            shared = self.static and self.media and _same_host(self.static, self.media)
            if parts.netloc == home.netloc and (not shared or parts.path.startswith(home.path)):
                return role
        return "other"

    def is_ours(self, url: str) -> bool:
        return self.role(url) in ("static", "media")

    def allowed(self, url: str, *, met: bool = True) -> Allowed | None:
        """The entry that allows an answer of the origin, if any; the owner's own come first.

        ``met``: whether the site has the URL; the canary asks for names of its own.
        """
        entry = next((entry for entry in (*self.allows, *ALLOWED) if entry.matches(url)), None)
        if entry is not None and met:
            self.used.add(entry)
        return entry

    @property
    def unused(self) -> list[str]:
        """The owner's patterns that nothing has matched."""
        return [entry.pattern for entry in self.allows if entry not in self.used]

    def looks_static(self, url: str) -> bool:
        return extension(url) in STATIC_EXTENSIONS or self.is_below_prefix(url)

    def is_below_prefix(self, url: str) -> bool:
        """Whether its path is below one of the static files' or the media's, however it is encoded."""
        return served_path(url).startswith(tuple(self.prefixes))

    def is_media_path(self, url: str) -> bool:
        return served_path(url).startswith(tuple(self._prefixes(self.media, "/media/")))

    @property
    def prefixes(self) -> list[str]:
        return self._prefixes(self.static, "/static/") + self._prefixes(self.media, "/media/")

    @staticmethod
    def _prefixes(base: str | None, usual: str) -> list[str]:
        path = urlsplit(base or "").path
        return [usual] if path in ("", "/", usual) else [usual, path]

    def discover(self, references: Iterable[tuple[str, str]]) -> None:
        """Finds missing hosts in ``references`` (URL, kind): a host of the site's own domain, else
        one with a CDN's default name. A host that has images only is the media host."""
        counts: dict[str, Counter] = {}
        for url, kind in references:
            if self.role(url) == "other":
                parts = urlsplit(url)
                counts.setdefault(f"{parts.scheme}://{parts.netloc}/", Counter())[kind] += 1
        hosts = sorted(counts, key=lambda base: -counts[base].total())
        related = [base for base in hosts if self._is_related(urlsplit(base).hostname or "")]
        related = related or [base for base in hosts if _CDN_NAMES.search(urlsplit(base).hostname or "")]
        for base in related:
            if counts[base].keys() & _CODE:
                self.static = self.static or base
            elif "image" in counts[base]:
                self.media = self.media or base

    def _is_related(self, host: str) -> bool:
        family = _bare(urlsplit(self.site).hostname or "")
        parent = family.partition(".")[2]
        if "." in parent and not _SECOND_LEVEL.fullmatch(parent):
            family = parent
        return host.endswith(f".{family}")


_CODE = {"style", "script", "module", "font", "manifest"}
_SECOND_LEVEL = re.compile(r"(co|com|org|net|ac|gov|edu)\.[a-z]{2}")
_CDN_NAMES = re.compile(r"\.(cloudfront\.net|r2\.dev|fastly\.net|akamaized\.net|edgesuite\.net|b-cdn\.net)$")


def _bare(netloc: str) -> str:
    """Without www. and the root's dot, which change no address."""
    return netloc.removeprefix("www.").replace(".:", ":").removesuffix(".")


def _same_host(one: str, other: str) -> bool:
    return urlsplit(one).netloc == urlsplit(other).netloc
