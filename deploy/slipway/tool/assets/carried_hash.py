"""Whether a file's name has a hash in it already, by what bundlers' hashes look like."""

import re
from collections.abc import Set
from pathlib import PurePosixPath

SEPARATORS = ("", ".", "-", "_", "~")
# webpack's, of any length from 6.
HEX = re.compile(r"[0-9a-f]{8,64}|(?=\D*\d)(?=\d*[a-f])[0-9a-f]{6,7}")
# Vite's, Rollup's and esbuild's: the last 8 characters, in base 64 for URLs or in base 32.
BASE64 = re.compile(r"[A-Za-z0-9_-]{8}")
NOT_ALL_SMALL = re.compile(r"[0-9A-Z]")
# Of another length, as a configuration may ask for.
LONG = re.compile(r"(?=.*\d)(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9]{10,64}")
# Words as people write them: section2, HeroView, 2024-11-30.
WORDS = re.compile(r"(([A-Z]?[a-z]+|[A-Z]+|v)?\d{0,4}([-_]|$)|[A-Z][a-z]+(?=[A-Z][a-z]))+")
DATE = re.compile(r"(^|[.\-_~])\d{6,}([.\-_~]|$)")


def is_hashed(name: str, known: Set[str] = frozenset()) -> bool:
    """Whether a bundler has put a hash into the name.

    ``known`` are names that the bundler has for its files, without folder and extension. One of them alone has no hash;
    what is added to it is one, whatever it looks like.
    """
    stem = PurePosixPath(name.removesuffix(".map")).stem
    if stem in known:
        return False
    head, tail = stem[:-8], stem[-8:]
    looks_random = NOT_ALL_SMALL.search(tail) and not WORDS.fullmatch(tail)
    if BASE64.fullmatch(tail) and head[-1:] in SEPARATORS and (head[:-1] in known or looks_random):
        return True
    return any(HEX.fullmatch(part) or LONG.fullmatch(part) for part in re.split(r"[.\-_~]", stem))


def is_surely_hashed(name: str) -> bool:
    """The same for a file of which nothing is known: a date is no hash."""
    return is_hashed(name) and not DATE.search(PurePosixPath(name).stem)
