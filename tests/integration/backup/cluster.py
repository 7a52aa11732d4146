"""PostgreSQL clusters as Debian's package lays them out, below a folder of the test's own."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from rehearsal.processes import Processes
from slipway.tool.server.layout import LAYOUT

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"))
VERSION = BIN.parent.name
PORT = 5432
SETTINGS = """\
data_directory = '{data}'
hba_file = '{conf}/pg_hba.conf'
external_pid_file = '{run}/{version}-main.pid'
unix_socket_directories = '{run}'
listen_addresses = ''
port = {port}
fsync = off
max_connections = 30
min_wal_size = 96MB
shared_buffers = 16MB
"""
ARCHIVE = """\
#!/bin/sh
generation=$(sed -n 's/.*"generation": "\\([^"]*\\)".*/\\1/p' {state}/generation.json)
exec pgbackrest --config={config} --stanza=site --repo1-path=/database/$generation archive-push "$1"
"""


class Cluster:
    """The cluster `main` of a server whose root is ``top``, run by user postgres; ``start`` it first.

    An agent with SLIPWAY_PREFIX=``top`` finds it where it is on a server. The superuser is postgres, and its socket is
    in ``run``. The path of ``top`` is short: a socket's name has 107 bytes.
    """

    def __init__(self, top: Path, processes: Processes, name: str = "postgres") -> None:
        self.top, self.processes, self.name = top, processes, name
        self.conf = Path(f"{top}{LAYOUT.postgresql_conf}") / VERSION / "main"
        self.data = Path(f"{top}{LAYOUT.postgresql_data}") / VERSION / "main"
        self.run = Path(f"{top}{LAYOUT.postgresql_run}")
        self.running: subprocess.Popen[bytes] | None = None
        self._user = as_postgres()
        for folder in (self.conf, self.data.parent, self.run):
            folder.mkdir(parents=True, exist_ok=True)
            _give(folder)
        (self.conf / "pg_hba.conf").write_text("local all all trust\n")
        (self.conf / "start.conf").write_text("auto\n")
        self.configure()

    def configure(self, **settings: str) -> None:
        """Writes postgresql.conf, with ``settings`` after those of a test; a running cluster reads it at its start."""
        places = {"data": self.data, "conf": self.conf, "run": self.run, "version": VERSION, "port": PORT}
        more = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        (self.conf / "postgresql.conf").write_text(SETTINGS.format(**places) + more)

    def make(self, like: "Cluster | None" = None) -> None:
        """An empty cluster with checksums; with ``like``, a copy of a stopped one."""
        if like:
            subprocess.run(["cp", "-a", like.data, self.data], check=True)
            return
        line = [BIN / "initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--no-sync", "--data-checksums"]
        subprocess.run([*line, "--locale=C.UTF-8"], check=True, capture_output=True, cwd="/", **self._user)

    def start(self) -> None:
        line = [BIN / "postgres", "-D", self.data, "-c", f"config_file={self.conf}/postgresql.conf"]
        self.running = self.processes.start(
            self.name, line, env=os.environ, cwd=Path("/"), ready=[self.run / f".s.PGSQL.{PORT}"], **self._user
        )
        # Its socket accepts before it does: until then it says that it is starting up.
        until(lambda: not subprocess.run([BIN / "pg_isready", "-q", "-h", self.run], check=False).returncode)

    def stop(self) -> None:
        """Fast: it does not wait for its clients, and archives what it has written."""
        self.running.send_signal(2)
        self.running.wait(60)
        self.processes.stop(self.running)

    def restart(self) -> None:
        self.stop()
        self.start()

    def sql(self, text: str, database: str = "postgres", host: Path | None = None) -> str:
        """What psql prints, unaligned and without headers. ``host``: the socket's folder of another one, which lets
        postgres in alone."""
        line = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", host or self.run, "-U", "postgres", "-d", database]
        user = {"cwd": "/", **self._user} if host else {}
        return subprocess.run([*line, "-c", text], check=True, capture_output=True, text=True, **user).stdout.strip()


class Backups:
    """pgBackRest with its settings in ``config``, the stanza `site`, and the bucket that it writes to.

    ``generation`` is the one that the cluster archives to; ``begin`` makes another.
    """

    def __init__(self, cluster: Cluster, settings: dict[str, str]) -> None:
        self.cluster, self.settings, self.generation = cluster, settings, ""
        top = cluster.top
        self.config = Path(f"{top}{LAYOUT.backup_settings}")
        self.state = Path(f"{top}{LAYOUT.backup_state}")
        self.log = top / "log"
        # pgBackRest rejects an archive_command without its name.
        self._archive = top / "pgbackrest-archive"
        for folder in (self.config.parent, self.state, self.log):
            folder.mkdir(parents=True, exist_ok=True)
            _give(folder)
        self.write()
        self._archive.write_text(ARCHIVE.format(state=self.state, config=self.config))
        self._archive.chmod(0o755)

    @property
    def archive_settings(self) -> dict[str, str]:
        """What postgresql.conf needs, for ``Cluster.configure``."""
        return {"archive_mode": "on", "archive_command": f"{self._archive} %p", "archive_timeout": "30"}

    def write(self, **settings: str) -> None:
        """Writes pgBackRest's settings anew, with ``settings`` in place of the fixture's own ("_" for "-")."""
        whole = self.settings | {name.replace("_", "-"): value for name, value in settings.items()}
        lines = ["[global]", *(f"{name}={value}" for name, value in whole.items()), "", "[site]"]
        lines += [f"pg1-path={self.cluster.data}", f"pg1-socket-path={self.cluster.run}", "pg1-user=postgres"]
        self.config.write_text("\n".join(lines) + "\n")
        self.config.chmod(0o640)
        _give(self.config)

    def begin(self, generation: str) -> None:
        """From now on the cluster archives to ``generation``, which has no backup yet."""
        if self.generation:
            self.archived()
        self.pgbackrest("stanza-create", generation=generation)
        (self.state / "generation.json").write_text(json.dumps({"generation": generation, "machine": "fixture"}))
        self.generation = generation

    def pgbackrest(
        self, *words: str | Path, generation: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Runs a command of pgBackRest's as user postgres, in ``generation`` or the one that is archived to."""
        path = f"--repo1-path=/database/{generation or self.generation}"
        line = ["pgbackrest", f"--config={self.config}", "--stanza=site", path, *words]
        done = subprocess.run(line, check=False, capture_output=True, text=True, cwd="/", **as_postgres())
        assert not (check and done.returncode), done.stdout + done.stderr
        return done

    def full(self) -> str:
        """Makes a full backup; returns its label."""
        self.pgbackrest("backup", "--type=full")
        return self.info()["backup"][-1]["label"]

    def info(self, generation: str = "") -> dict:
        """`pgbackrest info` of the stanza."""
        return json.loads(self.pgbackrest("info", "--output=json", generation=generation).stdout)[0]

    def archived(self) -> str:
        """Switches the WAL and waits until it is archived; returns the segment's name."""
        # There is nothing to switch in a segment that is still empty.
        self.cluster.sql("select pg_logical_emit_message(false, 'tests', '')")
        segment = self.cluster.sql("select pg_walfile_name(pg_switch_wal())")
        until(lambda: self.cluster.sql("select last_archived_wal from pg_stat_archiver") >= segment)
        return segment


def as_postgres() -> dict[str, str]:
    """For subprocess: PostgreSQL does not run as root."""
    return {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}


def until(true, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _give(path: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(path, "postgres", "postgres")
