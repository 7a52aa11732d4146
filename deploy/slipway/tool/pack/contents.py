"""Which files of project/ travel to the server: code, templates, locale and data, and no static bytes.

What a file is for Django decides, and not what its folder is called. The nearest folder that Django knows counts:
templates inside a static folder travel, and a static folder inside an app does not.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from unicodedata import normalize

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.template import engines

from slipway import ROOT
from slipway.tool.assets.blocks import templates
from slipway.tool.assets.collect import PACKAGE_DIRECTORIES, shown
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import content_type

PROJECT = ROOT / "project"
STATIC, UPLOADS, HIDDEN, DATABASE = "static files", "uploads", "hidden", "databases"
NODE_MODULES, VENV, LINK, SPECIAL = "node_modules", "virtual environments", "broken links", "no regular files"
DATABASES = tuple(name + more for name in (".sqlite3", ".sqlite", ".db") for more in ("", "-journal", "-shm", "-wal"))
# Made anew on each machine, or by an editor: nobody misses these.
IGNORED = ("__pycache__", "*.pyc", ".git*", ".DS_Store", ".#*", ".*.sw?")
# The one hidden name that is public: https://www.rfc-editor.org/rfc/rfc8615
WELL_KNOWN = ".well-known"
# What a browser loads and no template is.
ASSET_TYPES = ("audio/", "font/", "image/", "text/css", "text/javascript", "video/", "application/wasm")
# A folder that Django reads, and that has static files or uploads too: what a browser loads is left out.
READ_AND_SERVED = "read and served"
NAMED = 3  # of each kind, in the summary


@dataclass(slots=True)
class Contents:
    """``files`` by their names in the release; ``left_out`` maps a kind to the names of files and folders."""

    files: dict[str, Path] = field(default_factory=dict)
    left_out: dict[str, set[str]] = field(default_factory=dict)
    ships_static: bool = False

    def summary(self) -> str:
        """One line that names what was left out, and how to keep it; or ""."""
        kinds = [f"{kind} ({_listed(sorted(names))})" for kind, names in sorted(self.left_out.items())]
        what = ", ".join(kinds)
        return f"not in the release: {what}; `ship` in site.yml keeps what the server reads of it" if kinds else ""


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or a folder that was not entered. ``kind`` says why it is left out; None: it travels.

    ``top`` is the folder that is left out as a whole, or the file.
    """

    path: Path
    kind: str | None
    top: Path


def contents(ship: Iterable[str] = ()) -> Contents:
    """The files of project/ that travel; ``ship`` are paths and patterns of what would be left out.

    Raises SlipwayError for one that names no file, and for a file that cannot be read.
    """
    ship = [normalize("NFC", pattern.rstrip("/")) for pattern in ship]
    unused = set(ship)
    result = Contents()
    for found in _walk(PROJECT, None, PROJECT, frozenset(), _kinds(), ship):
        naming = [pattern for pattern in ship if _covers(pattern, found.path)]
        unused.difference_update(naming)
        if (found.kind is None or naming) and found.path.is_file():
            result.files[_name(found.path)] = found.path
            result.ships_static |= found.kind == STATIC
        else:
            result.left_out.setdefault(found.kind or SPECIAL, set()).add(_name(found.top))
    if unused:
        raise SlipwayError(f"site.yml: ship: {min(unused)} names no file; write it as project/assets/mail/logo.png")
    return result


def _walk(
    folder: Path, kind: str | None, top: Path, above: frozenset[Path], kinds: dict[Path, str | None], ship: list[str]
) -> Iterator[Found]:
    real = folder.resolve()
    if real in above:
        return  # a link to a folder above it
    if real in kinds:
        kind, top = kinds[real], folder
    try:
        entries = sorted(folder.iterdir())
        for entry in entries:
            if any(fnmatchcase(entry.name, pattern) for pattern in IGNORED):
                continue
            reason = _reason(entry)
            if entry.is_dir():
                if reason is None or any(_is_below(pattern, entry) for pattern in ship):
                    below = (reason, entry) if reason else (kind, top)
                    yield from _walk(entry, *below, above | {real}, kinds, ship)
                else:
                    yield Found(entry, reason, entry)
            elif reason:
                yield Found(entry, reason, entry)
            elif kind == READ_AND_SERVED:
                yield Found(entry, STATIC if _is_asset(entry) and entry.resolve() not in _included() else None, entry)
            else:
                yield Found(entry, kind, top)
    except OSError as error:
        raise SlipwayError(f"{error.filename or folder}: cannot be read: {error.strerror}") from None


def _kinds() -> dict[Path, str | None]:
    """What each folder that Django knows is: None where its files travel. Folders inside it may be something else.

    Raises SlipwayError for folders that no release can have.
    """
    _require_project_folders()
    apps_folders = [Path(app.path, name) for app in apps.get_app_configs() for name in ("", "locale", "fixtures")]
    read = _folders(*apps_folders, *settings.LOCALE_PATHS, *settings.FIXTURE_DIRS, *_template_folders())
    # The line replaces STATIC_ROOT: the project's own has what an earlier collectstatic has copied.
    static = _folders(settings.SLIPWAY_LINE.own.get("STATIC_ROOT"), settings.STATIC_ROOT, *_static_folders())
    kinds: dict[Path, str | None] = dict.fromkeys(static, STATIC) | dict.fromkeys(
        _folders(settings.MEDIA_ROOT), UPLOADS
    )
    return kinds | {folder: READ_AND_SERVED if folder in kinds else None for folder in read}


def _folders(*paths: str | os.PathLike[str] | None) -> list[Path]:
    return [Path(path).resolve() for path in paths if path]


def _static_folders() -> Iterator[str]:
    for finder in get_finders():
        storages = [*getattr(finder, "storages", {}).values(), getattr(finder, "storage", None)]
        yield from (location for storage in storages if (location := getattr(storage, "location", None)))


def _template_folders() -> Iterator[str | os.PathLike[str]]:
    for backend in engines.all():
        yield from backend.template_dirs
        loaders = list(getattr(getattr(backend, "engine", None), "template_loaders", ()))
        while loaders:
            loader = loaders.pop()
            loaders += getattr(loader, "loaders", [])
            yield from loader.get_dirs() if hasattr(loader, "get_dirs") else ()


def _require_project_folders() -> None:
    """Raises SlipwayError for a folder that the server would miss, and for uploads in the folder of the code."""
    if PROJECT.resolve().is_relative_to(Path(settings.MEDIA_ROOT or ROOT / "media").resolve()):
        raise SlipwayError("MEDIA_ROOT: is the folder of the code, and uploads are left out of a release; name another")
    folders = {"TEMPLATES": _template_folders(), "LOCALE_PATHS": settings.LOCALE_PATHS}
    for setting, paths in (folders | {"FIXTURE_DIRS": settings.FIXTURE_DIRS}).items():
        for path in _folders(*paths):
            packaged = not PACKAGE_DIRECTORIES.isdisjoint(path.parts) or path.is_relative_to(ROOT / "deploy")
            if path.is_dir() and not packaged and not path.is_relative_to(PROJECT.resolve()):
                raise SlipwayError(
                    f"{setting}: {shown(path)} is outside of project/, which is all that the server gets"
                )


def _is_asset(path: Path) -> bool:
    return content_type(path.name).startswith(ASSET_TYPES)


@cache
def _included() -> frozenset[Path]:
    """The files that templates include by name, such as an SVG or a style sheet written into the page."""
    found = templates.all_templates()
    tokens = [token for file in found if file.own for token in file.tokens(["include"])]
    names = {word[1:-1] for token in tokens for word in token.split_contents()[1:2]}
    return frozenset(Path(file.path).resolve() for file in found if file.name in names)


def _reason(path: Path) -> str | None:
    """Why a file or folder is left out wherever it stands, or None."""
    if path.is_symlink() and not path.exists():
        return LINK
    if path.name.startswith(".") and path.name != WELL_KNOWN:
        return HIDDEN
    if path.is_dir():
        return NODE_MODULES if path.name == "node_modules" else VENV if (path / "pyvenv.cfg").exists() else None
    if not path.is_file():
        return SPECIAL
    return DATABASE if path.name.endswith(DATABASES) else None


def _covers(pattern: str, path: Path) -> bool:
    name = normalize("NFC", _name(path))
    # A name may have the characters of a pattern.
    by_name = name == pattern or name.startswith(f"{pattern}/")
    return by_name or fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}/*")


def _is_below(pattern: str, folder: Path) -> bool:
    return _covers(pattern, folder) or pattern.startswith(f"{_name(folder)}/")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
