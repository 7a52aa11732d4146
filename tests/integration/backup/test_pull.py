"""`make db COMMAND=pull`: the server's rows in the development database, without its sessions."""

import json
import subprocess
from types import SimpleNamespace

import pytest

from slipway.tool.backups import local
from slipway.web.errors import SlipwayError
from tests.integration.backup.cluster import Backups, Cluster

LOCAL = "development"


@pytest.fixture
def machines(backups: Backups, cluster: Cluster, monkeypatch):
    """A server's database and one of this machine; ``said``: what the project says; ``hook``: what its command does."""
    for name in ("pulled_from", LOCAL):
        cluster.sql(f"drop database if exists {name}")
        cluster.sql(f"create database {name}")
    cluster.sql(
        "create table auth (id serial primary key, name text); insert into auth (name) values ('Ada'), ('Bob');"
        "create table session (key text); insert into session values ('secret')",
        "pulled_from",
    )
    cluster.sql(
        "create table auth (id int primary key); insert into auth values (9);create table own (id int references auth)",
        LOCAL,
    )
    machines = SimpleNamespace(cluster=cluster, hook=(0, ""))
    machines.said = {
        "vendor": "postgresql",
        "settings": "site.settings",
        "NAME": LOCAL,
        "HOST": str(cluster.run),
        "PORT": "",
        "USER": "postgres",
        "PASSWORD": "",
        "sessions": "session",
        "hook": True,
    }

    def command(line, **_):
        words = [f"--exclude-table-data={each.partition('=')[2]}" for each in line.split() if "=" in each]
        return ["pg_dump", "-h", cluster.run, "-U", "postgres", "--format=custom", *words, "pulled_from"]

    def manage(*words, **_):
        if words[0] == "local_database":
            return subprocess.CompletedProcess(words, 0, json.dumps(machines.said), "")
        if not machines.hook[0]:
            cluster.sql(machines.hook[1], LOCAL)
        return subprocess.CompletedProcess(words, machines.hook[0])

    monkeypatch.setattr(local, "_manage", manage)
    machines.pull = lambda: list(local.pull(SimpleNamespace(command=command)))
    return machines


def names(machines) -> str:
    return machines.cluster.sql("select string_agg(name, ' ' order by id) from auth", LOCAL)


def test_it_has_the_rows_and_no_sessions_and_the_hook_has_run(machines):
    machines.hook = (0, "update auth set name = 'somebody' where id = 1")
    assert [line.partition(":")[0] for line in machines.pull()] == [
        "development on this machine has the site's data",
        "manage.py anonymise has run on it",
    ]
    assert names(machines) == "somebody Bob"
    assert machines.cluster.sql("select count(*) from session", LOCAL) == "0"
    # A second time, over what the first has left.
    machines.said["hook"] = False
    assert "personal data" in machines.pull()[-1]
    assert names(machines) == "Ada Bob"


def test_a_hook_that_fails_leaves_no_personal_data(machines):
    machines.hook = (1, "")
    with pytest.raises(SlipwayError, match="anonymise failed, so the local database was emptied"):
        machines.pull()
    assert machines.cluster.sql("select count(*) from pg_tables where schemaname = 'public'", LOCAL) == "0"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({"HOST": "db.example.com"}, "is on db.example.com, which is not this machine"),
        ({"vendor": "sqlite"}, r"the local database is SQLite, .*DATABASE_URL=postgres:///"),
        ({"vendor": "mysql"}, "the local database is mysql"),
    ],
)
def test_what_is_not_postgresql_here_is_left_alone(said, wanted, machines):
    machines.said |= said
    with pytest.raises(SlipwayError, match=wanted):
        machines.pull()
    assert machines.cluster.sql("table auth", LOCAL) == "9"
