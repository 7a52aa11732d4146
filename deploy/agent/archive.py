"""Archives one WAL file, for PostgreSQL at the other end of a socket: its name comes in, ``ok`` or an error goes out.

systemd starts it for each connection, as PostgreSQL's user and with the network that PostgreSQL has not.
"""

import json
import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from agent import generation, moving
from agent.paths import BACKUP_STATE, HostError, backup_settings

# A segment, the last one of a timeline, where a backup began, a timeline's history:
# https://www.postgresql.org/docs/current/continuous-archiving.html
NAME = re.compile(r"[0-9A-F]{24}(\.partial|\.[0-9A-F]{8}\.backup)?|[0-9A-F]{8}\.history")
# Why the last file was not archived; JSON with ``since`` (of the first failure), ``file`` and ``error``.
FAILED = BACKUP_STATE / "archive-error"
OK = "ok"
CONNECT = 3  # s
SEGMENT_MB, SEGMENT_NAME = 16, 24
# What PostgreSQL's own 16 WAL files take: it goes on in them, and in the reserve, until these here are reused.
LOW_MB = 256
# How pgBackRest says that this place in the bucket is another cluster's, or is no more what it was: by its exit status,
# or as the reason, in a line of its own, why it found no valid repository.
# https://github.com/pgbackrest/pgbackrest/blob/main/src/build/error/error.yaml
OTHER_BYTES = 45
NOT_OURS = {
    "ArchiveMismatchError": "the archive is another cluster's",
    "FileMissingError": "the archive lost its description",
    "CryptoError": "the archive has another passphrase, or its description was overwritten",
    "FormatError": "the archive's description was overwritten",
    "ChecksumError": "the archive's description was overwritten",
}
REASON = re.compile(r"^\s*repo1: \[(\w+)\]", re.MULTILINE)


def main() -> int:
    name = sys.stdin.buffer.readline(100).decode("ascii", "replace").strip()
    try:
        archive(name)
        answer = OK
        FAILED.unlink(missing_ok=True)
    except (HostError, OSError) as error:
        answer = " ".join(str(error).split())
        _note(name, answer)
    # Who asked may have gone away.
    try:
        print(answer, flush=True)
    except OSError:
        return 1
    return 0


def archive(name: str) -> None:
    """Raises HostError when the file is not in the archive afterwards."""
    if not NAME.fullmatch(name):
        raise HostError("no name of a WAL file")
    settings = backup_settings()
    path = Path(settings["pg1-path"]) / "pg_wal" / name
    if path.is_symlink() or not path.is_file():
        raise HostError(f"{path}: no such file")
    if moving.state().get("state") == "arriving":
        # What is there is not the site's database yet: it must not look like the newest.
        raise HostError("a site moves to this server, and has not arrived")
    if generation.awaits_data(settings):
        # A generation of an empty database would stay in the bucket beside the one of the restore that follows.
        return
    if why := _no_room(settings, path.parent):
        # PostgreSQL keeps what is not archived, and stops on a full disk.
        generation.mark_full_due(f"{name} was not archived: {why}")
        return
    _connect(settings)
    mine = generation.checked(settings)
    done = generation.pgbackrest(mine, "archive-push", str(path))
    if done.returncode and (why := _not_ours(done.returncode, done.stderr)):
        # Never overwritten, and never a stop: PostgreSQL would keep its WAL until the disk is full.
        mine = generation.take(settings, why)
        done = generation.pgbackrest(mine, "archive-push", str(path))
    if done.returncode:
        raise HostError(generation.cause(settings, done.stderr))
    if "dropped WAL file" in done.stderr:
        generation.mark_full_due(f"{name} was not archived: too much waited for the bucket")


def _connect(settings: Mapping[str, str]) -> None:
    """Raises HostError when nothing answers: pgBackRest tries for a minute, and PostgreSQL, three times as it stops."""
    host = settings["repo1-s3-endpoint"]
    if settings["repo1-s3-uri-style"] == "host":
        host = f"{settings['repo1-s3-bucket']}.{host}"
    try:
        socket.create_connection((host, int(settings["repo1-storage-port"])), 1 if FAILED.exists() else CONNECT).close()
    except OSError as error:
        raise HostError(f"{host} cannot be reached: {error.strerror or error}") from None


def _not_ours(status: int, stderr: str) -> str:
    """Why this place must be left; "" where it need not."""
    if status == OTHER_BYTES:
        return "the archive has other bytes of that name"
    reason = REASON.search(stderr)
    return NOT_OURS.get(reason[1], "") if reason else ""


def _no_room(settings: Mapping[str, str], wal: Path) -> str:
    """Why this file has to be left out, so that PostgreSQL can reuse it; "" where it has not.

    pgBackRest has the first rule too, but not before the generation is checked, which a bucket that is away prevents.
    """
    waiting = sum(len(path.stem) == SEGMENT_NAME for path in (wal / "archive_status").glob("*.ready")) * SEGMENT_MB
    most = int(settings["archive-push-queue-max"].removesuffix("MB"))
    if waiting > most:
        return f"{waiting} MB waited for the bucket, and {most} may"
    space = os.statvfs(wal)
    left = space.f_bavail * space.f_frsize >> 20
    if left < LOW_MB and FAILED.exists():
        return f"the bucket was away, and {left} MB were left on the disk"
    return ""


def _note(name: str, error: str) -> None:
    try:
        since = json.loads(FAILED.read_text())["since"]
    except (OSError, ValueError, KeyError):
        since = generation.now()
    try:
        generation.write(FAILED, {"since": since, "file": name, "error": error})
    except OSError:
        # On a full disk PostgreSQL's log has it.
        print(error, file=sys.stderr)
