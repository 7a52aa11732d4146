"""Unpacks a tar of plain files, whatever Python the host has."""

import tarfile
from pathlib import Path, PurePosixPath

# Debian 12's Python has no filters, and checks nothing by itself.
FILTER = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def unpack(archive: tarfile.TarFile, target: Path) -> None:
    """Raises tarfile.TarError for a member that is no file, or whose name leads out of ``target``."""
    for member in archive:
        name = PurePosixPath(member.name)
        if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
            raise tarfile.TarError(f"{member.name} is no file of a release")
        archive.extract(member, target, **FILTER)
