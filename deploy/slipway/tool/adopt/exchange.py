"""Makes the new project/ beside the old one, and exchanges the two: what fails leaves the clone as it was."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slipway.tool.adopt import environment, files, known, packages, pages, settings_modules, site_yml, source
from slipway.tool.adopt.source import Source
from slipway.tool.config import modules
from slipway.web.errors import SlipwayError

# The module by which the example that Slipway ships is known.
EXAMPLE = "photowall/settings.py"
NEW, BEFORE = "new", "before"


@dataclass(slots=True)
class Adopted:
    """``done``: what was changed. ``left``: what was not taken, and why."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def adopt(given: Path, root: Path, lock: Callable[[], list[str]]) -> Adopted:
    """Takes the project in the folder ``given`` into ``root``, this clone; ``lock`` resolves its packages.

    Raises SlipwayError; then project/ and site.yml are what they were.
    """
    found = source.find(given)
    work = root / ".slipway" / "adopt"
    old = {root / name: work / BEFORE / name for name in ("project", "site.yml")}
    if not (root / "project").exists():
        # One that was killed in the middle of its exchange.
        _put_back(old)
    there = name_of(root / "project")
    if there.partition(".")[0] == found.settings.partition(".")[0]:
        return Adopted([f"project/ has {there} already: it is judged, and nothing is copied"])
    _require_place(root, found)
    listed = packages.read(found)
    shutil.rmtree(work / NEW, ignore_errors=True)
    new = work / NEW / "project"
    new.mkdir(parents=True)
    told = _make(found, listed, root / "site.yml", new)
    shutil.rmtree(work / BEFORE, ignore_errors=True)
    (work / BEFORE).mkdir()
    try:
        for now, before in old.items():
            now.rename(before)
            (work / NEW / now.name).rename(now)
        told.left += lock()
    except BaseException as error:
        _put_back(old)
        if isinstance(error, SlipwayError):
            raise SlipwayError(f"{error}; project/ is what it was") from None
        raise
    told.done.append(
        f"project/lock/: its packages, resolved with Slipway's; the example is in {(work / BEFORE).relative_to(root)}"
    )
    return told


def _put_back(old: Mapping[Path, Path]) -> None:
    for now, before in old.items():
        if before.exists():
            if now.exists():
                shutil.rmtree(now) if now.is_dir() else now.unlink()
            before.rename(now)


def name_of(project: Path) -> str:
    """The settings module of what is in project/; "" for the example or for none."""
    if (project / EXAMPLE).exists() or not project.is_dir():
        return ""
    return modules.find_settings(project.parent / "site.yml", "")


def _require_place(root: Path, found: Source) -> None:
    """Raises SlipwayError unless project/ is the example, as it was shipped."""
    if root.resolve() in (found.root, *found.root.parents):
        raise SlipwayError(f"FROM={found.root} is in this clone; name a folder outside of it")
    project = root / "project"
    if not (project / EXAMPLE).exists() and project.is_dir():
        raise SlipwayError(
            f"project/ has a project already, {name_of(project)}; `make adopt` without FROM= judges it, and "
            "`git checkout -- project site.yml` in a new clone brings the example back"
        )
    line = ["git", "-C", str(root), "status", "--porcelain", "--", "project", "site.yml"]
    try:
        changed = subprocess.run(line, capture_output=True, text=True, check=False).stdout.splitlines()
    except FileNotFoundError:
        changed = []
    changed = [each[3:] for each in changed if each[3:] != "site.yml"]
    if changed:
        raise SlipwayError(f"{changed[0]} is changed and not committed; commit it, or `git stash` it, first")


def _make(found: Source, listed: packages.Packages, site: Path, new: Path) -> Adopted:
    told = Adopted()
    taken, left = files.wanted(found)
    files.copy(found, taken, new)
    told.done.append(f"project/: {len(taken)} files of {found.folder}")
    if left:
        told.left.append(f"not taken: {', '.join(left)}")
    file = new.parent / "site.yml"
    told.done += site_yml.write(file, site.read_text(), found.settings)
    named = modules.find_settings(file, site_yml.named(file))
    told.done += settings_modules.take_out(new, settings_modules.path_of(new, named).parent)
    _name_variables(file, settings_modules.path_of(new, named), told)
    made, installed = pages.add(new)
    told.done += made
    needed, allowed = known.of(new, listed.lines)
    told.done += site_yml.allow(file, allowed)
    for module in dict.fromkeys((named, modules.for_development(file, named))):
        told.done += settings_modules.add_line(new, module, installed + needed)
    _write_requirements(new, listed, told)
    return told


def _name_variables(file: Path, module: Path, told: Adopted) -> None:
    read = environment.required(module)
    begun = environment.beginning(read)
    site_yml.environment(file, begun)
    for name, place in read.items():
        do = "put yours there, or a secret into `make secrets`"
        if begun[name].startswith(environment.REPLACED):
            do = "the SECRET_KEY of the secrets takes its place"
        told.left.append(f"site.yml: `environment` has {name}: {begun[name]!r}, which {place} reads: {do}")


def _write_requirements(new: Path, listed: packages.Packages, told: Adopted) -> None:
    for name, lines in (("requirements.in", listed.lines), ("requirements-dev.in", listed.tests)):
        text = "".join(f"{line}\n" for line in lines)
        (new / name).write_text(f"# From {listed.file}, by `make adopt`. After a change: `make lock`.\n{text}")
    told.done.append(f"project/requirements.in: {len(listed.lines)} packages of {listed.file}")
    told.left += listed.out
