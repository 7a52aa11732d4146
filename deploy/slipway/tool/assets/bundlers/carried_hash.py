"""Whether a file's name has a hash in it already, by what bundlers' hashes look like."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from pathlib import PurePosixPath

SEPARATORS = ("", ".", "-", "_", "~")
# webpack's, of any length from 6.
HEX = re.compile(r"[0-9a-f]{8,64}|(?=\D*\d)(?=\d*[a-f])[0-9a-f]{6,7}")
# The last 8 characters: Vite's and Rollup's in base 64 for URLs, esbuild's in base 32.
BASE64 = re.compile(r"(?=.*[0-9A-Z_-])[A-Za-z0-9_-]{8}")
BASE32 = re.compile(r"[A-Z2-7]{8}")
# Of another length, as a configuration may ask for.
LONG = re.compile(r"(?=.*\d)(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9]{10,64}")
# Words as people write them: section2, HeroView, 2024-11-30. None has five consonants in a row.
WORDS = re.compile(
    r"(?i:(?!.*[b-df-hj-np-tv-xz]{5}))(([A-Z]?[a-z]+|[A-Z]+|v)?\d{0,4}([-_]|$)|[A-Z][a-z]+(?=[A-Z][a-z]))+"
)
DATE = re.compile(r"(^|[.\-_~])\d{6,}([.\-_~]|$)")
ANY = re.compile(r"[A-Za-z0-9_-]{8}")


def is_hashed(name: str, known: Set[str] = frozenset()) -> bool:
    """Whether a bundler has put a hash into the name.

    ``known`` are names that the bundler has for its files, without folder and extension. One of them alone has no hash;
    what is added to it is one, whatever it looks like.
    """
    stem = _stem(name)
    if stem in known:
        return False
    added = stem[:-9] in known and stem[-9:-8] in SEPARATORS and ANY.fullmatch(stem[-8:])
    return bool(added) or any(True for _ in _forms(stem))


def hashed(names: Iterable[str]) -> set[str]:
    """Those of the names that have a hash, of files of which nothing else is known.

    A date is none. What looks like a word is one where another file of the same folder has one in the same form.
    """
    names = list(names)
    sure = {name for name in names if is_hashed(name) and not DATE.search(_stem(name))}
    forms: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
    for name in sure:
        forms[posixpath.dirname(name)].update(_forms(_stem(name)))
    alike = (name for name in names if any(_has(name, *form) for form in forms.get(posixpath.dirname(name), ())))
    return sure.union(alike)


def _stem(name: str) -> str:
    return PurePosixPath(name.removesuffix(".map")).stem


def _forms(stem: str) -> Iterator[tuple[str, int]]:
    """What comes before each part that looks like a hash, and its length."""
    tail, before = stem[-8:], stem[-9:-8]
    is_base64 = BASE64.fullmatch(tail) and not WORDS.fullmatch(tail)
    if before in SEPARATORS and (is_base64 or (before and BASE32.fullmatch(tail))):
        yield before, 8
    parts = re.split(r"([.\-_~])", stem)
    for at in range(0, len(parts), 2):
        if HEX.fullmatch(parts[at]) or LONG.fullmatch(parts[at]):
            yield parts[at - 1] if at else "", len(parts[at])


def _has(name: str, before: str, length: int) -> bool:
    stem = _stem(name)
    tail = stem[-length:]
    return len(tail) == length and re.fullmatch(r"[A-Za-z0-9_-]+", tail) is not None and stem[:-length][-1:] == before
