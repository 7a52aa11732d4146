"""Finds the Django project in a folder: the one with manage.py, and the settings that it names."""

import re
from dataclasses import dataclass
from pathlib import Path

from slipway.web.errors import SlipwayError

NAMED = re.compile(r"DJANGO_SETTINGS_MODULE[\"'],\s*[\"']([\w.]+)[\"']")
# A manage.py so many folders down is a project's; below that it is an example or a test of something.
DEPTH = 2
SKIPPED = re.compile(r"\.|_|node_modules$|venv$|env$|build$|dist$")


@dataclass(frozen=True, slots=True)
class Source:
    """``root`` is the folder that was given, ``folder`` the one with manage.py, ``settings`` the module named there."""

    root: Path
    folder: Path
    settings: str

    def shown(self, path: Path) -> str:
        """``path`` as the user names it: from the folder that was given."""
        return str(Path(self.root.name) / path.relative_to(self.root))


def find(root: Path) -> Source:
    """The one project in ``root``. Raises SlipwayError when there is none, or more than one."""
    if not root.is_dir():
        raise SlipwayError(f"FROM={root}: there is no such folder")
    found = [path for path in _manage_files(root) if NAMED.search(path.read_text(errors="replace"))]
    if not found:
        raise SlipwayError(
            f"FROM={root}: no Django project is there: no manage.py that names DJANGO_SETTINGS_MODULE, "
            "in this folder or in one of it"
        )
    nearest = min(len(path.parts) for path in found)
    found = [path for path in found if len(path.parts) == nearest]
    if len(found) > 1:
        names = " and ".join(str(path.parent.relative_to(root)) for path in found)
        raise SlipwayError(f"FROM={root}: {names} are projects each; give one of them, like FROM={found[0].parent}")
    folder = found[0].parent
    return Source(root.resolve(), folder.resolve(), NAMED.search(found[0].read_text(errors="replace"))[1])


def _manage_files(root: Path) -> list[Path]:
    found, folders = [], [root]
    for _ in range(DEPTH + 1):
        found += [path for folder in folders if (path := folder / "manage.py").is_file()]
        folders = [
            each
            for folder in folders
            for each in sorted(folder.iterdir())
            if each.is_dir() and not each.is_symlink() and not SKIPPED.match(each.name)
        ]
    return found
