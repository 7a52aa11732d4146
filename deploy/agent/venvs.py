"""Makes a venv from packages that the deploying machine unpacked: it installs nothing and runs none of their code."""

import os
import shutil
import venv
from pathlib import Path

from agent import bytecode
from agent.paths import VENVS, HostError
from agent.unpack import BROKEN, Rejected, opened, unpack

WHOLE = "whole"


def is_whole(lock: str) -> bool:
    return (VENVS / lock / WHOLE).exists()


def make(lock: str, packages: Path) -> None:
    """The venv ``lock`` of packages.tar.gz. Raises HostError, and then leaves none."""
    if not packages.exists():
        raise HostError(f"the venv {lock} is not on the host and no packages were sent; run `make deploy` again")
    target = VENVS / lock
    # Scripts contain the venv's path, so it is made in place, and marked once it is whole.
    shutil.rmtree(target, ignore_errors=True)
    try:
        _fill(target, packages)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    bytecode.add(target, "lib", final_path=target)
    os.sync()
    (target / WHOLE).touch(mode=0o644)


def _fill(target: Path, packages: Path) -> None:
    before = os.umask(0o022)
    # Before unpacking: its interpreter and pyvenv.cfg are there when a package brings its own.
    try:
        venv.create(target, symlinks=True)
    finally:
        os.umask(before)
    try:
        with opened(packages) as archive:
            unpack(archive, target)
    except Rejected as error:
        raise HostError(
            f"the packages that were sent are rejected: {error}; take out of project/requirements.in what brings it"
        ) from None
    except BROKEN as error:
        raise HostError(f"the packages that were sent cannot be unpacked: {error}; run `make deploy` again") from None
