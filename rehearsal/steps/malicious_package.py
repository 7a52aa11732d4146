"""A package as an attacker would publish it: each run of its code leaves a file with the id of the user who ran it.

    python -m rehearsal.steps.malicious_package FOLDER

is `make deploy` with the package in each lock file; wheel and lock files are written to FOLDER. The files are in a
folder that everybody may write to; a process with a private /tmp leaves none there.
"""

import hashlib
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from rehearsal.run import Run
from rehearsal.run_log import Phase
from slipway import ROOT
from slipway.tool.__main__ import main
from slipway.tool.requirements import files

NAME = "hostile"
MARKS = "/var/tmp/hostile-marks"
MARK = """
import os

def mark(what):
    try:
        with open(f"{marks}/{{what}}.{{os.getuid()}}.{{os.getpid()}}", "w") as file:
            file.write(what)
    except OSError:
        pass
"""
# Modules that an interpreter imports by itself, that tools discover, and that root's own command imports.
IMPORTED = ("sitecustomize", "usercustomize", "conftest", "agent/__init__", "compileall", "tarfile", "zipfile")
# Commands that root runs by name, in case the venv's scripts are ever in its PATH.
SCRIPTS = ("gunicorn-hostile", "systemctl", "systemd-run", "sh", "tar", "psql")


def wheel(folder: Path, marks: str) -> Path:
    """Writes the wheel; ``marks`` is a folder where it will run."""
    path = folder / f"{NAME}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in _members(marks):
            archive.writestr(name, text)
    return path


def _members(marks: str) -> Iterator[tuple[str, str]]:
    about = f"{NAME}-1.0.dist-info"
    yield f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n"
    yield f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    yield f"{about}/entry_points.txt", f"[console_scripts]\n{NAME} = hostile_mark:mark\n"
    yield "hostile_mark.py", MARK.format(marks=marks)
    yield "hostile.pth", "import hostile_mark; hostile_mark.mark('pth')\n"
    for name in IMPORTED:
        yield f"{name}.py", f"import hostile_mark\nhostile_mark.mark({name.partition('/')[0]!r})\n"
    yield "hostile_syntax.py", "def half(:\n"
    yield "hostile_depth.py", "a = " + "(" * 5000 + "1" + ")" * 5000 + "\n"
    for name in SCRIPTS:
        script = f"#!/bin/sh\ntouch {marks}/script-{name}.$(id -u).$$\n"
        yield f"{NAME}-1.0.data/scripts/{name}", script
    yield f"{NAME}-1.0.data/data/pyvenv.cfg", "home = /tmp\n"
    yield f"{about}/RECORD", ""


def line(wheel: Path) -> str:
    """Its line of a lock file."""
    return f"{NAME} @ file://{wheel} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def users(names: list[str]) -> set[int]:
    """The user ids in the names of these files."""
    return {int(name.split(".")[1]) for name in names}


def install(run: Run, phase: Phase) -> None:
    """A release whose lock file has the package: the site's user may run it, root never."""
    run.host.run(f"rm -rf {MARKS} && mkdir {MARKS} && chmod 1777 {MARKS} && touch {MARKS}/.began")
    command = [sys.executable, "-m", __name__, str(run.site.directory / NAME)]
    run.log.must("deploy-malicious", command, env=run.site.deployer("admin"), cwd=ROOT, into=phase)
    # Outside the sandbox, where its files can be seen: proves that the package works.
    run.host.run("cd / && runuser -u slipway -- /srv/slipway/current/venv/bin/python -c pass")
    ran = users(run.host.run(f"ls {MARKS}").split())
    site = int(run.host.run("id --user slipway"))
    run.log.check(
        "Root runs nothing of a malicious package",
        ran == {site},
        f"it was run by user {', '.join(map(str, sorted(ran))) or 'nobody'}; the site's is {site}",
    )
    places = f"-path {MARKS} -prune -o -path /proc -prune -o -path '/srv/slipway/venvs/*' -prune"
    left = run.host.run(f"find / -xdev {places} -o -newer {MARKS}/.began -iname '*{NAME}*' -print").split()
    run.log.check("It stays in the venv", not left, "; ".join(left) or "nothing of it is elsewhere")


def deploy(folder: Path) -> int:
    """Exit status of a deploy with the package in the lock files."""
    folder.mkdir(exist_ok=True)
    added = line(wheel(folder, MARKS))
    for lock in map(files.locked, (f"web-{python}" for python in files.PYTHONS)):
        (folder / lock.name).write_text(lock.read_text() + added)
    files.SITE_LOCKS = folder
    return main(["deploy", "--no-smoke"])


if __name__ == "__main__":
    sys.exit(deploy(Path(sys.argv[1])))
