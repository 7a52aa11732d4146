"""The requirement files, their lock files, and the check that a lock file has what is required.

A site's own lock files are in project/lock/, once `make lock` has made them. Until then those that Slipway ships in
requirements/ are used, made for the photo wall. So a later version of Slipway changes no file that a clone has changed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from slipway import ROOT
from slipway.web.errors import SlipwayError

SHIPPED = ROOT / "requirements"
SITE = ROOT / "project" / "requirements.in"
SITE_TESTS = ROOT / "project" / "requirements-dev.in"
SITE_LOCKS = ROOT / "project" / "lock"
# The Pythons that the server's packages are locked for.
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# Set of packages for .venv → its requirement file, beside the site's own.
SETS = {
    "deploy": ROOT / "requirements.in",
    "demo": SHIPPED / "demo.in",
    "test": SHIPPED / "test.in",
}


@dataclass(frozen=True)
class Line:
    """One requirement, or one option like ``--no-binary NAME``, and the file that has it."""

    file: Path
    text: str

    @property
    def option(self) -> bool:
        return self.text.startswith("-")

    @property
    def name(self) -> str:
        return normal(re.split(r"[\s\[=<>~!;@]", self.text, maxsplit=1)[0])

    def __str__(self) -> str:
        return f"{shown(self.file)}: {self.text}"


def inputs(name: str) -> list[Path]:
    """The requirement files of the lock file of that name: web-3.13, deploy, demo, test, or one of Slipway's own."""
    if name == "whole":
        return sorted({path for each in SETS for path in inputs(each)})
    if name.startswith("web-"):
        ours = SHIPPED / "web.in"
    elif name in SETS:
        ours = SETS[name]
    else:
        return [SHIPPED / f"{name}.in"]
    site = [SITE, SITE_TESTS] if name == "test" else [SITE]
    return [*(each for each in site if each.exists()), ours]


def locked(name: str) -> Path:
    """The lock file of that name: the site's own, or the one that Slipway ships."""
    if SITE_LOCKS.is_dir():
        return SITE_LOCKS / f"{name}.txt"
    return shipped(name)


def shipped(name: str) -> Path:
    return ROOT / "requirements.txt" if name == "deploy" else SHIPPED / f"{name}.txt"


def read(path: Path) -> Iterator[Line]:
    """Each line of the file and of those that it includes. Raises SlipwayError when a file is missing."""
    try:
        text = path.read_text()
    except OSError as error:
        raise SlipwayError(f"{shown(path)}: {error.strerror}") from None
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if included := re.match(r"(?:-r|--requirement)[\s=]*(.+)", line):
            yield from read(path.parent / included[1])
        elif line:
            yield Line(path, line)


def check(name: str, python: str | None = None) -> Path:
    """The lock file of that name. Raises SlipwayError when a requirement for that Python is missing in it."""
    lock = locked(name)
    if not lock.exists():
        raise SlipwayError(f"{shown(lock)} is missing; `make lock` writes it")
    pins = _pins(lock.read_text())
    for path in inputs(name):
        for line in read(path):
            if not line.option and (wrong := _missing(line, pins, python)):
                raise SlipwayError(f"{line}, but {shown(lock)} has {wrong}; run make lock")
    return lock


def for_server(python: str) -> Path:
    """The lock file for a server with that Python.

    Raises SlipwayError when there is none, or when the server's Django would not be the one that builds the release.
    """
    name = f"web-{python}"
    lock = locked(name)
    others = [each for each in PYTHONS if locked(f"web-{each}").exists()]
    if not lock.exists() and others:
        django = pinned(locked(f"web-{others[0]}"), "Django")
        raise SlipwayError(
            f"the server has Python {python}, and Django {django} with the site's other packages is locked for "
            f"{' and '.join(others)}: {shown(lock)} does not exist; `make lock` shows what needs a newer Python"
        )
    check(name, python)
    here, there = version("Django"), pinned(lock, "Django")
    if here.split(".")[:2] != there.split(".")[:2]:
        raise SlipwayError(
            f"the server would have Django {there} ({shown(lock)}), and this machine builds with {here}; "
            "pin one in project/requirements.in, and run `make lock`"
        )
    return lock


def pinned(lock: Path, name: str) -> str | None:
    """The version of a package in a lock file."""
    return next(iter(_pins(lock.read_text()).get(normal(name), [])), None)


def _missing(line: Line, pins: dict[str, list[str]], python: str | None) -> str:
    """What the lock file has in place of the required version, or ""."""
    # pip's own, because this runs before anything is installed; here, because it takes longer to load than all else.
    from pip._vendor.packaging.markers import default_environment
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement

    try:
        requirement = Requirement(line.text)
    except InvalidRequirement:
        # uv explains what is wrong with it.
        return "" if line.name in pins else "no such line"
    here = default_environment()
    if python:
        here |= {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    if requirement.marker and not requirement.marker.evaluate(here):
        return ""
    versions = pins.get(line.name, [])
    if any(requirement.url or requirement.specifier.contains(each, prereleases=True) for each in versions):
        return ""
    return f"{requirement.name} {' and '.join(versions)}" if versions else f"no {requirement.name}"


def _pins(text: str) -> dict[str, list[str]]:
    """Package → its versions, or addresses, in the text of a lock file."""
    pins: dict[str, list[str]] = {}
    for found in re.finditer(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])? ?(?:==|@ )([^\s;]+)", text, re.MULTILINE):
        pins.setdefault(normal(found[1]), []).append(found[2])
    return pins


def normal(name: str) -> str:
    # https://packaging.python.org/en/latest/specifications/name-normalization/
    return re.sub(r"[-_.]+", "-", name).lower()


def shown(path: Path) -> str:
    """The path relative to the checkout's root."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def lines(paths: Sequence[Path]) -> list[Line]:
    return [line for path in paths for line in read(path)]
