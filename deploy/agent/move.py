"""What a move asks of both servers, and how a dump arrives on the new one. The wall is in wall.py, a copy that follows
the old server's WAL in follow.py."""

import gzip
import http.client
import json
import os
import ssl
import subprocess
import sys
import tarfile

from agent import cluster as clusters
from agent import (
    follow,
    forward,
    generation,
    locks,
    moving,
    processes,
    psql,
    record,
    releases,
    restore,
    units,
    wall,
    workers,
)
from agent.archive import FAILED as ARCHIVE_FAILED
from agent.paths import AUTHORITIES, CLUSTERS, LAYOUT, NGINX_LOGS, RELEASES, HostError, backup_settings, settings

REACH_SECONDS = 5
# What of nginx's log is read for a request of a moment ago, bytes.
LOG_TAIL = 1 << 20
CERTIFICATE = LAYOUT["certificate_renewal"]
# Its commits wait for no disk: a load that is cut off is begun again.
LOADING = "-c synchronous_commit=off"
DUMP = ("--format=custom", "--compress=1")
# As the playbook makes it (roles/postgresql/tasks/database.yml).
CREATE = (
    "CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
)


def plan() -> dict:
    """What a move must know: ``move``, ``release`` with its ``lock``, ``postgresql`` (its major version, "" where the
    database is elsewhere), ``size`` of the database in bytes, ``certificate`` (why it is due, or ""). Of its WAL in the
    bucket ``generation`` and ``timeline``; "" and 0 where that is of no use, and ``unarchived`` says why.
    """
    serving = releases.current()
    known = releases.metadata(serving) if serving else {}
    (major,) = {path.parts[-3] for path in CLUSTERS.glob("*/*/start.conf")} or [""]
    state = moving.state()
    stopped = state.get("state") == "moved"
    size = _ask("SELECT pg_database_size(current_database())") if major and not stopped else "0"
    due = processes.run([CERTIFICATE, "check"]) if settings()["tls"] and not stopped else None
    return {
        "move": state,
        "nginx": forward.state(),
        "release": serving,
        "lock": known.get("lock", ""),
        "postgresql": major,
        "size": int(size),
        "certificate": (due.stdout.strip() or (due.stderr.strip() if due.returncode else "")) if due else "",
        **_archived(bool(major) and not stopped),
    }


def _archived(runs: bool) -> dict:
    """From where another server can make the database of its backup and its WAL."""
    why, held = "", (generation.held() or {}).get("generation", "")
    if not runs or record.kind() != record.WAL:
        why = "this site has no backups by WAL"
    elif not record.last().get("full") or record.last().get("generation") != held:
        why = "it has no full backup yet"
    elif record.missing():
        why = f"WAL is missing in its backups: {record.missing()['reason']}"
    elif record.archive_error():
        why = f"its WAL does not reach the bucket: {record.archive_error()['error']}"
    timeline = 0 if why else clusters.here().timeline()
    return {"generation": "" if why else held, "timeline": timeline, "unarchived": why}


def mark() -> str:
    """Where the WAL ends that is in the bucket now, all that was written before among it."""
    cluster = clusters.here()
    # The shutdown behind the wall has little to write after it.
    cluster.ask("checkpoint")
    return restore.archive_all(cluster)


def send_release() -> None:
    """Writes the code of the release that serves, as it was received, to stdout: a tar.gz, of the same bytes each time,
    by which a server knows that it has it already."""
    folder = RELEASES / releases.current()
    with (
        gzip.GzipFile("", "wb", fileobj=sys.stdout.buffer, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|") as archive,
    ):
        for top in sorted(folder.iterdir()):
            if not top.is_symlink():
                archive.add(top, top.name, filter=_without_bytecode)


def _without_bytecode(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in member.name.split("/") else member


def reach(token: str, *addresses: str) -> dict[str, str]:
    """For each address why the new server is not reached there by TLS and the site's name; "" where it is. ``token``
    and the address's number are in the path that is asked for: that server's log shows who asked."""
    return {address: _fault(address, f"/slipway-move-{token}-{number}") for number, address in enumerate(addresses)}


def _fault(address: str, path: str) -> str:
    data = settings()
    context = ssl.create_default_context(cafile=str(AUTHORITIES)) if data["tls"] else None
    connection = _Named(address, data["site_host"], context)
    try:
        connection.request("GET", path, headers={"Host": data["site_host"], "User-Agent": "slipway-move"})
        connection.getresponse().read(1)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return ""


class _Named(http.client.HTTPConnection):
    """An address that has to show a certificate of ``name``."""

    def __init__(self, address: str, name: str, context: ssl.SSLContext | None) -> None:
        super().__init__(address, forward.PORTS["https" if context else "http"], timeout=REACH_SECONDS)
        self._name, self._context = name, context

    def connect(self) -> None:
        super().connect()
        if self._context:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self._name)


def seen(token: str) -> dict[str, str]:
    """By the number of the address that was asked, the client's own address, as nginx here saw it."""
    with (NGINX_LOGS / "access.log").open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL))
        lines = log.read().decode("utf-8", "replace").splitlines()
    found = [json.loads(line) for line in lines if f"/slipway-move-{token}-" in line]
    return {each["uri"].rpartition("-")[2]: each["client"] for each in found}


def dump() -> None:
    """Becomes pg_dump of the site's database, to stdout."""
    line = psql.line("postgres", *DUMP, LAYOUT["database"], program="pg_dump")
    os.chdir("/")
    os.execvpe(line[0], line, psql.environment())


def load() -> str:
    """Makes the site's database anew from a dump on stdin; the site is stopped here. Raises HostError; what is there
    then is no database, and the next load makes it anew."""
    moving.require("arriving")
    moving.write(**moving.state() | {"how": "dump"})
    wall.stop_site()
    name, owner = LAYOUT["database"], LAYOUT["site_user"]
    with psql.Session("postgres", database="postgres") as session:
        session.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        session.ask(CREATE.format(name=name, owner=owner))
    _postgres("pg_restore", "--exit-on-error", f"--dbname={name}")
    _ask("CHECKPOINT")
    return f"{int(_ask('SELECT pg_database_size(current_database())')) / 1e6:.0f} MB"


def _ask(statement: str) -> str:
    with psql.Session("postgres") as session:
        return session.ask(statement)


def _postgres(program: str, *arguments: str) -> None:
    """A client program of PostgreSQL's, as its superuser; it reads this command's stdin."""
    line, environment = psql.line("postgres", *arguments, program=program), psql.environment(LOADING)
    done = subprocess.run(line, cwd="/", env=environment, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise HostError(f"{program}: {' '.join(done.stderr.decode('utf-8', 'replace').split())[-300:]}")


def arrive(*addresses: str) -> str:
    """The site serves here from now on; the old server has these ``addresses``, which DNS names for a while."""
    now = moving.state()
    if now.get("state") != "arrived":
        moving.require("arriving")
        if now.get("how") == "wal" and not generation.held():
            # Its timeline goes on in a place of its own.
            generation.take(backup_settings(), "its data is another generation's", now["generation"])
        moving.write(**now | {"state": "arrived", "addresses": addresses, "at": releases.now()})
    workers.start()
    if now.get("how") == "dump":
        # A load leaves no statistics.
        _postgres("vacuumdb", "--analyze-only", "--quiet", LAYOUT["database"])
    if units.databases():
        follow.clear()
        # Until now nothing was to be archived here.
        ARCHIVE_FAILED.unlink(missing_ok=True)
        processes.run(["systemctl", "start", "--no-block", LAYOUT["backup_unit"]])
    return "arrived"


def end() -> str:
    """Trusts the old server no more; returns its addresses."""
    moving.require("arrived")
    forward.clear()
    addresses = ", ".join(moving.state()["addresses"])
    moving.forget()
    return addresses


def trust(address: str) -> str:
    moving.require("arriving")
    forward.trust(address)
    return address


def back() -> str:
    """What a timer of the old server runs, without a lock: the command that had it is gone."""
    with locks.step("move back"):
        return wall.back()


# Those that need no deploy lock, and those that do.
READS = {"plan": plan, "release": send_release, "reach": reach, "seen": seen, "dump": dump, "back": back}
CHANGES = {
    "mark": mark,
    "wall": wall.wall,
    "load": load,
    "follow": follow.follow,
    "trust": trust,
    "arrive": arrive,
    "end": end,
}
