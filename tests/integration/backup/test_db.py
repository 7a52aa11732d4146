"""What `slipway db` does on the server: a dump of the site's database, and a load in its place."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.tool.server.layout import LAYOUT
from tests.integration.backup import agent
from tests.integration.backup.cluster import Backups, Cluster, until

DATABASE = LAYOUT.database
DATABASES = "select datname from pg_database where datname ~ '^slipway' order by 1"


@pytest.fixture
def cluster_with_rows(backups: Backups, cluster: Cluster) -> Cluster:
    agent.make_database(cluster)
    cluster.sql("create table kept (id int); insert into kept values (1), (2); create table seen (id int)", DATABASE)
    cluster.sql("alter table kept owner to slipway; alter table seen owner to slipway", DATABASE)
    cluster.sql("insert into seen values (1)", DATABASE)
    return cluster


@pytest.fixture
def modules(cluster_with_rows: Cluster, tmp_path: Path) -> Iterator:
    with agent.modules(cluster_with_rows, tmp_path, "db", "database", "paths") as (db, database, paths):
        paths.ENVIRONMENT.write_text('DATABASE_URL="postgres:///slipway"\nPGHOST="/run/postgresql"\n')
        yield db, database


@pytest.fixture
def db(modules):
    return modules[0]


def dumped(modules, file: Path, *without: str) -> Path:
    db, database = modules
    line, environment = database.client("pg_dump", *db.DUMP, *(f"--exclude-table-data={each}" for each in without))
    with file.open("wb") as target:
        subprocess.run(line, env=environment, stdout=target, check=True)
    return file


def load(db, file: Path) -> str:
    with file.open("rb") as source:
        return db.load(source)


def test_a_dump_replaces_the_database_and_the_one_before_can_be_restored(modules, cluster_with_rows, tmp_path):
    file = dumped(modules, tmp_path / "site.dump")
    cluster_with_rows.sql("drop table kept", DATABASE)
    said = load(modules[0], file)
    assert re.fullmatch(
        r'loaded; no release serves yet; the database before it: make restore TO="20\d\d-\d\d-\d\d [\d:.]+"', said
    )
    assert cluster_with_rows.sql("select count(*) from kept", DATABASE) == "2"
    owner = "select tableowner from pg_tables where tablename = 'kept'"
    assert cluster_with_rows.sql(owner, DATABASE) == LAYOUT.site_user
    assert cluster_with_rows.sql(DATABASES) == DATABASE


def test_where_nothing_is_archived_the_database_before_is_kept(modules, cluster_with_rows, tmp_path, monkeypatch):
    db = modules[0]
    monkeypatch.setattr(db, "_point", lambda: "")
    file = dumped(modules, tmp_path / "site.dump")
    cluster_with_rows.sql("insert into kept values (3)", DATABASE)
    # The second replaces what the first has kept.
    load(db, file)
    assert "kept as slipway_before, until the next load" in load(db, file)
    assert cluster_with_rows.sql(DATABASES).split() == [DATABASE, "slipway_before"]
    assert cluster_with_rows.sql("select count(*) from kept", "slipway_before") == "2"
    cluster_with_rows.sql("drop database slipway_before")


@pytest.mark.parametrize("broken", ["cut off", "no dump"])
def test_a_dump_that_fails_leaves_the_database(broken, modules, cluster_with_rows, tmp_path):
    cluster_with_rows.sql("insert into kept select n from generate_series(1, 20000) n", DATABASE)
    file = dumped(modules, tmp_path / "site.dump")
    if broken == "cut off":
        os.truncate(file, file.stat().st_size // 2)
    else:
        file.write_text("create table evil ();\n")
    with pytest.raises(modules[0].HostError, match=r"the dump was not loaded: .*; the database is as it was"):
        load(modules[0], file)
    assert cluster_with_rows.sql("select count(*) from kept", DATABASE) == "20002"
    assert cluster_with_rows.sql(DATABASES) == DATABASE


def test_a_site_that_is_not_well_with_it_gets_its_database_back(modules, cluster_with_rows, tmp_path, monkeypatch):
    db = modules[0]
    file = dumped(modules, tmp_path / "site.dump")
    cluster_with_rows.sql("insert into kept values (3)", DATABASE)
    restarts = []

    def migrate(name: str) -> str:
        raise db.HostError(f"migration {cluster_with_rows.sql('select count(*) from kept', DATABASE)} failed")

    monkeypatch.setattr(db.releases, "current", lambda: "1")
    monkeypatch.setattr(db.migrate, "migrate", migrate)
    monkeypatch.setattr(db.activate, "restart", lambda: restarts.append(1))
    with pytest.raises(db.HostError, match=r"not well with it: migration 2 failed; the database before it is back"):
        load(db, file)
    assert cluster_with_rows.sql("select count(*) from kept", DATABASE) == "3"
    assert (cluster_with_rows.sql(DATABASES), restarts) == (DATABASE, [1])


def test_sessions_of_the_site_do_not_stop_it(modules, cluster_with_rows, tmp_path):
    file = dumped(modules, tmp_path / "site.dump")
    line = ["psql", "-Xqt", "-h", cluster_with_rows.run, "-U", LAYOUT.site_user, DATABASE]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as session:
        session.stdin.write("begin; select * from kept;\n")
        session.stdin.flush()
        busy = f"select 1 from pg_stat_activity where usename = '{LAYOUT.site_user}' and state ~ 'in transaction'"
        until(lambda: cluster_with_rows.sql(busy))
        assert load(modules[0], file).startswith("loaded; ")
        session.communicate()


def test_the_rows_of_the_sessions_stay_behind(modules, cluster_with_rows, tmp_path):
    load(modules[0], dumped(modules, tmp_path / "site.dump", "public.seen"))
    assert cluster_with_rows.sql("select count(*) from seen", DATABASE) == "0"
    assert cluster_with_rows.sql("select count(*) from kept", DATABASE) == "2"


def test_elsewhere_one_transaction_replaces_it_after_a_dump_to_the_bucket(
    modules, cluster_with_rows, tmp_path, monkeypatch
):
    db, database = modules
    cluster_with_rows.sql("insert into kept select n from generate_series(1, 20000) n", DATABASE)
    file = dumped(modules, tmp_path / "site.dump")
    elsewhere = f"postgres://slipway@{str(cluster_with_rows.run).replace('/', '%2F')}/slipway"
    monkeypatch.setattr(database, "variables", lambda _: {"PGDATABASE": DATABASE, "PGHOST": str(cluster_with_rows.run)})
    monkeypatch.setattr(database, "url", lambda: elsewhere)
    backups = []
    monkeypatch.setattr(db, "_back_up", lambda: backups.append(cluster_with_rows.sql("table kept", DATABASE)))
    cluster_with_rows.sql("delete from kept", DATABASE)
    assert "the newest dump that `make backups` lists" in load(db, file)
    assert cluster_with_rows.sql("select count(*) from kept", DATABASE) == "20002"
    assert backups == [""]
    # Half way: the old tables are dropped by then, and the rows of the first are on their way.
    os.truncate(file, file.stat().st_size // 2)
    cluster_with_rows.sql("insert into kept values (3)", DATABASE)
    with pytest.raises(db.HostError, match="the database is as it was"):
        load(db, file)
    assert cluster_with_rows.sql("select count(*) from kept", DATABASE) == "20003"
