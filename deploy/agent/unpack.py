"""Reads an archive as root: it makes new files and folders below one folder, and follows nothing that it is told.

The standard library's own filters are not there on Debian 12, keep links, and write through one that lies there.
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

LARGEST = 2 << 30  # bytes, unpacked: four times what a site with NumPy, pandas and Pillow has
MOST = 100_000  # files and folders; wagtail and oscar together have 11,000
DEEPEST = 64
# What must be free afterwards, so that PostgreSQL can write on.
SPARE = 200 << 20
BLOCK = 4096
# A header may claim any length, and would be read whole; a member may have any number of them.
AT_ONCE = 1 << 17
CLOCK = 1 << 32  # s; what bytecode has room for

# What an archive raises that arrived cut off or with other bytes.
BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, RecursionError, ValueError)


class Rejected(Exception):
    """What an archive holds that no release and no package has, in a few words."""


@contextmanager
def opened(packed: IO[bytes] | Path) -> Iterator[tarfile.TarFile]:
    """A tar in a file, or a tar.gz by its path."""
    with (
        gzip.open(packed) if isinstance(packed, Path) else packed as file,
        _Archive.open(fileobj=_Modest(file), mode="r:") as archive,
    ):
        yield archive


class _Archive(tarfile.TarFile):
    """Forgets each member, with its headers, once the next one is asked for."""

    def next(self) -> tarfile.TarInfo | None:
        self.members.clear()
        self.pax_headers.clear()
        self.fileobj.anew()
        return super().next()


class _Modest:
    """A file of which nobody takes much at once: all headers of a member, or a piece of what it holds."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.tell = file, file.tell

    def anew(self) -> None:
        self._left = AT_ONCE

    def seek(self, to: int) -> int:
        # Each piece is sought first, and no header is.
        self.anew()
        return self._file.seek(to)

    def read(self, size: int = -1) -> bytes:
        self._left -= size
        if size < 0 or self._left < 0:
            raise tarfile.ReadError("a header is too long")
        return self._file.read(size)


def unpack(archive: tarfile.TarFile, target: Path, *, over: str = "") -> None:
    """Root's files, which everybody reads and nobody else writes. ``over``: a pattern of the only names to take, and a
    plain file that is there gives way to them.

    Raises Rejected for a member that is no plain file or folder, whose name leads out of ``target`` or through a link,
    that is there already, or that is too much; one of BROKEN; OSError when the disk is full.
    """
    room = shutil.disk_usage(target).free - SPARE
    taken, made = 0, {target}
    for number, member in enumerate(archive):
        parts = _parts(member)
        if over and not PurePosixPath(*parts).match(over):
            raise Rejected(f"{_told(Path(*parts))} is not what was asked for")
        taken += max(member.size, BLOCK)
        if max(taken, member.offset_data) > LARGEST or number >= MOST:
            raise Rejected(f"more than {LARGEST >> 20} MB or {MOST} files")
        if taken > room:
            left = f"{max(room, 0) >> 20} MB), {SPARE >> 20} MB left free"
            raise Rejected(f"it needs more room than the disk has ({left}")
        folder = _folder(target, parts if member.isdir() else parts[:-1], made)
        if member.isfile():
            _write(archive, member, folder / parts[-1], over=bool(over))


def _parts(member: tarfile.TarInfo) -> tuple[str, ...]:
    name, parts = member.name, PurePosixPath(member.name).parts
    told = ascii(name)[1:-1][-100:]
    if not (member.isfile() or member.isdir()) or member.issparse():
        raise Rejected(f"{told} is no plain file")
    if name.startswith("/") or ".." in parts or not name.isprintable():
        raise Rejected(f"{told} is no name of a file in it")
    if len(parts) > DEEPEST or not (parts or member.isdir()):
        raise Rejected(f"{told} lies {len(parts)} folders deep")
    if not (0 <= member.size <= LARGEST and 0 <= member.mtime < CLOCK):
        raise Rejected(f"{told} is of no possible size or time")
    return parts


def _folder(target: Path, parts: tuple[str, ...], made: set[Path]) -> Path:
    """The folder, made as far as it was missing; ``made`` are those that are known to be no links."""
    for part in parts:
        target /= part
        if target in made:
            continue
        try:
            target.mkdir()
            target.chmod(0o755)
        except FileExistsError:
            if not stat.S_ISDIR(target.lstat().st_mode):
                raise Rejected(f"{_told(target)} is there already, and is no folder") from None
        made.add(target)
    return target


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path, *, over: bool) -> None:
    if over and path.is_file() and not path.is_symlink():
        path.unlink()
    try:
        # Exclusive: not even a link that leads nowhere is there.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise Rejected(f"{_told(path)} is there already") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(archive.extractfile(member), file)
            file.flush()
            if os.fstat(descriptor).st_size != member.size:
                raise tarfile.ReadError("it ends too early")
            os.fchmod(descriptor, 0o755 if member.mode & 0o100 else 0o644)
            # Bytecode is looked up by it.
            os.utime(descriptor, (int(member.mtime),) * 2)
    except BaseException:
        path.unlink()
        raise


def _told(path: Path) -> str:
    return ascii(str(path))[1:-1][-100:]
