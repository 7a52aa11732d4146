"""Compiles the project's translations, as `compilemessages` does: Django reads the .mo files alone, and they are seldom
under version control."""

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import polib

from slipway import ROOT
from slipway.web.errors import SlipwayError

# A line of a .po file: a comment, or a keyword and a quoted text, which may go on in further lines.
LINE = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:#.*|(?:(?:msg[a-z_]+(?:\[\d+\])?\s*)?"(?:[^"\\]|\\.)*")?\s*)$')
PLACEHOLDER = re.compile(r"%\(\w+\)")
SKIPPED = ("node_modules", "site-packages")


def compile_all(project: Path = ROOT / "project") -> list[Path]:
    """Writes each .mo file that is missing or has other translations than its .po file; returns these.

    Raises SlipwayError for a .po file with a syntax error, with its line.
    """
    return [compiled for source in sorted(_sources(project)) if (compiled := _compile(source))]


def _sources(project: Path) -> Iterator[Path]:
    for folder, inside, names in os.walk(project):
        inside[:] = [name for name in inside if not name.startswith(".") and name not in SKIPPED]
        if Path(folder).name == "LC_MESSAGES":
            yield from (Path(folder, name) for name in names if name.endswith(".po"))


def _compile(source: Path) -> Path | None:
    target = source.with_suffix(".mo")
    shown = source.relative_to(ROOT) if source.is_relative_to(ROOT) else source
    try:
        if target.exists() and target.stat().st_mtime > source.stat().st_mtime and _compiled(target) is not None:
            return None
        catalog = _read(source)
        # A fresh clone gives both files one time: the translations decide.
        if _translations(catalog) == _compiled(target):
            return None
        part = target.with_suffix(".mo.part")
        catalog.save_as_mofile(str(part))
        part.replace(target)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SlipwayError(f"{shown}: cannot be compiled: {' '.join(str(error).split())}") from None
    return target


def _read(source: Path) -> polib.POFile:
    """The catalog. Raises ValueError, with the line, for what gettext's own compiler rejects and polib takes."""
    for number, line in enumerate(source.read_bytes().splitlines(), 1):
        if not LINE.match(line):
            raise ValueError(f"no entry, or a quote is missing (line {number})")
    catalog = polib.pofile(str(source))
    first: dict[tuple[str | None, str], int] = {}
    for entry in catalog:
        if entry.obsolete:
            continue
        if (line := first.setdefault((entry.msgctxt, entry.msgid), entry.linenum)) != entry.linenum:
            raise ValueError(f"{entry.msgid!r} is translated in line {line} already (line {entry.linenum})")
        known = _placeholders(entry.msgid + entry.msgid_plural)
        for text in (entry.msgstr, *entry.msgstr_plural.values()):
            if "python-format" in entry.flags and not entry.fuzzy and (unknown := _placeholders(text) - known):
                raise ValueError(f"{min(unknown)} is not in the text that is translated (line {entry.linenum})")
    return catalog


def _placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def _compiled(target: Path) -> dict[tuple[str | None, str], object] | None:
    try:
        return _translations(polib.mofile(str(target))) if target.exists() else None
    except (OSError, ValueError, UnicodeDecodeError, struct.error):
        return None  # cut short; it is written anew


def _translations(catalog: polib.POFile | polib.MOFile) -> dict[tuple[str | None, str], object]:
    return {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in catalog.translated_entries()}
