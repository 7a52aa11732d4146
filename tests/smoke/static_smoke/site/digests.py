"""Whether a file's name has a hash of its bytes: by the bytes, or by what such hashes look like."""

import hashlib
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import unquote, urlsplit


class _Entry(Protocol):
    """An entry of a manifest."""

    hashed: bool | None


DIGEST = re.compile(r"[.\-_]([0-9a-f]{12,64})(?=\.|$)")
# https://docs.djangoproject.com/en/5.2/ref/contrib/staticfiles/#django.contrib.staticfiles.storage.ManifestStaticFilesStorage.file_hash
_DJANGOS = re.compile(r"\.[0-9a-f]{12}(\.\w+)?$")
_HEX = re.compile(r"[0-9a-f]{8,64}")
# What bundlers write: hexadecimal (webpack), base 32 (esbuild), base 64 for URLs (Vite, Rollup).
_BASE32 = re.compile(r"[A-Z2-7]{8}")
_BASE64 = re.compile(r"[A-Za-z0-9_-]{8}")
_OTHER = re.compile(r"[A-Za-z0-9]{6,64}")
# Words as people write them, with a year, a number, a density or a size behind them.
_WORDS = re.compile(
    r"(v\d+|\d{1,5}|\d+x\d*|\d+(px|w|h|k|dpi)|(19|20)\d\d([-_]?[01]\d){0,2}([-_]?[0-3]\d)?"
    r"|([A-Z]?[a-z]+|[A-Z]{2,5})((19|20)\d\d|\d{1,4}(x|px)?)?)"
)
_CAMEL = re.compile(r"([A-Z]?[a-z]{2,})+((19|20)\d\d|\d{1,4}(x|px)?)?")
_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])([0-2]\d[0-5]\d([0-5]\d)?)?")


def carries_hash(url: str, entry: _Entry | None, body: bytes | None = None) -> bool | None:
    """Whether the name has a hash of its bytes; None where that is unknown.

    ``entry``: the manifest's, which decides if there is one. A version in the query counts as a part of the name.
    """
    if entry is not None:
        return entry.hashed
    parts = urlsplit(url)
    path = unquote(parts.path)
    if body and name_fits(path, body):
        return True
    found = [digest for digest in DIGEST.findall(path) if not _is_number(digest)]
    if found:
        return True
    versions = [value.rpartition("=")[2] for value in parts.query.split("&") if value]
    return None if any(map(_may_be_digest, [*_candidates(path), *versions])) else False


def is_djangos(url: str) -> bool:
    """Whether the name ends as Django names a file with its hash: twelve hexadecimal digits before any extension."""
    return bool(_DJANGOS.search(urlsplit(url).path))


def name_fits(name: str, body: bytes, headers: Sequence[str] = ()) -> bool:
    """Whether a hash in ``name`` starts the MD5, SHA-1 or SHA-256 of ``body``, or of these headers, a line each, and
    ``body``: Content-Type and Cache-Control, which a name that is cached for a year may stand for too."""
    path = urlsplit(name).path
    found = {*DIGEST.findall(path), *filter(_HEX.fullmatch, _candidates(path))}
    if not found:
        return False
    hashed = [body]
    if headers:
        hashed.append("".join(f"{header}\n" for header in headers).encode() + body)
    kinds = ("md5", "sha1", "sha256")
    digests = [hashlib.new(kind, each, usedforsecurity=False).hexdigest() for each in hashed for kind in kinds]
    return any(digest.startswith(each) for each in found for digest in digests)


def _candidates(path: str) -> list[str]:
    """Parts of a path that may be a hash: folders, what follows a dot, a dash or an underscore, and the last eight
    characters behind one of them, since base 64 has dashes too."""
    name = PurePosixPath(path)
    stem = name.name.partition(".min.")[0] if ".min." in name.name else name.stem
    first, *others = re.split(r"[.\-_]", stem)
    tail = [stem[-8:]] if len(stem) > 8 and stem[-9] in ".-_" else []
    folders = [part for part in name.parts[:-1] if _HEX.fullmatch(part)]
    alone = [first] if not others and _HEX.fullmatch(first) else []
    return [*folders, *alone, *others, *tail]


def _may_be_digest(token: str) -> bool:
    if _HEX.fullmatch(token):
        return not _is_number(token) or not _is_counted(token)
    if len(token) != 8 and _CAMEL.fullmatch(token):
        return False
    if all(_WORDS.fullmatch(word) for word in re.split(r"[-_]", token) if word):
        return bool(_BASE32.fullmatch(token))
    return bool(_BASE64.fullmatch(token) or _OTHER.fullmatch(token)) and any(map(str.isalpha, token))


def _is_number(token: str) -> bool:
    return token.isdecimal()


def _is_counted(digits: str) -> bool:
    """A date, a run such as 12345678, or few different digits: no hash."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(digits)}
    return bool(_DATE.fullmatch(digits)) or len(steps) == 1 or len(set(digits)) < 3
