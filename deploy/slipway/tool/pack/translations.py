"""Compiles the project's translations, as `compilemessages` does: Django reads the .mo files alone, and they are seldom
under version control."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import polib

from slipway import ROOT
from slipway.web.errors import SlipwayError

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
        if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
            return None
        catalog = polib.pofile(str(source))
        # A fresh clone gives both files one time: the translations decide.
        if _translations(catalog) == _compiled(target):
            return None
        part = target.with_suffix(".mo.part")
        catalog.save_as_mofile(str(part))
        part.replace(target)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise SlipwayError(f"{shown}: cannot be compiled: {' '.join(str(error).split())}") from None
    return target


def _compiled(target: Path) -> dict[tuple[str | None, str], object] | None:
    try:
        return _translations(polib.mofile(str(target))) if target.exists() else None
    except (OSError, ValueError, UnicodeDecodeError, struct.error):
        return None  # cut short; it is written anew


def _translations(catalog: polib.POFile | polib.MOFile) -> dict[tuple[str | None, str], object]:
    return {(entry.msgctxt, entry.msgid): entry.msgstr_plural or entry.msgstr for entry in catalog.translated_entries()}
