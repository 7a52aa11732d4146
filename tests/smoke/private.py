"""Writes what only the person who runs the proof may read: it shows pages as a signed-in person sees them."""

import os
import tempfile
from pathlib import Path


def folder(path: Path) -> None:
    """Makes the folder for its owner alone. One that is there already stays as it is: it may hold more than ours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def write(path: Path, body: bytes) -> None:
    """Puts a file in place, readable by its owner alone, whatever stood there under its name."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(body)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
