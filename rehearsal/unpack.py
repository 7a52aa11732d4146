"""Unpacks a tar archive that may hold no path outside its directory."""

import tarfile
from pathlib import Path


def unpack(archive: tarfile.TarFile, directory: Path) -> None:
    # By attribute, since Debian 12's Python 3.11.2 has neither the filter nor the argument that takes it.
    archive.extraction_filter = getattr(tarfile, "data_filter", None)
    archive.extractall(directory)
