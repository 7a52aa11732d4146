"""Which template, and which line of it, made a response: by what they share literally."""

import re
from collections.abc import Iterable
from functools import cache

from static_smoke.source.files import SourceFile

_TAG = re.compile(r"{{.*?}}|{%.*?%}")
_STATIC = re.compile(r"""{%\s*static\s+["']([^"'.]+)""")
# Fewer characters of a line are those of many templates.
_FEWEST = 6
_FEWEST_OF_A_PAGE = 12
_AROUND = 400  # characters of a line, before and after
_MOST = 200_000  # characters of a response that are compared
# A template has made a page if this share of its literal text is in it: conditions leave some out.
_SHARE = 0.5


def line_that_made(templates: Iterable[SourceFile], response: str, offset: int) -> tuple[SourceFile, int] | None:
    """The template and the offset in it whose line fills in what the response has at ``offset``.

    Of several the one with the longest literal text, then the one that shares most with the whole response.
    """
    # A page may be one line of megabytes, on which a pattern with holes takes minutes.
    start = max(response.rfind("\n", 0, offset) + 1, offset - _AROUND)
    line, at = response[start : offset + _AROUND].partition("\n")[0], offset - start
    best, result = (0, 0.0), None
    for template in templates:
        for begin, pattern, literal in _lines(template.text):
            if literal < max(_FEWEST, best[0]):
                continue
            if any(match.start() <= at < match.end() for match in pattern.finditer(line)):
                rank = (literal, share(template, response))
                if rank > best:
                    best, result = rank, (template, begin)
    return result


def page_template(templates: Iterable[SourceFile], response: str, holds: str) -> tuple[SourceFile, int] | None:
    """The template that has made most of the response, of those that hold a text such as "<head"; where it does."""
    best, result = 0.0, None
    for template in templates:
        at = template.text.lower().find(holds)
        if at < 0:
            continue
        part = share(template, response)
        rank = part * _literal_length(template.text)
        if part >= _SHARE and rank > best:
            best, result = rank, (template, at)
    return result


def share(template: SourceFile, response: str) -> float:
    """How much of a template's literal text the response has: 0 to 1, and _SHARE where it has none."""
    pieces = _pieces(template.text)
    start = response[:_MOST]
    found = sum(len(piece) for piece in pieces if piece in start)
    return found / sum(map(len, pieces)) if pieces else _SHARE


def _literal_length(text: str) -> int:
    return sum(map(len, _pieces(text)))


@cache
def _pieces(text: str) -> tuple[str, ...]:
    """The longest literal piece of each line, where it is long enough to tell."""
    longest = (max((piece.strip() for piece in _TAG.split(line)), key=len) for line in text.split("\n"))
    return tuple(piece for piece in longest if len(piece) >= _FEWEST_OF_A_PAGE)


def _hole(tag: str) -> str:
    """What a tag may become: a static file's URL has its name, a hash aside."""
    named = _STATIC.match(tag)
    return rf"[^\n]*?{re.escape(named[1])}[^\n]*?" if named else r"[^\n]*?"


@cache
def _lines(text: str) -> tuple[tuple[int, re.Pattern, int], ...]:
    """(offset, pattern, literal characters) of each line that fills something in."""
    found, begin = [], 0
    for line in text.split("\n"):
        stripped = line.strip()
        pieces = _TAG.split(stripped)
        if len(pieces) > 1:
            literal = sum(len("".join(piece.split())) for piece in pieces)
            holes = [*map(_hole, _TAG.findall(stripped)), ""]
            pattern = "".join(re.escape(piece) + hole for piece, hole in zip(pieces, holes, strict=True))
            found.append((begin, re.compile(pattern), literal))
        begin += len(line) + 1
    return tuple(found)
