"""Sends the upload bundle to the server: the release archive, and the packages that are missing there."""

import hashlib
import json
import tarfile
from dataclasses import dataclass
from pathlib import Path

from slipway.tool import config
from slipway.tool.requirements import files
from slipway.tool.server import packages, state
from slipway.tool.server.connection import Connection
from slipway.tool.server.facts import Facts


@dataclass(frozen=True, slots=True)
class ReleaseArchive:
    """What `pack` wrote: ``tarball`` holds its code and manifests, ``objects`` the manifest of its static objects."""

    id: str
    sha256: str
    tarball: Path
    objects: Path
    # Regular expressions of the paths that take a password.
    sign_in_paths: tuple[str, ...]

    @classmethod
    def read(cls, build: Path) -> "ReleaseArchive":
        """The release in the build directory."""
        data = json.loads((build / "release.json").read_text())
        tarball, objects = build / "release.tar.gz", build / "manifests" / "objects.json"
        return cls(data["id"], data["sha256"], tarball, objects, tuple(data["sign_in_paths"]))


def lock_of(facts: Facts) -> tuple[Path, str]:
    """The lock file for the server's Python, and the name of the venv that it makes there."""
    path = files.for_server(facts.python)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
    return path, f"{digest}-{facts.python}"


def send(connection: Connection, site: config.Site, facts: Facts, release: ReleaseArchive) -> float:
    """Sends the release to the server; returns how many MB of packages went with it.

    Raises SlipwayError; what had arrived by then is no release.
    """
    lock, venv = lock_of(facts)
    missing = venv not in facts.venvs
    size = 0.0
    bundle = state.directory(site) / "upload.tar"
    with tarfile.open(bundle, "w") as archive:
        archive.add(release.tarball, "release.tar.gz")
        if missing:
            # Not shared: a deploy of another site deletes the packages of other lock files.
            folder = state.directory(site) / "packages"
            packed = packages.pack(lock, facts.python, facts.glibc, facts.machine, venv, folder)
            archive.add(packed, "packages.tar.gz")
            size = packed.stat().st_size / 1e6
    try:
        with bundle.open("rb") as file:
            connection.agent("receive", release.id, release.sha256, venv, stdin=file)
    finally:
        bundle.unlink()
    return size
