"""The data directories of this server's PostgreSQL: the live one, the one that a restore fills, the one before."""

import ctypes
import json
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent import processes, units
from agent.paths import BACKUP_STATE, CLUSTER_DATA, CLUSTERS, SOCKETS, HostError

# What a restore that has not ended has noted: when it began, and the new directory's inode once it may be the live one.
NOTE = BACKUP_STATE / "restore.json"
BIN = "/usr/lib/postgresql/{}/bin/{}"
# https://man7.org/linux/man-pages/man2/rename.2.html
AT_FDCWD, RENAME_EXCHANGE = -100, 2
SEGMENT_MB = 16
FILES = "select count(*) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$'"
# With nothing in it a switch would do nothing.
ONE_FILE = "perform pg_logical_emit_message(false, 'slipway', ''); perform pg_switch_wal();"
CONTROL = re.compile(r"^(.+?):\s+(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Cluster:
    """A cluster of Debian's; the settings are in ``/etc/postgresql``, so the data directories have none."""

    version: str
    name: str

    @property
    def data(self) -> Path:
        return CLUSTER_DATA / self.version / self.name

    @property
    def beside(self) -> Path:
        """What a restore fills; after the exchange, what was live."""
        return self.data.with_name(f"{self.name}.restore")

    @property
    def before(self) -> Path:
        """What was live before the last restore."""
        return self.data.with_name(f"{self.name}.before")

    @property
    def unit(self) -> str:
        return f"postgresql@{self.version}-{self.name}.service"

    def program(self, name: str) -> str:
        return BIN.format(self.version, name)

    def control(self, directory: Path) -> dict[str, str]:
        """What pg_controldata shows. Raises HostError when there is no cluster."""
        done = as_postgres(self.program("pg_controldata"), str(directory))
        if done.returncode:
            raise HostError(f"{directory} is no database: {done.stderr.strip()}")
        return dict(CONTROL.findall(done.stdout))

    def timeline(self, directory: Path | None = None) -> int:
        """That of the database in ``directory``, by default the live one's; 0 without one."""
        try:
            return int(self.control(directory or self.data)["Latest checkpoint's TimeLineID"])
        except (HostError, OSError):
            return 0

    def is_running(self) -> bool:
        return not as_postgres(self.program("pg_ctl"), "status", "-D", str(self.data)).returncode

    def start(self) -> None:
        """Raises HostError, with systemd's own words, when it does not start."""
        done = processes.run(["systemctl", "start", self.unit])
        if done.returncode:
            raise HostError(f"PostgreSQL does not start ({self.unit}): `make logs UNIT=postgresql` shows why")

    def start_at_once(self) -> None:
        """As `start`; a stop that is under way waits for the archive, and is cut short. Nothing is lost by that."""
        if units.shown([self.unit], "ActiveState")[self.unit]["ActiveState"] != "active":
            # https://www.postgresql.org/docs/current/app-pg-ctl.html (immediate)
            as_postgres(self.program("pg_ctl"), "stop", "-D", str(self.data), "-m", "immediate", "-w", "-t", "10")
        self.start()

    def stop(self) -> None:
        done = processes.run(["systemctl", "stop", self.unit])
        if done.returncode or self.is_running():
            raise HostError(f"PostgreSQL does not stop ({self.unit}); nothing was changed")

    def exchange(self, other: Path) -> None:
        """The live directory and ``other`` get each other's name, at once; PostgreSQL is stopped."""
        libc = ctypes.CDLL(None, use_errno=True)
        paths = (os.fsencode(self.data), os.fsencode(other))
        if libc.renameat2(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_EXCHANGE):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(other))
        sync(self.data.parent)

    def free(self) -> int:
        """Bytes that user postgres may still write."""
        state = os.statvfs(self.data.parent)
        return state.f_bavail * state.f_frsize

    def ask(self, statement: str, socket: Path | None = None) -> str:
        """What psql prints. Raises HostError with PostgreSQL's own words."""
        line = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", str(socket or SOCKETS), "-d", "postgres"]
        done = as_postgres(*line, "-c", statement)
        if done.returncode:
            raise HostError(f"PostgreSQL: {(done.stderr.strip() or 'no answer').splitlines()[-1]}")
        return done.stdout.strip()

    def allocate_wal(self) -> None:
        """Makes the files of WAL that PostgreSQL keeps (min_wal_size), with which it goes on when the disk is full.

        A restored directory has few. The playbook makes those of a new one (ansible/roles/postgresql/tasks/wal.yml).
        """
        wanted = int(self.ask("select setting from pg_settings where name = 'min_wal_size'")) // SEGMENT_MB
        # A switch takes a file that is there already, and was to be the next; then it makes one.
        if int(self.ask(FILES)) < wanted:
            many = f"exit when ({FILES}) >= {wanted}"
            self.ask(f"do $$ begin for each in 1..{2 * wanted} loop {many}; {ONE_FILE} end loop; end $$")
            self.ask("checkpoint")


def here() -> Cluster:
    """This server's cluster. Raises HostError when there is not exactly one that starts at boot."""
    found = [unit.removeprefix("postgresql@").removesuffix(".service") for unit in units.databases()]
    if len(found) != 1:
        what = f"has {len(found)} clusters of PostgreSQL" if found else "has no PostgreSQL: its database is elsewhere"
        raise HostError(f"this server {what}, and a restore needs one; {CLUSTERS} shows them")
    version, _, name = found[0].partition("-")
    return Cluster(version, name)


def note(**values: object) -> None:
    """Adds to what a restore that is interrupted leaves for the next."""
    new = NOTE.with_name(f".{NOTE.name}")
    with new.open("w") as file:
        file.write(json.dumps(noted() | values))
        file.flush()
        os.fsync(file.fileno())
    new.replace(NOTE)
    sync(NOTE.parent)


def noted() -> dict:
    """{} when no restore was interrupted."""
    try:
        return json.loads(NOTE.read_text())
    except (OSError, ValueError):
        return {}


def forget() -> None:
    NOTE.unlink(missing_ok=True)
    sync(NOTE.parent)


def tidy(cluster: Cluster) -> str:
    """Clears what an interrupted restore has left; returns what that was, "" for nothing. PostgreSQL runs afterwards.

    The inode that was noted before an exchange tells on which side of it the power was cut.
    """
    left = noted()
    if not left and not cluster.beside.exists():
        return ""
    line = f"the restore that began at {left['began']}" if left.get("began") else "an earlier restore"
    other = Path(left.get("other") or cluster.beside)
    if cluster.data.stat().st_ino == left.get("new"):
        keep(cluster, other)
        line += f" was interrupted after its exchange: the restored database is live, {cluster.before} is the old one"
    else:
        line += " was interrupted: the database is as it was"
        if other == cluster.beside:
            line += f", and {remove(other) / 1e6:.0f} MB that it had fetched are removed"
    if not cluster.is_running():
        cluster.start()
        line += "; PostgreSQL, which it had stopped, runs again"
    forget()
    return line


def keep(cluster: Cluster, other: Path) -> None:
    """What was live stays as the one before; an older one goes."""
    if other != cluster.before and other.exists():
        remove(cluster.before)
        other.rename(cluster.before)
        sync(cluster.data.parent)


def remove(directory: Path) -> int:
    """Returns how many bytes it had."""
    size = 0
    for path in directory.rglob("*"):
        with suppress(OSError):
            size += path.lstat().st_blocks * 512
    with suppress(FileNotFoundError):
        shutil.rmtree(directory)
    return size


def sync(folder: Path) -> None:
    """A rename in ``folder`` survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def as_postgres(*line: str):
    return processes.run(["runuser", "-u", "postgres", "--", *line], cwd="/", env=os.environ | {"LC_ALL": "C.UTF-8"})
