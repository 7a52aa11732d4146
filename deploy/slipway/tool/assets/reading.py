"""Reads one static file; what a folder has beside ordinary files is named in one line."""

import mmap
import stat
import unicodedata
from operator import itemgetter
from pathlib import Path
from typing import cast

from django.core.files.storage import Storage

from slipway.tool.assets import text
from slipway.tool.assets.shown import shown
from slipway.web.errors import SlipwayError

# An object's key has 1,024 bytes: its prefix and its hash are the rest.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
LONGEST_NAME = 1000

# A film stays on the disk: it is only hashed and sent, and what is mapped needs no memory of its own.
LARGE = 8 << 20  # bytes
# What a build reads inside.
PARSED = text.UTF_8 | {".json", ".map", ".xml", ".webmanifest", ".png", ".jpg", ".jpeg"}


def check_circle(root: str, folder: str) -> None:
    """Raises SlipwayError for a link to a folder that it is in: a walk would never end."""
    for path in (Path(folder), *Path(folder).parents):
        if path == Path(root):
            return
        if path.is_symlink() and path.parent.resolve().is_relative_to(path.resolve()):
            raise SlipwayError(f"{shown(path)}: is a link to a folder that it is in, a circle; remove the link")


def read(name: str, path: str, storage: Storage) -> tuple[str, bytes] | None:
    """Path and bytes of a file, or None when it is gone since it was listed, as editors' own files are.

    Text that names its encoding comes in UTF-8. Raises SlipwayError for what is no ordinary file, or has a name that
    no object can have.
    """
    try:
        full = storage.path(path)
    except NotImplementedError:
        with storage.open(path) as file:
            return path, file.read()
    _check_name(name, full)
    try:
        # Before it is opened: to open a named pipe waits for its writer.
        mode, size = itemgetter(stat.ST_MODE, stat.ST_SIZE)(Path(full).stat())
        if not stat.S_ISREG(mode):
            raise SlipwayError(f"{shown(full)}: is {_kind(mode)}, which cannot be pushed; remove it")
        if size > LARGE and Path(full).suffix.lower() not in PARSED:
            return full, _mapped(full)
        return full, text.in_utf8(full, Path(full).read_bytes())
    except FileNotFoundError:
        if not Path(full).is_symlink():
            return None
        raise SlipwayError(f"{shown(full)}: is a link to {Path(full).readlink()}, which does not exist") from None
    except OSError as error:
        raise SlipwayError(f"{shown(full)}: cannot be read: {error.strerror}") from None


def _mapped(path: str) -> bytes:
    with Path(path).open("rb") as file:
        # It has what the build does with bytes: a length, slices, and a buffer to hash and to send.
        return cast(bytes, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _check_name(name: str, path: str) -> None:
    """Raises SlipwayError for a name that no URL or no object of a bucket can have."""
    if not name.isascii() or not name.isprintable():
        printed = shown(path).encode("ascii", "backslashreplace").decode()
        if any(0xD800 <= ord(character) < 0xE000 for character in name):
            raise SlipwayError(f"{printed}: its name is not UTF-8; rename it")
        if any(unicodedata.category(character) == "Cc" for character in name):
            raise SlipwayError(f"{shown(path)!a}: its name has a control character; rename it")
    if len(name.encode()) > LONGEST_NAME:
        raise SlipwayError(f"{shown(path)}: its name has more than {LONGEST_NAME} bytes; shorten it")


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")
