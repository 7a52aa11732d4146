"""A release whose static files nobody has pushed."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rehearsal.local_site import LocalSite
from tests.clone import clone_of_fixture


@contextmanager
def switched_to(stage: LocalSite, directory: Path) -> Iterator[None]:
    """The web process runs the checkout with one stylesheet changed, built in ``directory`` and not pushed."""
    before = stage.current.rename(stage.directory / "before")
    try:
        _build(stage, directory)
        stage.unpack(directory / "build" / "release.tar.gz")
        stage.restart_gunicorn()
        yield
    finally:
        shutil.rmtree(stage.current, ignore_errors=True)
        before.rename(stage.current)
        stage.restart_gunicorn()


def _build(stage: LocalSite, directory: Path) -> None:
    clone_of_fixture(directory)
    with (directory / "project" / "assets" / "css" / "base.css").open("a") as sheet:
        sheet.write("\n.next { color: teal }\n")
    env = {"SLIPWAY_BUILD": str(directory / "build")}
    manage = [sys.executable, "manage.py"]
    for command in (["collectstatic", "--noinput", "--build-only"], ["pack", "build/release.tar.gz"]):
        stage.run([*manage, *command], identity="deployer", env=env, cwd=directory, log=command[0])
