"""Reads a log while it is written and rotated: by rename, with or without compression, or by truncation."""

import gzip
import io
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Bytes before the place of reading: if they change, the file was emptied, even if it has grown past that place again.
_REMEMBERED = 4096
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Beginning:
    """A place in a file: its line, its offset, and the bytes before it."""

    line: int
    at: int
    before: bytes


class LogFile:
    """One file, read on from where the last reading ended; it stays open when it is renamed or deleted."""

    def __init__(self, path: Path, file: BinaryIO | None = None):
        self.name = path.name
        self._file = file or path.open("rb")
        self._line, self._at, self._before, self._rest = 1, 0, b"", b""

    @property
    def identity(self) -> tuple[int, int]:
        return _identity(os.fstat(self._file.fileno()))

    def skip_all(self) -> None:
        for block in iter(lambda: self._file.read(_BLOCK), b""):
            self._line += block.count(b"\n")
            self._remember(block)

    def skip_as(self, other: "Beginning") -> None:
        """Skips what ``other`` skipped, if this is a copy of it."""
        self._file.seek(other.at - len(other.before))
        if self._file.read(len(other.before)) == other.before:
            self._line, self._at, self._before = other.line, other.at, other.before

    def place(self) -> "Beginning":
        return Beginning(self._line, self._at, self._before)

    def _remember(self, block: bytes) -> None:
        self._at += len(block)
        self._before = (self._before + block)[-_REMEMBERED:]

    def was_emptied(self) -> bool:
        """Whether the file was truncated since the last reading; from then on it is read from its start."""
        self._file.seek(self._at - len(self._before))
        if self._file.read(len(self._before)) == self._before:
            return False
        self._line, self._at, self._before, self._rest = 1, 0, b"", b""
        return True

    def new_lines(self) -> Iterator[tuple[str, str]]:
        """("file:line", text) of each line that was completed since the last reading."""
        self._file.seek(self._at)
        for block in iter(lambda: self._file.read(_BLOCK), b""):
            self._remember(block)
            *complete, self._rest = (self._rest + block).split(b"\n")
            for text in complete:
                yield f"{self.name}:{self._line}", text.decode("utf-8", "replace")
                self._line += 1


_UNREADABLE = {
    FileNotFoundError: "does not exist: name the file that the server writes now",
    IsADirectoryError: "is not a file: name the log file in it",
    PermissionError: "may not be read by this user: run the proof as one of the log's group",
}


class RotatedLog:
    """The lines written to the log at ``path`` from now on, in whichever file they are by then.

    Raises ValueError if the log cannot be read now.
    """

    def __init__(self, path: Path):
        self._path = path
        # The clock of files is coarser than this one.
        self._since = time.time() - 1
        self._compressed: set[Path] = set()
        # What may have been lost, and why.
        self.truncated, self.unreadable, self.gone = "", "", ""
        try:
            # To open a pipe would wait for its writer.
            if path.exists() and not path.is_file():
                raise IsADirectoryError
            self._files = [LogFile(path)]
            self._files[0].skip_all()
        except OSError as error:
            why = next((why for kind, why in _UNREADABLE.items() if isinstance(error, kind)), error.strerror)
            raise ValueError(f"--origin-log {path} {why}; without a log leave the argument out") from None
        self._beginning = self._files[0].place()

    def new_lines(self) -> Iterator[tuple[str, str]]:
        """("file:line", text) of each line since the last call."""
        self._open_new_files()
        for file in self._files:
            if file.was_emptied():
                self.truncated = f"{file.name} was truncated"
            yield from file.new_lines()
        yield from self._compressed_lines()

    def _open_new_files(self) -> None:
        """After a rotation: the new file, and any between that one and the last."""
        known = {file.identity for file in self._files}
        self.gone = "" if self._path.exists() else f"{self._path.name} was deleted"
        for path in (*self._rotated(), self._path):
            try:
                if path.suffix != ".gz" and _identity(path.stat()) not in known:
                    self._files.append(LogFile(path))
                    self._files[-1].skip_as(self._beginning)
                    known.add(self._files[-1].identity)
            except FileNotFoundError:
                continue  # the one that is open is read on
            except OSError as error:
                self.unreadable = f"{path.name} cannot be read: {error.strerror}"

    def _rotated(self) -> list[Path]:
        """Files that the log was renamed to since the beginning; older ones were not written to."""
        found = []
        for path in self._path.parent.iterdir():
            if path.name.startswith(self._path.name) and path != self._path:
                with suppress(OSError):
                    found.append((path.stat().st_mtime, path))
        return [path for changed, path in sorted(found) if changed >= self._since]

    def _compressed_lines(self) -> Iterator[tuple[str, str]]:
        """Lines of files that were compressed meanwhile. Those of a file that was open are in it twice."""
        for path in self._rotated():
            if path.suffix == ".gz" and path not in self._compressed:
                try:
                    file = LogFile(path, io.BytesIO(gzip.decompress(path.read_bytes())))
                except (OSError, EOFError):
                    continue  # not complete yet
                self._compressed.add(path)
                file.skip_as(self._beginning)
                yield from file.new_lines()


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
