"""A copy of this checkout whose project is altered: the user's own files stay as they are."""

import shutil
from pathlib import Path

from rehearsal.server_site import ServerSite
from slipway import ROOT
from slipway.web.errors import SlipwayError

# The folders that a deploy needs.
PARTS = ("ansible", "deploy", "nginx", "project", "requirements", "tests/smoke")


def checkout(target: Path) -> Path:
    """Writes a checkout of the site to ``target``."""
    shutil.rmtree(target, ignore_errors=True)
    leave = shutil.ignore_patterns("__pycache__", "node_modules")
    for part in PARTS:
        shutil.copytree(ROOT / part, target / part, ignore=leave, symlinks=True)
    for name in ("manage.py", "VERSION"):
        shutil.copy(ROOT / name, target)
    return target


def module(target: Path, name: str) -> Path:
    """The file of a project's module, beside manage.py or in project/."""
    path = name.replace(".", "/")
    tried = [target / top / f"{path}{end}" for top in ("", "project") for end in (".py", "/__init__.py")]
    for each in tried:
        if each.is_file():
            return each
    raise SlipwayError(f"{name}: no such module in project/; name your settings module in site.yml")


def environment(site: ServerSite, copy: Path) -> dict[str, str]:
    """Of a deploy of ``copy``: its own tool, before this checkout's on the path."""
    return site.deployer("admin", PYTHONPATH=f"{copy / 'deploy'}:{copy / 'tests' / 'smoke'}")
