"""Archives one WAL file, for PostgreSQL at the other end of a socket: its name comes in, ``ok`` or an error goes out.

systemd starts it for each connection, as PostgreSQL's user and with the network that PostgreSQL has not.
"""

import json
import re
import sys
from pathlib import Path

from agent import generation, wall
from agent.paths import BACKUP_STATE, HostError, backup_settings

# A segment, the last one of a timeline, where a backup began, a timeline's history:
# https://www.postgresql.org/docs/current/continuous-archiving.html
NAME = re.compile(r"[0-9A-F]{24}(\.partial|\.[0-9A-F]{8}\.backup)?|[0-9A-F]{8}\.history")
# Why the last file was not archived; JSON with ``since`` (of the first failure), ``file`` and ``error``.
FAILED = BACKUP_STATE / "archive-error"
OK = "ok"
# What pgBackRest ends with when this place in the bucket is another cluster's, or is no more what it was.
# https://github.com/pgbackrest/pgbackrest/blob/main/src/build/error/error.yaml
NOT_OURS = {
    44: "the archive is another cluster's",
    45: "the archive has other bytes of that name",
    55: "the archive lost its description",
    95: "the archive has another passphrase",
}


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
    if wall.state().get("state") == "arriving":
        # What is there is not the site's database yet: it must not look like the newest.
        raise HostError("a site moves to this server, and has not arrived")
    mine = generation.checked(settings)
    done = generation.pgbackrest(mine, "archive-push", str(path))
    if done.returncode in NOT_OURS:
        # Never overwritten, and never a stop: PostgreSQL would keep its WAL until the disk is full.
        mine = generation.take(settings, NOT_OURS[done.returncode])
        done = generation.pgbackrest(mine, "archive-push", str(path))
    if done.returncode:
        raise HostError(generation.cause(settings, done.stderr))
    # So much waits that pgBackRest left it out.
    if "dropped WAL file" in done.stderr:
        generation.mark_full_due(f"{name} and what followed it were not archived: the bucket was away for too long")


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
