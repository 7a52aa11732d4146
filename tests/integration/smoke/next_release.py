"""A release whose static files were not pushed."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal.local_site import LocalSite
from tests.clone import clone_of_fixture


@contextmanager
def switched_to(local_site: LocalSite, directory: Path) -> Iterator[None]:
    """The web process runs the checkout with one stylesheet changed, built in ``directory`` and not pushed."""
    before = local_site.current.rename(local_site.directory / "before")
    try:
        _build(local_site, directory)
        local_site.unpack(directory / "build" / "release.tar.gz")
        local_site.restart_gunicorn()
        yield
    finally:
        shutil.rmtree(local_site.current, ignore_errors=True)
        before.rename(local_site.current)
        local_site.restart_gunicorn()


def _build(local_site: LocalSite, directory: Path) -> None:
    clone_of_fixture(directory)
    with (directory / "project" / "assets" / "css" / "base.css").open("a") as sheet:
        sheet.write("\n.next { color: teal }\n")
    env = {"SLIPWAY_BUILD": str(directory / "build")}
    manage = [sys.executable, "manage.py"]
    for command in (["collectstatic", "--noinput", "--build-only"], ["pack", "build/release.tar.gz"]):
        local_site.run([*manage, *command], identity="deployer", env=env, cwd=directory, log=command[0])
