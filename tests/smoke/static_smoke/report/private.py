"""Writes files that only the person who runs the proof may read: they show pages of a signed-in person."""

import os
import tempfile
from pathlib import Path


def folder(path: Path) -> None:
    """Makes the folder for its owner only. An existing one keeps its mode: it may hold other files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def write(path: Path, body: bytes) -> None:
    """Replaces a file by one that only its owner may read."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
