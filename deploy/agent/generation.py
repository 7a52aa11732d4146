"""The generation: the place in the bucket that this server's database is archived to, and no other server's.

A restored copy has the PostgreSQL system identifier of its original, so pgBackRest alone would let two servers write
into one place. So the bucket has a claim of each, made once by a conditional write. ``generations/0001.json`` has
``generation``, ``machine``, ``host``, ``processor`` (x86_64), ``since`` (UTC), ``postgresql`` (major version),
``system`` (PostgreSQL's system identifier), ``why`` it was taken and ``restored_from`` (a generation, or null).

generation.json on the server has ``generation`` and ``machine``, ``system``, ``started`` (PostgreSQL's process and its
start, for which the claim was checked), ``ready`` (pgBackRest's stanza is made) and ``restored_from``.
"""

import functools
import hashlib
import json
import os
import re
import struct
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from agent.paths import BACKUP_SETTINGS, BACKUP_STATE, LAYOUT, PREFIX, SOCKETS, HostError

if TYPE_CHECKING:
    from agent.s3 import Bucket

HELD = BACKUP_STATE / "generation.json"
# A full backup is due; JSON with ``reason``, ``since`` and ``last`` (UTC). Who makes one removes it, unless it has
# changed meanwhile.
FULL_DUE = BACKUP_STATE / "full-due"
STANZA = "site"
TIMEOUT = 60  # s, for pgBackRest's shorter commands
# Debian's wrapper of that name is Perl.
PSQL = "/usr/lib/postgresql/{}/bin/psql"
TABLES = "select count(*) from pg_catalog.pg_stat_user_tables"


@functools.cache
def machine() -> str:
    """What tells this machine from its copies: a digest, since the machine's id itself is confidential.

    A cloned disk has the same machine-id; the hypervisor gives the clone another product_uuid, which root alone can
    read, so systemd passes it to a service of another user.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY", f"{PREFIX}/sys/class/dmi/id")
    ids = [_text(Path(f"{PREFIX}/etc/machine-id")), _text(Path(folder) / "product_uuid") or "none"]
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:32]


def held() -> dict | None:
    """What generation.json has; None before the first."""
    text = _text(HELD)
    return json.loads(text) if text else None


def awaits_data(settings: Mapping[str, str]) -> bool:
    """Whether this server holds none, and its database has no table yet: a release or a restore is about to fill it.

    The first full backup has what comes before it. A database that does not answer is taken for one with data.
    """
    if held():
        return False
    psql = PSQL.format(_text(Path(settings["pg1-path"]) / "PG_VERSION"))
    line = [psql, "-XAtq", "-h", str(SOCKETS), "-c", TABLES, LAYOUT["database"]]
    # Peer login: the user is the role.
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    user = "postgres" if os.geteuid() == 0 else None
    try:
        done = subprocess.run(line, **pipes, timeout=TIMEOUT, check=False, cwd="/", user=user)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == b"0"


def checked(settings: Mapping[str, str]) -> str:
    """The generation to archive into. The bucket is asked once for each start of PostgreSQL, else this machine alone.

    Raises HostError when the bucket cannot be asked.
    """
    data, has = Path(settings["pg1-path"]), held()
    if not has:
        return take(settings, "the first of this server")
    if has["machine"] != machine():
        return take(settings, "another machine holds the generation of this copy")
    if has["system"] != system(data):
        return take(settings, "another database cluster")
    if has["started"] != started(data):
        claim = _bucket(settings).get(_key(has["generation"]))
        if not claim or json.loads(claim)["machine"] != has["machine"]:
            return take(settings, "the claim in the bucket is gone" if not claim else "another machine has the claim")
        has |= {"started": started(data)}
        write(HELD, has)
    return has["generation"] if has["ready"] else _prepare(settings, has)


def take(settings: Mapping[str, str], why: str, restored_from: str | None = None) -> str:
    """Claims the next generation in the bucket for this server, and marks a full backup as due. Raises HostError."""
    data, bucket = Path(settings["pg1-path"]), _bucket(settings)
    # `database/` too: a claim that was destroyed must not free its place.
    names = [*bucket.keys("generations/"), *bucket.folders("database/")]
    claim = {
        "machine": machine(),
        "host": os.uname().nodename,
        "processor": os.uname().machine,
        "since": now(),
        "postgresql": _text(data / "PG_VERSION"),
        "system": system(data),
        "why": why,
        "restored_from": restored_from,
    }
    number = max([0, *map(_number, names)]) + 1
    while True:
        name = f"{number:04}"
        body = json.dumps({"generation": name, **claim}).encode()
        # Read again: some S3 servers ignore the condition.
        if bucket.put(_key(name), body, new=True) and bucket.get(_key(name)) == body:
            break
        number += 1
    has = {"generation": name, "machine": claim["machine"], "system": claim["system"]}
    has |= {"started": started(data), "ready": False, "restored_from": restored_from}
    write(HELD, has)
    mark_full_due(why)
    return _prepare(settings, has)


def _prepare(settings: Mapping[str, str], has: dict) -> str:
    # Offline: it reads the cluster's control file, and needs no connection.
    done = pgbackrest(has["generation"], "stanza-create", "--no-online")
    if done.returncode:
        raise HostError(cause(settings, done.stderr))
    write(HELD, has | {"ready": True})
    return has["generation"]


def mark_full_due(reason: str) -> None:
    before = json.loads(_text(FULL_DUE) or "{}")
    write(FULL_DUE, {"reason": before.get("reason", reason), "since": before.get("since", now()), "last": now()})


def command(generation: str, *arguments: str) -> list[str]:
    """pgBackRest's command line for a generation, or for a path below ``database/``."""
    options = (f"--config={BACKUP_SETTINGS}", f"--stanza={STANZA}", f"--repo1-path=/database/{generation}")
    return ["pgbackrest", *options, *arguments]


def pgbackrest(generation: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it as PostgreSQL's user, whoever calls: a lock that root has made would end all archiving."""
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        return subprocess.run(
            command(generation, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            check=False,
            cwd="/",
            **user,
        )
    except subprocess.TimeoutExpired:
        raise HostError(f"pgbackrest {arguments[0]} took more than {TIMEOUT} s") from None


def cause(settings: Mapping[str, str], stderr: str) -> str:
    """Why pgBackRest failed, in one line: what the bucket itself answers, where that is an error, is clearer."""
    try:
        _bucket(settings).get("generations/0001.json")
    except HostError as error:
        return str(error)
    return f"pgbackrest: {first_error(stderr)}"


def first_error(text: str) -> str:
    """The first error that pgBackRest wrote, in one line: after a colon at its end the reason is in the next line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["it wrote nothing"]
    at = next((number for number, line in enumerate(lines) if "ERROR: " in line), 0)
    error = lines[at].rpartition("ERROR: ")[2]
    for line in lines[at + 1 :]:
        if not error.endswith(":"):
            break
        error = f"{error} {line}"
    return error


def system(data: Path) -> str:
    """PostgreSQL's system identifier: the first eight bytes of its control file."""
    with (data / "global" / "pg_control").open("rb") as file:
        return str(struct.unpack("=Q", file.read(8))[0])


def started(data: Path) -> str:
    """PostgreSQL's first process and when it started; "" while it does not run."""
    # https://www.postgresql.org/docs/current/storage-file-layout.html (postmaster.pid)
    lines = _text(data / "postmaster.pid").splitlines()
    return " ".join((lines[0], lines[2])) if len(lines) > 2 else ""


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def write(path: Path, value: dict) -> None:
    """Replaces a file of the backups' state, which postgres owns and root writes too."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    # Exclusively: root follows no link there.
    with partial.open("x") as file:
        json.dump(value, file, indent=2)
        file.flush()
        os.fchmod(file.fileno(), 0o644)
        os.fsync(file.fileno())
    partial.replace(path)


def _bucket(settings: Mapping[str, str]) -> "Bucket":
    # A WAL file is archived each 30 s, and seldom needs it: TLS takes 5 MB.
    from agent.s3 import Bucket

    return Bucket(settings)


def _key(generation: str) -> str:
    return f"generations/{generation}.json"


def _number(name: str) -> int:
    """Of ``generations/0001.json``, and of ``0001`` and ``0001-at-20261201T101459Z``, a copy of it."""
    digits = re.match(r"[0-9]*", name.removeprefix("generations/"))
    return int(digits[0] or 0)


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
