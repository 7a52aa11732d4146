"""A dump of the server's database as a local file, and back. Both are streamed: neither machine keeps a copy."""

import os
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from slipway.tool.server import lock
from slipway.tool.server.connection import SSH_FAILED, Connection, Unreachable
from slipway.web.errors import SlipwayError

# How a dump of pg_dump's custom format begins.
MAGIC = b"PGDMP"
BLOCK = 1 << 18
# From one line of progress to the next, bytes.
STEP = 10_000_000


def dump(connection: Connection, file: Path, without: Sequence[str] = ()) -> int:
    """Writes a dump to ``file``, for its owner alone, without the rows of the tables ``without``; returns its bytes.

    The name is there once the dump is whole. Raises SlipwayError.
    """
    if not file.parent.is_dir():
        raise SlipwayError(f"{file}: there is no folder {file.parent}")
    line = shlex.join(["slipway", "db", "dump", *(f"--without={name}" for name in without)])
    # mkstemp makes it 0600.
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".partial", dir=file.parent)
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as target:
            size = _receive(connection, line, target)
        if not size:
            raise SlipwayError("the server sent an empty dump")
        partial.replace(file)
    except OSError as error:
        raise SlipwayError(f"{file}: {error.strerror}; no dump was written") from None
    finally:
        partial.unlink(missing_ok=True)
    return size


def _receive(connection: Connection, line: str, target) -> int:
    said: list[bytes] = []
    with subprocess.Popen(
        connection.command(line, alone=True),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        reader = threading.Thread(target=lambda: said.append(process.stderr.read()))
        reader.start()
        size = told = 0
        while block := process.stdout.read(BLOCK):
            target.write(block)
            size += len(block)
            if size - told >= STEP:
                told = size
                print(f"    {size / 1e6:.0f} MB", flush=True)
        reader.join()
    if process.returncode:
        lines = said[0].decode("utf-8", "replace").strip().splitlines() or ["no output"]
        if process.returncode == SSH_FAILED:
            raise Unreachable(f"{connection.unreachable(lines[-1])}; no dump was written")
        raise SlipwayError(f"{lines[-1].removeprefix('slipway: ')}; no dump was written")
    return size


def check(file: Path) -> None:
    """Raises SlipwayError when ``file`` is no dump that `load` takes."""
    try:
        with file.open("rb") as source:
            beginning = source.read(len(MAGIC))
    except OSError as error:
        raise SlipwayError(f"{file}: {error.strerror}") from None
    if beginning != MAGIC:
        raise SlipwayError(
            f"{file}: is no dump of pg_dump's custom format; make one by `make db COMMAND=dump`, or `pg_dump -Fc`"
        )


def load(connection: Connection, file: Path) -> str:
    """Replaces the server's database by ``file``; what was done, in a line. Raises SlipwayError."""
    check(file)
    with lock.held(connection), file.open("rb") as source:
        return connection.agent("db", "load", stdin=source)
