"""Which files of a project are taken over: its code and its data, and not what is made from them or held with it."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from slipway.tool.adopt.source import Source
from slipway.web.errors import SlipwayError

# Of the project's former home: another server's or container's files, and what takes the packages' place here.
LEFT = re.compile(
    r"manage\.py|Dockerfile.*|\S*compose\S*\.ya?ml|Procfile|Makefile|justfile|fabfile\.py|Vagrantfile|"
    r"requirements.*\.(txt|in)|requirements|Pipfile(\.lock)?|poetry\.lock|uv\.lock|compose|docker|docs|"
    r"README.*|LICENSE.*|CHANGELOG.*|CONTRIBUTING.*|CONTRIBUTORS.*"
)
MADE = re.compile(r"\..*|__pycache__|node_modules|.*\.py[co]|.*\.sqlite3?|db\.sqlite3-.*|celerybeat-schedule.*")
# The folders that a project collects into and stores uploads in.
ROOTS = ("STATIC_ROOT", "MEDIA_ROOT")
MOST = 500 << 20  # bytes; more than that is data


def wanted(source: Source) -> tuple[list[Path], list[str]]:
    """The files to take, and the names of what is left, both from the folder of the project.

    Raises SlipwayError when they are more than a project's.
    """
    outputs = _outputs(source)
    taken: list[Path] = []
    left: set[str] = set()
    for path in sorted(_listed(source.folder)):
        name = _left(path, outputs)
        if name:
            left.add(name)
        else:
            taken.append(path)
    size = sum((source.folder / path).stat().st_size for path in taken)
    if size > MOST:
        raise SlipwayError(
            f"{source.folder}: {size >> 20} MB would be taken, which is no project's code; "
            "list data and what is built in its .gitignore, or take it out"
        )
    return taken, sorted(left)


def copy(source: Source, taken: list[Path], target: Path) -> None:
    """Copies files; a link becomes what it refers to."""
    for path in taken:
        to = target / path
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source.folder / path, to)


def _listed(folder: Path) -> Iterator[Path]:
    """What git knows or would add; without git, all."""
    line = ["git", "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        names = done.stdout.split("\0") if not done.returncode else []
    except FileNotFoundError:
        names = []
    paths = [Path(name) for name in names if name] or [path.relative_to(folder) for path in _walk(folder)]
    yield from (path for path in paths if (folder / path).is_file())


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            # A virtual environment, whatever it is called.
            if not MADE.fullmatch(path.name) and not (path / "pyvenv.cfg").exists():
                yield from _walk(path)
        else:
            yield path


def _left(path: Path, outputs: set[Path]) -> str:
    """What ``path`` is left with: its own name, or that of a folder above it; "" for one that is taken."""
    if LEFT.fullmatch(path.parts[0]):
        return path.parts[0]
    for number, part in enumerate(path.parts, start=1):
        if MADE.fullmatch(part) or Path(*path.parts[:number]) in outputs:
            return str(Path(*path.parts[:number]))
    return ""


def _outputs(source: Source) -> set[Path]:
    """The folders that the settings name as STATIC_ROOT and MEDIA_ROOT, by the text that their expressions have."""
    found = set()
    place = source.folder.joinpath(*source.settings.split("."))
    modules = [place.with_suffix(".py"), *place.parent.glob("*.py"), *place.glob("*.py")]
    for module in filter(Path.is_file, modules):
        try:
            tree = ast.parse(module.read_text(errors="replace"))
        except SyntaxError as error:
            raise SlipwayError(f"{source.shown(module)}:{error.lineno}: {error.msg}") from None
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and any(getattr(each, "id", "") in ROOTS for each in node.targets):
                constants = [each for each in ast.walk(node.value) if isinstance(each, ast.Constant)]
                # As they are written; a walk has the outer ones first.
                texts = [each.value for each in sorted(constants, key=lambda each: (each.lineno, each.col_offset))]
                parts = [each.strip("/") for each in texts if isinstance(each, str) and each.strip("/")]
                if parts and ".." not in parts:
                    found.add(Path(*parts))
    return found
