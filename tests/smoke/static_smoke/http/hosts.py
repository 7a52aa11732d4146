"""The role of a URL's host: the origin, the static host, the media host or a third party."""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit

from static_smoke.http.allowed import ALLOWED, Allowed
from static_smoke.http.urls import served_path

IMAGE_EXTENSIONS = {".png", ".apng", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".bmp"}
FONT_EXTENSIONS = {".woff", ".woff2", ".ttf", ".otf", ".eot"}
STATIC_EXTENSIONS = (
    {".css", ".js", ".mjs", ".map", ".wasm", ".webmanifest", ".svg", ".ico", ".cur"}
    | {".mp4", ".m4v", ".mov", ".webm", ".ogv", ".mp3", ".ogg", ".wav", ".m4a", ".aac", ".flac", ".vtt"}
    | {".m3u8", ".mpd", ".m4s", ".ts"}
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
    """With its dot; "" for a folder, /tags/node.js/ too."""
    path = urlsplit(url).path
    return "" if path.endswith("/") else PurePosixPath(path).suffix.lower()


@dataclass(slots=True)
class Hosts:
    """``site``, ``static`` and ``media`` are URLs; the latter two may be set by ``discover``.

    ``allows``: what the site's owner allows in addition to ALLOWED; ``used``: what of that was met.
    ``pages``: paths that were answered with a page, whatever they are called.
    ``cached``: whether a CDN is before the files, whose hits and compression can be asked for.
    ``guessed``: the static files' folder on their host is not certain, so what lies beside it counts as theirs.
    """

    site: str
    static: str | None = None
    media: str | None = None
    allows: tuple[Allowed, ...] = ()
    used: set[Allowed] = field(default_factory=set)
    pages: set[str] = field(default_factory=set)
    guessed: bool = False
    cached: bool = True

    def __post_init__(self):
        for name in ("static", "media"):
            given = getattr(self, name)
            # A static URL on the site's own host is the fault that the proof looks for.
            if given and self.is_origin(given):
                given = None
            setattr(self, name, f"{given.rstrip('/')}/" if given else None)

    @property
    def origin(self) -> str:
        """The site's origin as in an Origin header: scheme://host[:port]."""
        parts = urlsplit(self.site)
        return f"{parts.scheme}://{parts.netloc}"

    def is_origin(self, url: str) -> bool:
        return bare(urlsplit(url).netloc) == bare(urlsplit(self.site).netloc)

    @property
    def home(self) -> str:
        """The site's folder on its host, "/" for most. The host's other folders may be somebody else's site."""
        return urlsplit(self.site).path.rpartition("/")[0] + "/"

    def is_home(self, url: str) -> bool:
        return self.is_origin(url) and urlsplit(url).path.startswith(self.home)

    def role(self, url: str) -> str:
        """ "origin", "static", "media" or "other"."""
        if self.is_origin(url):
            return "origin"
        # One host may serve both, and other sites beside them.
        fitting = [(len(base.path), role) for role, base in self._bases if _is_below(base, urlsplit(url))]
        if fitting:
            return max(fitting)[1]
        same = self.guessed and urlsplit(url).netloc == urlsplit(self.static).netloc
        return "static" if same else "other"

    def name(self, url: str) -> str:
        """The name of a file of the CDN, below the folder that is its host's."""
        parts = urlsplit(url)
        folders = [base.path for _, base in self._bases if _is_below(base, parts)]
        return unquote(parts.path.removeprefix(max(folders, key=len, default="")).lstrip("/"))

    @property
    def _bases(self) -> list[tuple[str, SplitResult]]:
        return [(role, urlsplit(base)) for role, base in (("media", self.media), ("static", self.static)) if base]

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
        """By its name alone. A folder is no file, nor is what was answered with a page: /media/press/ or
        /tags/node.js."""
        path = served_path(url)
        if path.endswith("/") or path in self.pages:
            return False
        return extension(url) in STATIC_EXTENSIONS or self.is_below_prefix(url)

    def may_be_page(self, url: str, content_type: str) -> bool:
        """Whether a document of this type at ``url`` is a page, whatever extension it is called by."""
        return content_type.startswith("text/html") and not self.is_below_prefix(url)

    def is_below_prefix(self, url: str) -> bool:
        """Whether its path is below one of the static files' or the media's, however it is encoded."""
        return served_path(url).startswith(tuple(self.prefixes))

    def is_media_path(self, url: str) -> bool:
        return served_path(url).startswith(tuple(self._prefixes(self.media, "/media/")))

    @property
    def prefixes(self) -> list[str]:
        return self._prefixes(self.static, "/static/") + self._prefixes(self.media, "/media/")

    def _prefixes(self, base: str | None, usual: str) -> list[str]:
        path = urlsplit(base or "").path
        below = (usual, self.home + usual.lstrip("/"), *(() if path in ("", "/") else (path,)))
        return list(dict.fromkeys(below))


def bare(netloc: str) -> str:
    """Without www. and the root's dot, which change no address."""
    return netloc.removeprefix("www.").replace(".:", ":").removesuffix(".")


def _is_below(base: SplitResult, parts: SplitResult) -> bool:
    return parts.netloc == base.netloc and parts.path.startswith(base.path)
