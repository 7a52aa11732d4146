"""References in strings: of scripts, of JSON, and of text that scripts make into markup."""

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

from static_smoke.http.hosts import STATIC_EXTENSIONS, extension
from static_smoke.http.urls import resolve
from static_smoke.parse import css, javascript
from static_smoke.parse.modules import ImportMap
from static_smoke.parse.reference import Asked, Reference

# Uses of a literal that request it, and the kind of the request.
_KINDS = {
    "import": "module",
    "worker": "worker",
    "module worker": "worker",
    "script": "script",
    "fetch": "fetch",
    "media": "fetch",
    "element": "fetch",
    "link": "link",
}
_URLISH = re.compile(r"[/\\]|\.\w")
_SEPARATORS = re.compile(r"""[\s"'`()<>{}\[\],;|]+|=(?=["'\\/])|&quot;""")
_PATH = re.compile(r"(?:https?:)?[/\\]{1,2}[^/\\\s*]|https?:[/\\]", re.IGNORECASE)
_RELATIVE = re.compile(r"\.{1,2}/")
_NAME = re.compile(r"[\w%~@-][\w%~@./-]*\.[a-zA-Z]\w{1,10}(?:[?#].*)?")
_COLON = re.compile(r"\s*:")
_JSON_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
# A literal after it may be a bare name, which an import map knows.
_IMPORTED = re.compile(r"\b(?:import|export|from)\b")
# Characters of a script that is not kept for the next page.
_SHARED = 50_000
# Characters of a script that are read: no package is as large, and reading takes a second a megabyte.
MOST = 8_000_000
# Characters of a URL, and of a text in which one is looked for: a longer one is a bundle or an image.
_LONG = 2_000
_LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class Script:
    """Where a script's text stands. ``base``: of the page, or of the worker, which its strings are relative to.

    ``url``: what its imports are relative to. ``name``: as in a finding. ``source``: the text at ``place`` if that is
    longer, which has the script at ``offset``.
    """

    url: str
    base: str
    place: str
    name: str
    importmap: ImportMap
    source: str = ""
    offset: int = 0


def of_script(code: str, script: Script) -> Iterator[Reference]:
    """The references in a script's literals, of its first megabytes."""
    code = code[:MOST]
    for literal in _literals(code) if len(code) < _SHARED else javascript.literals(code):
        if _URLISH.search(literal.text) or _IMPORTED.search(code[max(0, literal.start - 12) : literal.start]):
            yield from _of_literal(code, literal, script)


@lru_cache(64)
def _literals(code: str) -> tuple[javascript.Literal, ...]:
    """Pages of one template share their scripts."""
    return tuple(javascript.literals(code))


def of_json(text: str, script: Script) -> Iterator[Reference]:
    """The references in the strings of a JSON text."""
    for match in _JSON_STRING.finditer(text):
        try:
            value = json.loads(match[0])
        except ValueError:
            continue
        if _URLISH.search(value):
            how = partial(_string_at, text, match.start(), script)
            # A key is a name first.
            yield from _pieces(value, script, how, begins=not _COLON.match(text, match.end()))


def of_text(text: str, script: Script) -> Iterator[Reference]:
    """The references in a text that is neither: a script's template, a data attribute."""
    if _URLISH.search(text):
        yield from _pieces(text, script, lambda: script.name)


def _of_literal(code: str, literal: javascript.Literal, script: Script) -> Iterator[Reference]:
    use = javascript.use(code, literal) if literal.begins else "joined"
    if use == "compared":
        return
    whole = not javascript.continues(code, literal)
    kind = _KINDS.get(use)
    at = partial(_at, code, literal.start, script)
    if use == "import" and whole:
        if target := script.importmap.resolve(script.url, literal.text):
            yield Reference(target, script.place, f"import in {at()}", "module", cors=True, base=script.base)
    elif kind and literal.text:
        base = script.url if use in ("import", "module worker") else script.base
        if target := resolve(base, literal.text):
            how = f"{_WORDS.get(use, 'an address')} in {at()}"
            kind = kind if whole else "fetch"
            worker = target if kind == "worker" else script.base
            yield Reference(target, script.place, how, kind, maybe=True, base=worker, head=not whole)
    elif use == "module url":
        if whole and (target := resolve(script.url, literal.text)):
            yield Reference(target, script.place, f"new URL() in {at()}", "fetch", maybe=True)
    elif _URLISH.search(literal.text):
        yield from _pieces(
            literal.text, script, partial(_string_at, code, literal.start, script), begins=use != "joined", ends=whole
        )


_WORDS = {
    "import": "import()",
    "worker": "a worker",
    "module worker": "a worker",
    "script": "importScripts()",
    "fetch": "a request",
    "media": "new Audio()",
}


def _pieces(
    text: str, script: Script, how: Callable[[], str], *, begins: bool = True, ends: bool = True
) -> Iterator[Reference]:
    """What may be a URL in a text: the whole of it, or a part between quotes, spaces or brackets."""
    text = text.replace("\\/", "/")
    if "url(" in text:
        for written in css.style_urls(text):
            if target := resolve(script.base, written):
                yield Reference(target, script.place, how(), "string", maybe=True, asked=Asked.PATH)
    parts = _SEPARATORS.split(text) if len(text) <= _LONGEST else []
    for number, part in enumerate(parts):
        asked = _asked(part, alone=len(parts) == 1)
        if number == 0 and not begins:
            # What comes before it is unknown, and may be a host.
            asked = Asked.NAME if part.startswith(("/", ".")) and asked is not Asked.NO else Asked.NO
        if asked is not Asked.NO and (target := resolve(script.base, part)):
            head = number == len(parts) - 1 and not ends
            yield Reference(target, script.place, how(), "string", maybe=True, head=head, asked=asked)


def _asked(part: str, *, alone: bool) -> Asked:
    if len(part) > _LONG or "*" in part or "\\" in part[1:]:
        return Asked.NO
    if _PATH.match(part):
        return Asked.PATH
    if _RELATIVE.match(part) or (alone and _NAME.fullmatch(part)):
        return Asked.NAME if extension(part) in STATIC_EXTENSIONS else Asked.NO
    return Asked.NO


def _string_at(text: str, offset: int, script: Script) -> str:
    return f"a string in {_at(text, offset, script)}"


def _at(text: str, offset: int, script: Script) -> str:
    """ "<script>, line 3, column 14", both counted from 1."""
    text, offset = (script.source, script.offset + offset) if script.source else (text, offset)
    starts = _line_starts(text)
    line = bisect_right(starts, offset)
    return f"{script.name}, line {line}, column {offset - starts[line - 1] + 1}"


@lru_cache(4)
def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]
