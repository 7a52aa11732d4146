"""The password of a role in a PostgreSQL elsewhere changes while the site connects."""

import importlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.utils import ConnectionHandler

from rehearsal.processes import Processes, free_port
from slipway.tool.server import agent
from slipway.web.database import next_password
from tests.integration.stack.postgresql import Database

OLD, NEW = "of before", "the-next_one"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Whoever connects over TCP needs a password; ``port`` is its own, and ``log`` what it writes."""
    logs = tmp_path_factory.mktemp("log")
    with (
        Processes(logs) as processes,
        TemporaryDirectory(prefix="pg", dir="/tmp") as directory,
    ):
        database = Database(Path(directory), processes)
        database.port, database.log = free_port(), logs / "postgres.log"
        data = database.directory / "data"
        (data / "pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        with (data / "postgresql.conf").open("a") as conf:
            conf.write("log_statement = all\n")
        database.start(database.port)
        yield database
        database.stop()


@pytest.fixture
def role(cluster):
    """A role of its own, and the URL with its password of before."""
    with psycopg.connect(host=str(cluster.directory), port=cluster.port, user="site", dbname="postgres") as admin:
        admin.execute("DROP ROLE IF EXISTS wall")
        admin.execute(f"CREATE ROLE wall LOGIN PASSWORD '{OLD}'")
    return f"postgres://wall:{OLD.replace(' ', '%20')}@127.0.0.1:{cluster.port}/postgres"


@pytest.fixture
def change(role, tmp_path, monkeypatch):
    """The agent's `slipway password`, with the site's environment; it runs psql as this user."""
    monkeypatch.setenv("SLIPWAY_PREFIX", str(tmp_path))
    monkeypatch.syspath_prepend(str(agent.pack(tmp_path / "slipway")))
    for name in [name for name in sys.modules if name.startswith("agent")]:
        monkeypatch.delitem(sys.modules, name)
    modules = [importlib.import_module(f"agent.{name}") for name in ("password", "psql", "paths")]
    file = modules[-1].ENVIRONMENT
    file.parent.mkdir(parents=True)
    file.write_text(f'DATABASE_URL="{role}"\nDATABASE_PASSWORD_NEXT="{NEW}"\n')
    for module in modules[:2]:
        monkeypatch.setattr(module, "line", lambda role, *arguments, program="psql": [program, *arguments])
    yield modules[0]
    for name in [name for name in sys.modules if name.startswith("agent")]:
        del sys.modules[name]


def lets_in(role, password):
    try:
        psycopg.connect(role, password=password).close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_role_has_the_next_password_and_a_second_run_knows(change, role, cluster):
    assert change.change() == "wall has the next password"
    assert lets_in(role, NEW) and not lets_in(role, OLD)
    assert change.change() == "wall has the next password already"
    log = cluster.log.read_text()
    assert "ALTER ROLE CURRENT_USER PASSWORD 'SCRAM-SHA-256$" in log and NEW not in log


def test_where_it_is_not_taken_the_one_of_before_is_set_again(change, role, monkeypatch):
    """As behind a pooler that has a list of its own."""
    monkeypatch.setattr(change, "_rejected", lambda variables: "no such password in the pooler's list")
    with pytest.raises(change.HostError, match=r"is not taken \(no such password.*\), and the one of before is set"):
        change.change()
    assert lets_in(role, OLD) and not lets_in(role, NEW)


def test_a_role_that_may_not_is_told_in_one_line(change, cluster, role, tmp_path):
    with psycopg.connect(host=str(cluster.directory), port=cluster.port, user="site", dbname="postgres") as admin:
        admin.execute("ALTER ROLE wall PASSWORD 'of nobody'")
    with pytest.raises(change.HostError, match='password authentication failed for user "wall"'):
        change.change()


@pytest.fixture
def site(role, monkeypatch):
    """Opens a connection as the site does, with the password of before in its settings."""
    from environ import Env

    handler = ConnectionHandler({"default": Env.db_url_config(role)})
    monkeypatch.setattr(DatabaseWrapper, "get_new_connection", DatabaseWrapper.get_new_connection)
    monkeypatch.setattr(next_password, "connections", handler)

    def connect():
        wrapper = handler["default"]
        wrapper.get_new_connection(wrapper.get_connection_params()).close()

    return connect


def test_the_site_connects_before_and_after(site, change):
    next_password.install({"DATABASE_PASSWORD_NEXT": NEW})
    site()
    change.change()
    site()


def test_where_neither_is_taken_the_error_is_the_database_s(site, change):
    change.change()
    next_password.install({})
    with pytest.raises(psycopg.OperationalError):
        site()
    next_password.install({"DATABASE_PASSWORD_NEXT": "another"})
    with pytest.raises(psycopg.OperationalError, match="password authentication failed") as told:
        site()
    assert "another" not in str(told.value)
