"""A static object in the bucket: its key and its headers."""

import hashlib
import mimetypes
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from slipway.web.prefixes import STATIC_PREFIX

# The pattern of a hashed name, as an IAM policy can express it: some unhashed names match too. A hashed file without an
# extension (LICENSE.<hash>) does not: its pattern would match too many plain names (x.core.min.css).
HASHED_SHAPE = f"{STATIC_PREFIX}*.????????????.*"

# A hashed name never changes its bytes nor its headers, so a browser never has to revalidate.
IMMUTABLE = "public, max-age=31536000, immutable"
# An unhashed file is replaced in place; five minutes bound how long an old copy lives.
SHORT_LIVED = "public, max-age=300"

# An object's Content-Type and Cache-Control.
Headers = tuple[str, str]
# The version of objects.json and of releases' manifests. Since 2 a release's manifest has the headers of its objects.
MANIFEST_VERSION = 2

# Exact types, so that an object's headers do not depend on the building machine's mime.types.
CONTENT_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".eot": "application/vnd.ms-fontobject",
    ".gif": "image/gif",
    ".htm": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".otf": "font/otf",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml; charset=utf-8",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
_BUILTIN_TYPES = mimetypes.MimeTypes()


def content_type(name: str) -> str:
    """The Content-Type header of the file called ``name``, with its charset where text has one."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in CONTENT_TYPES:
        return CONTENT_TYPES[suffix]
    guessed, encoding = _BUILTIN_TYPES.guess_type(name)
    if encoding or guessed is None:
        return "application/octet-stream"
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def name_digest(name: str, body: bytes) -> str:
    """The hash for the name of the file called ``name``: the MD5 of its headers, a line each, and its bytes.

    32 hex digits. The bucket and every cache keep a hashed name with its headers for a year, so that another type or
    lifetime needs another name, as other bytes do.
    """
    digest = hashlib.md5("".join(f"{header}\n" for header in hashed_headers(name)).encode(), usedforsecurity=False)
    digest.update(body)
    return digest.hexdigest()


def hashed_headers(name: str) -> Headers:
    """The headers of the file called ``name`` under its hashed name."""
    return content_type(name), IMMUTABLE


@dataclass(frozen=True, slots=True)
class StaticObject:
    """One object of the static bucket.

    ``key`` is the whole bucket key; ``md5`` has 32 hex digits and equals S3's ETag of a single PUT.
    """

    key: str
    body: bytes
    content_type: str
    cache_control: str
    md5: str

    @classmethod
    def hashed(cls, name: str, body: bytes) -> "StaticObject":
        """An object whose name contains its hash."""
        return cls._make(name, body, IMMUTABLE)

    @classmethod
    def unhashed(cls, name: str, body: bytes) -> "StaticObject":
        """An object without a hash in its name: a push replaces it in place."""
        return cls._make(name, body, SHORT_LIVED)

    @classmethod
    def _make(cls, name: str, body: bytes, cache_control: str) -> "StaticObject":
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        return cls(STATIC_PREFIX + name, body, content_type(name), cache_control, digest)

    @property
    def headers(self) -> Headers:
        return self.content_type, self.cache_control

    @property
    def is_unhashed(self) -> bool:
        return self.cache_control == SHORT_LIVED

    @property
    def has_hashed_shape(self) -> bool:
        """Whether the deployer's key may create the object and never replace it."""
        return has_hashed_shape(self.key)


def has_hashed_shape(key: str) -> bool:
    return fnmatchcase(key, HASHED_SHAPE)
