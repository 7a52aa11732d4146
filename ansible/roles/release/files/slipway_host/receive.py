"""Takes a release in: unpacks it beside the others, with the venv of its lock file. Nothing that serves is touched."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import BinaryIO

from slipway_host import releases
from slipway_host.paths import RELEASES, VENVS, HostError
from slipway_host.releases import PARTIAL
from slipway_host.unpack import unpack

WHOLE = "whole"


def receive(name: str, sha256: str, lock: str, stream: BinaryIO) -> None:
    """Reads a tar with release.tar.gz, and with packages.tar.gz where the host lacks the venv ``lock``.

    Raises HostError when bytes were lost on the way, or the venv cannot be made; OSError when the disk is full.
    """
    if (RELEASES / name).exists() and releases.record(name).get("sha256") == sha256:
        return
    target = RELEASES / f"{name}{PARTIAL}"
    shutil.rmtree(target, ignore_errors=True)
    try:
        _take(name, target, sha256, lock, stream)
    except BaseException:
        # What came of it would only fill the disk.
        shutil.rmtree(target, ignore_errors=True)
        raise


def _take(name: str, target: Path, sha256: str, lock: str, stream: BinaryIO) -> None:
    target.mkdir(mode=0o755)
    parcel = target / ".parcel"
    parcel.mkdir(mode=0o700)
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            unpack(archive, parcel)
    except (tarfile.TarError, EOFError) as error:
        raise HostError(f"the release arrived broken: {error}; run `make deploy` again") from None
    tarball = parcel / "release.tar.gz"
    if hashlib.sha256(tarball.read_bytes()).hexdigest() != sha256:
        raise HostError("the release arrived with other bytes than were sent; run `make deploy` again")
    with tarfile.open(tarball) as archive:
        unpack(archive, target)
    if not (VENVS / lock / WHOLE).exists():
        _make_venv(lock, parcel / "packages.tar.gz")
    (target / "venv").symlink_to(os.path.relpath(VENVS / lock, RELEASES / name))
    shutil.rmtree(parcel)
    # Compiled now, by root: the application's user cannot write here, and would compile at each start.
    folders = [target / each for each in ("deploy", "project") if (target / each).exists()]
    _compile(VENVS / lock, "-s", target, "-p", RELEASES / name, *folders)
    _give_to_root(target)
    # A name must not outlive a power cut that its bytes did not.
    os.sync()
    target.rename(RELEASES / name)
    releases.note(name, sha256=sha256, lock=lock, received=releases.now())


def _make_venv(lock: str, packages: Path) -> None:
    if not packages.exists():
        raise HostError(f"the venv {lock} is not on the host and no packages were sent; run `make deploy` again")
    venv = VENVS / lock
    # Scripts name the folder that they lie in, so it is made in place, and marked when it is whole.
    shutil.rmtree(venv, ignore_errors=True)
    make = [sys.executable, "-m", "venv", "--without-pip", venv]
    # All becomes root's and nobody else can write it, whatever the archive says.
    fill = ["tar", "--extract", "--gzip", "--no-same-owner", "--no-same-permissions"]
    fill += ["--file", packages, "--directory", venv]
    for step in (make, fill):
        done = subprocess.run(step, capture_output=True, text=True, check=False, umask=0o022)
        if done.returncode:
            said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()] or ["it said nothing"]
            shutil.rmtree(venv, ignore_errors=True)
            raise HostError(f"the packages that were sent cannot be unpacked: {said[0]}; run `make deploy` again")
    _compile(venv, venv / "lib")
    os.sync()
    (venv / WHOLE).touch(mode=0o644)


def _compile(venv: Path, *arguments: str | Path) -> None:
    """Leaves what has this Python's bytecode already; a file that does not compile is for whoever imports it."""
    compiling = [venv / "bin" / "python", "-m", "compileall", "-q", *arguments]
    subprocess.run(compiling, check=False, stdout=subprocess.DEVNULL, umask=0o022)


def _give_to_root(top: Path) -> None:
    """The application can read everything and write nothing."""
    for path in [top, *top.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
