"""A URL that a page or a file names."""

from dataclasses import dataclass
from enum import Enum


class Asked(Enum):
    """How sure it is that a string is a URL which something requests. Such a reference is judged by asking.

    PATH: it is written as one. NAME: it might be one, as ``chart.js`` is a file or a library.
    """

    NO = 0
    PATH = 1
    NAME = 2


@dataclass(frozen=True, slots=True)
class Reference:
    """``how`` names the tag or rule; ``maybe``: only some screens, styles or readers request it.

    ``base``: what the strings of a script are relative to, if it is one. ``head``: only the beginning of a URL.
    """

    url: str
    place: str
    how: str
    kind: str
    maybe: bool = False
    cors: bool = False
    base: str = ""
    head: bool = False
    asked: Asked = Asked.NO
