"""The releases on the host: which there are, which one serves, which may be removed."""

import json
import shutil
import time

from agent.paths import CURRENT, METADATA, RELEASES, VENVS, HostError

PARTIAL = ".partial"


def current() -> str:
    """The id of the release that serves; "" before the first."""
    try:
        return CURRENT.readlink().name
    except FileNotFoundError:
        return ""


def ids() -> list[str]:
    """All whole releases, oldest first: an id begins with its time."""
    return sorted(each.name for each in RELEASES.iterdir() if not each.name.endswith(PARTIAL))


def metadata(name: str) -> dict:
    """What is known of a release: sha256, lock, received; first and activated (the last time) once it has served."""
    try:
        return json.loads((METADATA / f"{name}.json").read_text())
    except FileNotFoundError:
        return {}


def update(name: str, **facts: object) -> None:
    """Adds to a release's metadata; the file is never half written."""
    target = METADATA / f"{name}.json"
    partial = target.with_name(target.name + PARTIAL)
    partial.write_text(json.dumps(metadata(name) | facts, indent=2) + "\n")
    partial.rename(target)


def now() -> str:
    return _format(time.time())


def _format(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def activated(name: str) -> str:
    """When it was last activated; "" if never. A power cut between the switch and its metadata leaves only the link."""
    if "activated" not in metadata(name) and name == current():
        return _format(CURRENT.lstat().st_mtime)
    return metadata(name).get("activated", "")


def first(name: str) -> str:
    """When it was first activated; "" if never. Metadata of an earlier version has the last time alone."""
    return metadata(name).get("first", "") or activated(name)


def served() -> list[str]:
    """The releases that have served, oldest first."""
    return [name for name in ids() if activated(name)]


def previous() -> str:
    """The newest release older than the one that serves, of those that have served.

    Raises HostError when there is none.
    """
    serving = current()
    older = [name for name in served() if name < serving]
    if not older:
        raise HostError(f"no release older than {serving or 'none'} is on the host: there is nothing to go back to")
    return older[-1]


def find(name: str) -> str:
    """A release by its id or the beginning of it. Raises HostError with the ids that are there."""
    found = [each for each in ids() if each.startswith(name)]
    if name in found:
        return name
    if len(found) != 1:
        there = ", ".join(ids()) or "none"
        raise HostError(f"{name}: {'several releases begin so' if found else 'no such release'}; there are: {there}")
    return found[0]


def listing() -> list[dict]:
    """Each release with its metadata, newest first."""
    serving = current()
    known = reversed(ids())
    return [
        {"id": name, "current": name == serving, **metadata(name), "activated": activated(name), "first": first(name)}
        for name in known
    ]


def prune(keep: int) -> list[str]:
    """Removes all but the ``keep`` newest that have served (`keep` in site.yml), and venvs that nothing uses."""
    kept = {*served()[-keep:], current()}
    removed = [name for name in ids() if name not in kept]
    for name in removed:
        shutil.rmtree(RELEASES / name)
        (METADATA / f"{name}.json").unlink(missing_ok=True)
    for partial in RELEASES.glob(f"*{PARTIAL}"):
        shutil.rmtree(partial)
    used = {(RELEASES / name / "venv").readlink().name for name in ids()}
    for venv in VENVS.iterdir():
        if venv.name not in used:
            shutil.rmtree(venv)
            removed.append(f"venv {venv.name}")
    return removed
