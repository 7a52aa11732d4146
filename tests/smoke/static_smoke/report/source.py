"""Finds the line where a URL is written: in the project's own files, or in the templates of its packages."""

import os
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from static_smoke.site.manifest import DIGEST

_SUFFIXES = {".html", ".txt", ".xml", ".svg", ".py", ".css", ".js", ".mjs", ".json", ".webmanifest", ".conf"}
_NOT_ENTERED = {"node_modules", "__pycache__", "build", "dist", "docs", "tests", "venv"}
_MOST_BYTES = 1_000_000
# The maximum depth of a package's templates: django/contrib/admin/templates.
_DEPTH = 4
# Browsers request it for every page without an icon, so only the exact path counts.
_ICON = "/favicon.ico"
_WRITTEN_ICON = re.compile(r"""(?<=["'(=])/favicon\.ico""")


class Source:
    """The files of ``project``, and the templates below ``packages``, a site-packages folder."""

    def __init__(self, project: Path, packages: Path | None = None):
        self._project = project
        self._packages = packages

    def where(self, url: str) -> str:
        """ "file:line" of the URL, else of its path, else of its name without hash; "" if none is found.

        The first of several, with the number of the others.
        """
        needles = _needles(url)
        for texts in (self._own, self._installed) if needles else ():
            for needle in needles:
                places = _places(needle, texts)
                if places:
                    return places[0] if len(places) == 1 else f"{places[0]} (and {len(places) - 1} more)"
        return ""

    @cached_property
    def _own(self) -> dict[str, str]:
        return _texts(self._project, _files(self._project))

    @cached_property
    def _installed(self) -> dict[str, str]:
        return _texts(self._packages, _templates(self._packages)) if self._packages else {}


def _needles(url: str) -> list[re.Pattern]:
    path = unquote(urlsplit(url).path)
    if path == _ICON:
        return [re.compile(re.escape(url)), _WRITTEN_ICON]
    if path.count("/") < 2:
        return []
    plain = DIGEST.sub("", path.strip("/"), count=1)
    inner = plain.partition("/")[2]
    return [re.compile(re.escape(text)) for text in (url, path, plain, *([inner] if "/" in inner else []))]


def _places(needle: re.Pattern, texts: dict[str, str]) -> list[str]:
    places = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        for name, text in texts.items()
        if (match := needle.search(text))
    ]
    # Templates first: they say more than the code that fills them.
    return sorted(places, key=lambda place: (".html:" not in place, place))


def _texts(directory: Path, paths: Iterator[Path]) -> dict[str, str]:
    """Text by path, relative to the working directory if below it, else to ``directory``."""
    here = Path.cwd()
    return {
        str(path.absolute().relative_to(here if path.absolute().is_relative_to(here) else directory.absolute())): (
            path.read_text(encoding="utf-8", errors="replace")
        )
        for path in paths
    }


def _files(directory: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(directory):
        inner[:] = sorted(name for name in inner if name not in _NOT_ENTERED and not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix in _SUFFIXES and path.is_file() and path.stat().st_size <= _MOST_BYTES:
                yield path


def _templates(packages: Path) -> Iterator[Path]:
    for folder, inner, _ in os.walk(packages):
        if len(Path(folder).relative_to(packages).parts) >= _DEPTH:
            inner.clear()
        if "templates" in inner:
            inner.remove("templates")
            yield from _files(Path(folder) / "templates")
