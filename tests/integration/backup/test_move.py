"""A database moves to another server by its WAL, against two clusters, pgBackRest and S3 themselves.

The tool's own sessions run both servers' agents; shells stand for SSH.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest

from rehearsal.processes import Processes
from slipway.tool.move.copy import Copy
from slipway.tool.move.wall import Wall
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError
from tests.integration.backup.cluster import Backups, Cluster
from tests.integration.backup.conftest import new_generation
from tests.integration.backup.server import Server

ADDRESS = "203.0.113.9"
# The agent, with what a test changes in it. No site is behind it, which a server that goes back would wait for, and the
# site's user is not one of this computer.
SLIPWAY = """\
#!/bin/sh
PYTHONPATH={program} exec {python} -c '
import sys
from agent import recovery, standby, wall
from agent.__main__ import main
wall.OPEN = 0
standby.GROUP = "postgres"
{patch}
sys.exit(main())' "$@"
"""


class Reached:
    """A server as the tool sees it: a connection whose commands run its agent."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.program = server, folder / "slipway"
        self.token = server.env["SLIPWAY_LOCK"]
        self.site = SimpleNamespace(server=folder.name)
        self._env = server.env | {"PATH": f"{folder}:{server.env['PATH']}"}
        folder.mkdir()
        self.patch("")

    def patch(self, code: str) -> None:
        """``code`` changes the agent's modules from now on."""
        text = SLIPWAY.format(program=self.server.program, python=sys.executable, patch=code)
        self.program.write_text(text)
        self.program.chmod(0o755)

    def command(self, line: str, *, alone: bool = False) -> list[str]:
        return ["env", *(f"{name}={value}" for name, value in self._env.items()), "sh", "-c", line]

    def agent(self, *words: str) -> str:
        done = subprocess.run(self.command(" ".join(["slipway", *words])), capture_output=True, text=True, check=False)
        assert not done.returncode, done.stderr
        return done.stdout.strip()

    @property
    def state(self) -> dict:
        file = Path(f"{self.server.top}{LAYOUT.move_state}")
        return json.loads(file.read_text()) if file.exists() else {}

    @state.setter
    def state(self, value: dict) -> None:
        file = Path(f"{self.server.top}{LAYOUT.move_state}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))


class Empty(Server):
    """A server that a site moves to: its cluster has nothing, and no generation."""

    def __enter__(self) -> "Server":
        self.systemctl("start", self.unit)
        self._lock = self._popen("hold", "tests", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.env["SLIPWAY_LOCK"] = self._lock.stdout.readline().split()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.communicate()
        self.systemctl("stop", self.unit)


@pytest.fixture(scope="module")
def servers(
    cluster: Cluster, backups: Backups, s3, backup_bucket: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Reached, Reached]]:
    """The old one, whose database has the table `rows` and a full backup of before the first; and the new one."""
    cluster.sql("drop database if exists slipway with (force)")
    cluster.sql("create database slipway")
    cluster.sql("create table rows (id serial)", "slipway")
    folder = tmp_path_factory.mktemp("move")
    with ExitStack() as stack:
        stack.enter_context(new_generation(backups, s3, backup_bucket))
        backups.full()
        old = stack.enter_context(Server(cluster, backups))
        Path(f"{cluster.top}{LAYOUT.nginx_move}").parent.mkdir(parents=True, exist_ok=True)
        top = cluster.top / "new"
        top.mkdir()
        top.chmod(0o755)
        other = Cluster(top, stack.enter_context(Processes(tmp_path_factory.mktemp("new-log"))))
        other.make()
        new = stack.enter_context(Empty(other, Backups(other, backups.settings)))
        yield Reached(old, folder / "old"), Reached(new, folder / "new")


@pytest.fixture
def pair(servers: tuple[Reached, Reached], backups: Backups) -> Iterator[SimpleNamespace]:
    """Both, and the plan of a move. The old one serves, and the new one takes no part in a move, after the test too."""
    old, new = servers
    new.state = {"state": "arriving"}
    plan = {"generation": backups.generation, "timeline": int(old.server.cluster.sql(TIMELINE))}
    yield SimpleNamespace(old=SimpleNamespace(connection=old, plan=plan), new=SimpleNamespace(connection=new))
    for each in servers:
        each.patch("")
    old.state = {}
    (old.server.cluster.conf / "start.conf").write_text("auto\n")
    for name in ("http", "challenges", "site"):
        Path(f"{old.server.top}{LAYOUT.nginx_move}/{name}.conf").unlink(missing_ok=True)
    old.server.systemctl("start", old.server.unit)


TIMELINE = "select timeline_id from pg_control_checkpoint()"
ROWS = "select count(*) from rows"
SYSTEM = "select system_identifier from pg_control_system()"


def write(pair: SimpleNamespace) -> int:
    """Writes a row on the old server; how many there are."""
    return int(pair.old.connection.server.cluster.sql(f"insert into rows default values; {ROWS}", "slipway"))


def copies(pair: SimpleNamespace) -> list[Path]:
    return list(pair.new.connection.server.cluster.data.parent.glob("*.restore"))


def assert_open(pair: SimpleNamespace, rows: int) -> None:
    """The old server serves as if nothing had been. On the new one the copy is gone, and its own database runs."""
    old = pair.old.connection
    assert old.state == {} and not Path(f"{old.server.top}{LAYOUT.nginx_move}/site.conf").exists()
    assert old.server.cluster.sql(f"insert into rows default values; {ROWS}", "slipway") == str(rows + 1)
    assert not copies(pair)
    assert pair.new.connection.server.cluster.sql("select 1") == "1"


def test_what_was_written_until_the_wall_is_on_the_new_server_and_it_begins_a_timeline(pair: SimpleNamespace):
    old, new = pair.old.connection.server.cluster, pair.new.connection.server.cluster
    system = old.sql(SYSTEM)
    with Copy(pair.old, pair.new) as copy:
        # While somebody thinks about it, the copy goes on, and can be read.
        for _ in range(2):
            rows = write(pair)
            copy.reach()
            assert new.sql(ROWS, "slipway", host=Path(f"{new.top}{LAYOUT.run}/slipway-restore")) == str(rows)
        # More than one WAL file, none of which the copy has yet.
        for _ in range(2):
            write(pair)
            old.sql("select pg_switch_wal()")
        rows = write(pair)
        with Wall(pair.old, ADDRESS, 30, "wal") as wall:
            with pytest.raises(subprocess.CalledProcessError):
                write(pair)
            copy.finish(wall.last)
            wall.forward()
    assert new.sql(ROWS, "slipway") == str(rows)
    assert (new.sql(SYSTEM), int(new.sql(TIMELINE))) == (system, pair.old.plan["timeline"] + 1)
    assert pair.old.connection.state["state"] == "moved" and not copies(pair)
    # Its place was taken by the copy; the empty one of before is kept until the site has arrived.
    assert new.data.with_name("main.before").exists()
    assert pair.new.connection.state == {"state": "arriving", "how": "wal", "generation": pair.old.plan["generation"]}


def test_a_last_wal_that_does_not_reach_the_bucket_opens_the_old_server_again(pair: SimpleNamespace, backups: Backups):
    rows = write(pair)
    backups.write(repo1_storage_port="9", io_timeout="0.2")
    wall = Wall(pair.old, ADDRESS, 30, "wal")
    try:
        with pytest.raises(SlipwayError) as said:
            wall.__enter__()
    finally:
        backups.write()
    assert str(said.value).startswith("the last WAL, 0000000")
    assert str(said.value).endswith("the old server serves again, and no write is lost")
    assert_open(pair, rows)


def test_an_archive_that_hangs_does_not_hold_the_wall_up(pair: SimpleNamespace, backups: Backups):
    """PostgreSQL stops when its last WAL is archived, and not before."""
    script = Path(backups.archive_settings["archive_command"].split()[0])
    text = script.read_text()
    rows = write(pair)
    hangs = script.with_name("hangs")
    hangs.touch()
    script.write_text(f"#!/bin/sh\nwhile test -e {hangs}; do sleep 0.1; done\n{text}")
    try:
        with pytest.raises(SlipwayError) as said:
            Wall(pair.old, ADDRESS, 3, "wal").__enter__()
    finally:
        hangs.unlink()
        script.write_text(text)
    assert "the last WAL does not reach the bucket" in str(said.value)
    assert_open(pair, rows)


def test_a_copy_that_does_not_end_where_the_old_database_ends_opens_the_old_server_again(
    pair: SimpleNamespace, capsys: pytest.CaptureFixture
):
    """The record of the shutdown is not in what it gets, and it does not wait for that."""
    pair.new.connection.patch(
        "put = standby.Standby._put\n"
        "standby.Standby._replay = lambda *words: None\n"
        'standby.Standby._put = lambda self, segment, wal: put(self, segment, b"")'
    )
    why = r"^the WAL was replayed up to \S+, and the old database ends at \S+$"
    with Copy(pair.old, pair.new) as copy:
        copy.reach()
        rows = write(pair)
        with pytest.raises(SlipwayError, match=why), Wall(pair.old, ADDRESS, 30, "wal") as wall:
            copy.finish(wall.last)
    assert "the old server serves again, and no write is lost" in capsys.readouterr().out
    assert_open(pair, rows)
