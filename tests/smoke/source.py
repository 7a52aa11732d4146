"""Where in a project's own files a URL is written, as far as it is written there at all."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.smoke.manifest import DIGEST

_SUFFIXES = {".html", ".txt", ".xml", ".svg", ".py", ".css", ".js", ".mjs", ".json", ".webmanifest", ".md", ".conf"}
_NOT_ENTERED = {"node_modules", "__pycache__", "build", "dist", "tests", "venv"}
_MOST_BYTES = 1_000_000


class Source:
    """The files of one project, read once. ``where`` finds a URL in them."""

    def __init__(self, directory: Path):
        self._files = {str(path.relative_to(directory)): path for path in _files(directory)}
        self._texts: dict[str, str] = {}

    def where(self, url: str) -> str:
        """ "file:line" of the URL, else of its path, else of its name without hash; "" if none is written once."""
        parts = urlsplit(url)
        path = unquote(parts.path)
        if path.count("/") < 2 and path != "/favicon.ico":
            return ""
        plain = DIGEST.sub("", path.strip("/"), count=1)
        inner = plain.partition("/")[2]
        for needle in (url, path, plain, *([inner] if "/" in inner else [])):
            found = self._find(needle)
            if found:
                return found[0] if len(found) == 1 else f"{found[0]} (and {len(found) - 1} more)"
        return ""

    def _find(self, needle: str) -> list[str]:
        found = []
        for name, path in self._files.items():
            if name not in self._texts:
                self._texts[name] = path.read_text(encoding="utf-8", errors="replace")
            text = self._texts[name]
            at = text.find(needle)
            if at >= 0:
                found.append(f"{name}:{text.count(chr(10), 0, at) + 1}")
        # A template says more than the code that fills it.
        return sorted(found, key=lambda place: (".html:" not in place, place))


def _files(directory: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(directory):
        inner[:] = sorted(name for name in inner if name not in _NOT_ENTERED and not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if path.suffix in _SUFFIXES and path.is_file() and path.stat().st_size <= _MOST_BYTES:
                yield path
