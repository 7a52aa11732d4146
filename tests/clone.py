"""Clones of Slipway for tests: its own code as it stands here, and another project in project/."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What of a clone is the user's: project/ and site.yml.
FIXTURE = ROOT / "tests" / "site"
WITHOUT_CACHES = shutil.ignore_patterns("__pycache__")


def clone(directory: Path, site_yml: str = "") -> Path:
    """``directory`` with all that a build reads but project/, and a site.yml of these lines below the domain."""
    shutil.copytree(ROOT / "deploy", directory / "deploy", ignore=WITHOUT_CACHES)
    for name in ("manage.py", "VERSION"):
        shutil.copy(ROOT / name, directory)
    (directory / "site.yml").write_text(f"domain: example.com\nregion: eu-central-1\n{site_yml}")
    return directory


def clone_of_fixture(directory: Path) -> Path:
    """A clone whose project is the fixture site, with its site.yml."""
    clone(directory)
    shutil.copytree(FIXTURE, directory, ignore=WITHOUT_CACHES, dirs_exist_ok=True)
    return directory
