"""Receives a release: unpacks it beside the others, with the venv of its lock file. The serving one is not touched."""

import hashlib
import os
import shutil
import tarfile
from pathlib import Path
from typing import BinaryIO

from agent import bytecode, releases, venvs
from agent.paths import RELEASES, VENVS, HostError
from agent.releases import PARTIAL
from agent.unpack import BROKEN, Rejected, opened, unpack


def receive(name: str, sha256: str, lock: str, stream: BinaryIO) -> None:
    """Reads a tar with release.tar.gz, and with packages.tar.gz where the venv ``lock`` is missing.

    Raises HostError when bytes were lost on the way, when an archive is rejected, or when the
    venv cannot be made; OSError when the disk is full.
    """
    if (RELEASES / name).exists() and releases.metadata(name).get("sha256") == sha256:
        return
    # Two folders, so that no file of the release can replace the bundle's.
    bundle, target = (RELEASES / f"{name}{part}{PARTIAL}" for part in (".bundle", ""))
    try:
        for folder, mode in ((bundle, 0o700), (target, 0o755)):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            folder.chmod(mode)
        _receive(name, bundle, target, sha256, lock, stream)
    except BROKEN as error:
        raise HostError(f"the release arrived broken: {error}; run `make deploy` again") from None
    except Rejected as error:
        raise HostError(f"the release is rejected: {error}") from None
    finally:
        # A partial release would only fill the disk.
        for folder in (bundle, target):
            shutil.rmtree(folder, ignore_errors=True)


def _receive(name: str, bundle: Path, target: Path, sha256: str, lock: str, stream: BinaryIO) -> None:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        unpack(archive, bundle)
    packed = bundle / "release.tar.gz"
    if not packed.exists() or _digest(packed) != sha256:
        raise HostError("the release arrived with other bytes than were sent; run `make deploy` again")
    with opened(packed) as archive:
        unpack(archive, target)
    if not venvs.is_whole(lock):
        venvs.make(lock, bundle / "packages.tar.gz")
    if os.path.lexists(target / "venv"):
        raise Rejected("venv is the server's own name for its packages")
    (target / "venv").symlink_to(os.path.relpath(VENVS / lock, RELEASES / name))
    bytecode.add(target, "deploy", "project", final_path=RELEASES / name)
    # Before the rename: after a power cut the name must not be there without its data.
    os.sync()
    target.rename(RELEASES / name)
    releases.update(name, sha256=sha256, lock=lock, received=releases.now())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
