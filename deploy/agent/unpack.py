"""Unpacks an archive as root: it makes new files and folders below one folder, and follows no link.

The standard library's own filters are missing on Debian 12, keep links, and write through an existing one.
"""

import gzip
import os
import shutil
import stat
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

MAX_BYTES = 2 << 30  # bytes, unpacked: four times what a site with NumPy, pandas and Pillow has
MAX_FILES = 100_000  # files and folders; wagtail and oscar together have 11,000
MAX_DEPTH = 64
# What must be free afterwards, so that PostgreSQL can write on.
MIN_FREE = 200 << 20
BLOCK = 4096
# tarfile reads a header whole, whatever length it claims; a member may have any number.
MAX_READ = 1 << 17
CLOCK = 1 << 32  # s; bytecode has 32 bits for it

# What a truncated or damaged archive raises.
BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, RecursionError, ValueError)


class Rejected(Exception):
    """An archive has what no release or package has; says what, in a few words."""


@contextmanager
def opened(packed: IO[bytes] | Path) -> Iterator[tarfile.TarFile]:
    """A tar in a file, or a tar.gz by its path."""
    with (
        gzip.open(packed) if isinstance(packed, Path) else packed as file,
        _Archive.open(fileobj=_LimitedReader(file), mode="r:") as archive,
    ):
        yield archive


class _Archive(tarfile.TarFile):
    """Forgets each member, with its headers, once the next one is asked for."""

    def next(self) -> tarfile.TarInfo | None:
        self.members.clear()
        self.pax_headers.clear()
        self.fileobj.reset()
        return super().next()


class _LimitedReader:
    """A file that limits how much is read at once: all headers of a member, or a block of its data."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.tell = file, file.tell

    def reset(self) -> None:
        self._left = MAX_READ

    def seek(self, to: int) -> int:
        # tarfile seeks before each block of data, and not before a header.
        self.reset()
        return self._file.seek(to)

    def read(self, size: int = -1) -> bytes:
        self._left -= size
        if size < 0 or self._left < 0:
            raise tarfile.ReadError("a header is too long")
        return self._file.read(size)


def unpack(archive: tarfile.TarFile, target: Path, *, replace: str = "") -> None:
    """The files are root's: everybody may read them, nobody else may write. ``replace``: a pattern; only names that
    match it are unpacked, and they replace plain files that are there.

    Raises Rejected for a member that is no plain file or folder, whose path leaves ``target`` or follows a link, that
    is there already, or that is too large; one of BROKEN; OSError when the disk is full.
    """
    available = shutil.disk_usage(target).free - MIN_FREE
    used, made = 0, {target}
    for number, member in enumerate(archive):
        parts = _parts(member)
        if replace and not PurePosixPath(*parts).match(replace):
            raise Rejected(f"{_shown(Path(*parts))} is not expected in it")
        used += max(member.size, BLOCK)
        if max(used, member.offset_data) > MAX_BYTES or number >= MAX_FILES:
            raise Rejected(f"more than {MAX_BYTES >> 20} MB or {MAX_FILES} files")
        if used > available:
            left = f"{max(available, 0) >> 20} MB), {MIN_FREE >> 20} MB left free"
            raise Rejected(f"it needs more space than the disk has ({left}")
        folder = _folder(target, parts if member.isdir() else parts[:-1], made)
        if member.isfile():
            _write(archive, member, folder / parts[-1], replace=bool(replace))


def _parts(member: tarfile.TarInfo) -> tuple[str, ...]:
    name, parts = member.name, PurePosixPath(member.name).parts
    shown = ascii(name)[1:-1][-100:]
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise Rejected(f"{shown} is not a plain file")
    if name.startswith("/") or ".." in parts or not name.isprintable():
        raise Rejected(f"{shown} is not a valid file name")
    if len(parts) > MAX_DEPTH or not (parts or member.isdir()):
        raise Rejected(f"{shown} is {len(parts)} folders deep")
    if not (0 <= member.size <= MAX_BYTES and 0 <= member.mtime < CLOCK):
        raise Rejected(f"{shown} has an impossible size or time")
    return parts


def _folder(target: Path, parts: tuple[str, ...], made: set[Path]) -> Path:
    """The folder, made where missing; ``made`` are those that are known to be no links."""
    for part in parts:
        target /= part
        if target in made:
            continue
        try:
            target.mkdir()
            target.chmod(0o755)
        except FileExistsError:
            if not stat.S_ISDIR(target.lstat().st_mode):
                raise Rejected(f"{_shown(target)} is there already, and is no folder") from None
        made.add(target)
    return target


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path, *, replace: bool) -> None:
    if replace and path.is_file() and not path.is_symlink():
        path.unlink()
    try:
        # O_EXCL rejects a dangling symlink too.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise Rejected(f"{_shown(path)} is there already") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(archive.extractfile(member), file)
            file.flush()
            if os.fstat(descriptor).st_size != member.size:
                raise tarfile.ReadError("it ends too early")
            os.fchmod(descriptor, 0o755 if member.mode & 0o100 else 0o644)
            # Bytecode is matched to its source by mtime.
            os.utime(descriptor, (int(member.mtime),) * 2)
    except BaseException:
        path.unlink()
        raise


def _shown(path: Path) -> str:
    return ascii(str(path))[1:-1][-100:]
