"""The hash per table at one point of the WAL: what a copy is compared by."""

import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rehearsal.processes import Processes
from slipway.tool.server.layout import LAYOUT
from tests.integration.backup import agent
from tests.integration.backup.cluster import Backups, Cluster, until

DATABASE = LAYOUT.database
# Whatever a project may have made: names, places and kinds of tables.
TABLES = """
set role slipway;
create table photo (id bigint generated always as identity primary key, alt text, likes int, sizes int[], at timestamptz
                   default '2026-12-01 10:00+02', area float8 default 0.1, raw bytea default '\\xff00', long interval
                   default '1 mon 2 days', twice int generated always as (likes * 2) stored);
insert into photo (alt, likes, sizes) values ('Ä "quoted", one', 1, '{1,2}'), (null, 2, null), ('', 3, '{}');
create schema "Other Schema";
create table "Other Schema"."A ""Name"" quoted" (t text, "text" text, md5 int);
insert into "Other Schema"."A ""Name"" quoted" values ('a', 'b', 1), ('a', 'b', 1);
create table part (id int, day date) partition by range (day);
create table part_2026 partition of part for values from ('2026-01-01') to ('2027-01-01');
create table part_rest partition of part default;
insert into part values (1, '2026-12-01'), (2, '2030-01-01');
create table parent (id int); create table child (more int) inherits (parent);
insert into parent values (1); insert into child values (2, 3);
create table empty (id int); create table nothing ();
create unlogged table gone (id int); create materialized view seen as select * from photo;
create sequence used; select nextval('used'); create sequence unused; create sequence down increment -2;
select nextval('down'), nextval('down');
select lo_from_bytea(0, 'a photo');
reset role; create table root_only (id int);
"""


@contextmanager
def copy(backups: Backups, cluster: Cluster, name: str, folder: Path) -> Iterator[Cluster]:
    """Another cluster, recovered to the restore point ``name``."""
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as top, Processes(folder / "log") as processes:
        Path(top).chmod(0o755)
        restored = Cluster(Path(top), processes, "restored")
        backups.pgbackrest(
            "restore",
            f"--pg1-path={restored.data}",
            "--type=name",
            f"--target={name}",
            "--target-action=promote",
        )
        restored.start()
        until(lambda: restored.sql("select pg_is_in_recovery()") == "f")
        yield restored
        restored.stop()


@pytest.fixture(scope="module")
def database(backups: Backups, cluster: Cluster) -> Cluster:
    """The cluster, with the tables above in the site's database."""
    agent.make_database(cluster)
    cluster.sql(TABLES, DATABASE)
    return cluster


@pytest.fixture
def tables(database: Cluster, tmp_path: Path) -> Iterator:
    with agent.modules(database, tmp_path, "tables") as (tables,):
        yield tables


def test_every_table_with_rows_of_its_own_is_hashed(tables):
    marked = json.loads(json.dumps(tables.marked()))
    rows = {name: each["rows"] for name, each in marked["tables"].items()}
    assert rows == {
        "public.photo": 3,
        '"Other Schema"."A ""Name"" quoted"': 2,
        "public.part_2026": 1,
        "public.part_rest": 1,
        "public.parent": 1,
        "public.child": 1,
        "public.empty": 0,
        "public.nothing": 0,
        "pg_catalog.pg_largeobject": 1,
    }
    assert marked["unread"] == ["public.root_only"]
    assert marked["sequences"] == {"public.photo_id_seq": 3, "public.used": 1, "public.down": 3}
    assert marked["archived"] is True
    assert marked["name"].startswith("slipway-20") and marked["time"].endswith("Z") and "/" in marked["lsn"]


def test_neither_time_nor_settings_of_the_role_change_a_hash(tables, database):
    before = tables.marked()["tables"]
    hostile = {
        "timezone": "'Asia/Tokyo'",
        "datestyle": "'German'",
        "extra_float_digits": "-3",
        "bytea_output": "'escape'",
        "intervalstyle": "'iso_8601'",
        "search_path": "evil, public",
        "statement_timeout": "'1ms'",
    }
    # It is the table's owner who may define what its row is as text.
    database.sql(
        "create schema evil authorization slipway; set role slipway;"
        "create function evil.md5(text) returns text language sql as $$ select 'same' $$;"
        + "".join(f"alter role slipway set {name} = {value};" for name, value in hostile.items()),
        DATABASE,
    )
    try:
        assert tables.marked()["tables"] == before
    finally:
        database.sql("alter role slipway reset all; drop schema evil cascade", DATABASE)


CHANGES = {
    "changed": "update {} set likes = 9 where id = 2",
    "missing": "delete from {} where id = 2",
    "doubled": "insert into {} select * from {} where id = 2",
    "one more": "insert into {} values (4, 'x', 4)",
    "columns swapped": "update {} set likes = id, id = likes",
    "values of two rows swapped": "update {} set alt = case id when 1 then 'b' else 'a' end where id < 3",
    "null for empty": "update {} set alt = null where id = 3",
    "one for another": "update {} set id = 1, alt = 'a', likes = 1 where id = 2",
}


def test_each_change_to_a_row_changes_the_hash(tables, database):
    names = {f"public.change_{n}": change for n, change in enumerate(CHANGES)}
    for name in names:
        database.sql(
            f"set role slipway; create table {name} (id int, alt text, likes int);"
            f"insert into {name} values (1, 'a', 10), (2, 'b', 20), (3, '', 30)",
            DATABASE,
        )
    before = tables.marked()["tables"]
    for name, change in names.items():
        database.sql(CHANGES[change].replace("{}", name), DATABASE)
    after = tables.marked()["tables"]
    assert [change for name, change in names.items() if before[name]["hash"] == after[name]["hash"]] == []
    assert before["public.photo"] == after["public.photo"]


def test_a_copy_recovered_to_the_point_has_the_hashes_of_a_site_that_wrote_all_the_time(
    tables, database, backups, generation, tmp_path, monkeypatch
):
    # Other tests' generations leave gaps in the WAL of the first.
    backups.full()
    database.sql("set role slipway; create table written (id serial, other int)", DATABASE)
    writing = Writer(database)
    # The snapshot is a moment older than the point: a visitor who wrote meanwhile would be in one of them alone.
    slow = tables.POINT.replace("'lsn',", "'slept', pg_sleep(0.1)::text, 'lsn',")
    monkeypatch.setattr(tables, "POINT", slow)
    marked = tables.marked()
    writing.end()
    assert int(database.sql("select count(*) from written", DATABASE)) > marked["tables"]["public.written"]["rows"] > 0
    with copy(backups, database, marked["name"], tmp_path) as restored:
        monkeypatch.setenv("PGHOST", str(restored.run))
        found = tables.marked()
        assert found["tables"] == marked["tables"]
        assert all(found["sequences"][name] >= position for name, position in marked["sequences"].items())
        restored.sql("update written set other = other + 1 where id = 1", DATABASE)
        changed = tables.marked()["tables"]
    assert [name for name in changed if changed[name] != marked["tables"][name]] == ["public.written"]


def test_a_transaction_that_holds_a_table_is_named_and_visitors_write_on(tables, database, monkeypatch):
    monkeypatch.setattr(tables, "TRIES", 2)
    monkeypatch.setattr(tables, "PAUSE", 0)
    line = ["psql", "-Xqv", "ON_ERROR_STOP=1", "-h", database.run, "-U", "slipway", DATABASE]
    environment = os.environ | {"PGAPPNAME": "a long report"}
    with subprocess.Popen(line, stdin=subprocess.PIPE, text=True, env=environment) as holder:
        holder.stdin.write("begin; delete from parent;\n")
        holder.stdin.flush()
        until(
            lambda: database.sql("select count(*) from pg_locks where relation = 'parent'::regclass", DATABASE) == "1"
        )
        with pytest.raises(
            tables.HostError, match=r"2 times: .*statement timeout; the table .*locked by a long report"
        ):
            tables.marked()
        database.sql("set lock_timeout = '5s'; update photo set likes = 0", DATABASE)
        holder.communicate("rollback;")
    assert tables.marked()["tables"]["public.parent"]["rows"] == 1


class Writer:
    """Inserts rows as quickly as it can, in transactions of several statements."""

    def __init__(self, cluster: Cluster) -> None:
        line = ["psql", "-Xqv", "ON_ERROR_STOP=1", "-h", cluster.run, "-U", "slipway", DATABASE]
        self._process = subprocess.Popen(line, stdin=subprocess.PIPE, text=True)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self._thread.start()
        until(lambda: int(cluster.sql("select count(*) from written", DATABASE)) > 20)

    def _write(self) -> None:
        n = 0
        while not self._ended.is_set():
            n += 1
            self._process.stdin.write(
                f"begin; insert into written (other) values ({n}); update photo set likes = {n} where id = 1; commit;"
                "do 'begin perform pg_sleep(0.002); end';\n"
            )
            self._process.stdin.flush()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        self._process.communicate()
        assert self._process.returncode == 0, "a visitor's transaction was ended"
