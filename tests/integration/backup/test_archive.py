"""Two servers with one database: the agent archives each one's WAL, and neither writes into the other's place."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.client import BaseClient

from rehearsal.processes import Processes
from slipway.tool.server import agent
from slipway.tool.server.layout import LAYOUT
from tests.integration.backup.cluster import Backups, Cluster, until

BUCKET = "two-servers-backups"
# As the socket and its service do: the name goes in, and `ok` comes out. Its own name is what pgBackRest looks for.
PGBACKREST = """#!/bin/sh
export SLIPWAY_PREFIX={top}
test "$(echo "$1" | {agent} archive 2>> {top}/errors)" = ok
"""


class Server(Backups):
    """A server below ``top`` whose cluster the agent archives; ``machine`` is its machine-id."""

    def __init__(self, cluster: Cluster, settings: dict[str, str], machine: str) -> None:
        super().__init__(cluster, settings | {"archive-push-queue-max": "1024MB"})
        top = cluster.top
        (top / "etc" / "machine-id").write_text(machine)
        program = agent.pack(top / "slipway")
        client = top / "pgbackrest-client"
        client.write_text(PGBACKREST.format(top=top, agent=program))
        client.chmod(0o755)
        (top / "errors").touch()
        if os.geteuid() == 0:
            shutil.chown(top / "errors", "postgres")
        cluster.configure(archive_mode="on", archive_command=f"{client} %f", archive_timeout="30")

    def held(self) -> str:
        return json.loads((self.state / "generation.json").read_text())["generation"]


@pytest.fixture
def servers(backups: Backups, s3: BaseClient, tmp_path: Path) -> Iterator:
    """``server(machine, like)``: one that is started by the test, with a copy of another's data, and one bucket."""
    where = {"LocationConstraint": s3.meta.region_name}
    if BUCKET not in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    settings = backups.settings | {"repo1-s3-bucket": BUCKET}
    made = []
    with tempfile.TemporaryDirectory(prefix="two", dir="/tmp") as folder, Processes(tmp_path) as processes:
        Path(folder).chmod(0o755)

        def server(machine: str, like: Cluster | None = None) -> Server:
            top = Path(folder) / machine
            top.mkdir()
            cluster = Cluster(top, processes, f"postgres-{machine}")
            made.append(Server(cluster, settings | {"lock-path": f"{top}{LAYOUT.backup_state}/lock"}, machine))
            cluster.make(like)
            return made[-1]

        yield server


def archived(s3: BaseClient, generation: str) -> list[str]:
    """The names of the segments in a generation."""
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"database/{generation}/archive/site/")
    names = [each["Key"].rpartition("/")[2].partition("-")[0] for each in listed.get("Contents", [])]
    return [name for name in names if len(name) == 24]


def claims(s3: BaseClient) -> dict[str, dict]:
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="generations/").get("Contents", [])
    found = [json.load(s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"]) for each in listed]
    return {claim["generation"]: claim for claim in found}


def test_two_servers_with_one_database_archive_into_two_generations(servers, s3):
    first = servers("first")
    first.cluster.start()
    segment = first.archived()
    assert (first.held(), segment in archived(s3, "0001")) == ("0001", True)
    first.cluster.stop()

    # A disk that was cloned: data, state and settings are the first's, the machine is another.
    second = servers("second", first.cluster)
    shutil.copy(first.state / "generation.json", second.state)
    first.cluster.start()
    second.cluster.start()
    of_first, of_second = first.archived(), second.archived()
    # The same names, and two places.
    assert of_first == of_second
    assert (first.held(), second.held()) == ("0001", "0002")
    assert of_first in archived(s3, "0001") and of_second in archived(s3, "0002")
    taken = claims(s3)
    assert taken["0001"]["system"] == taken["0002"]["system"]
    assert "another machine" in taken["0002"]["why"]
    assert (second.state / "full-due").exists()

    # The same machine, set back to the copy: its next segment is there already, with other bytes. It is kept.
    second.cluster.stop()
    for _ in range(2):
        first.archived()
    before = s3.list_objects_v2(Bucket=BUCKET, Prefix="database/0001/")["Contents"]
    first.cluster.stop()
    shutil.rmtree(first.cluster.data)
    first.cluster.make(second.cluster)
    first.cluster.start()
    again = first.cluster.sql("select pg_walfile_name(pg_current_wal_lsn())")
    first.archived()
    until(lambda: first.cluster.sql("select last_archived_wal from pg_stat_archiver") >= again)
    assert first.held() == "0003"
    assert "other bytes" in claims(s3)["0003"]["why"]
    after = {
        each["Key"]: each["ETag"] for each in s3.list_objects_v2(Bucket=BUCKET, Prefix="database/0001/")["Contents"]
    }
    assert {each["Key"]: after[each["Key"]] for each in before} == {each["Key"]: each["ETag"] for each in before}


def test_a_segment_that_is_handed_over_twice_is_in_the_archive_once(servers, s3):
    server = servers("third")
    server.cluster.start()
    segment = server.archived()
    top = server.cluster.top
    (server.cluster.data / "pg_wal" / "archive_status" / f"{segment}.done").rename(
        server.cluster.data / "pg_wal" / "archive_status" / f"{segment}.ready"
    )
    following = server.archived()
    until(lambda: {segment, following} <= set(archived(s3, server.held())))
    assert server.held() == max(claims(s3))
    assert (top / "errors").read_text() == ""
    assert Path(f"{top}{LAYOUT.backup_state}/archive-error").exists() is False


def test_an_archive_whose_description_was_destroyed_is_left_for_the_next(servers, s3):
    server = servers("fourth")
    server.cluster.start()
    server.archived()
    first = server.held()
    infos = [f"database/{first}/archive/site/{name}" for name in ("archive.info", "archive.info.copy")]
    for key in infos:
        s3.delete_object(Bucket=BUCKET, Key=key)
    server.archived()
    second = server.held()
    assert second > first
    for key in infos:
        s3.put_object(Bucket=BUCKET, Key=key.replace(first, second), Body=b"somebody else's")
    server.archived()
    assert server.held() > second
    assert "overwritten" in claims(s3)[server.held()]["why"]


def test_an_empty_database_takes_no_generation_and_its_first_table_does(servers, s3):
    before = claims(s3)
    server = servers("empty")
    server.cluster.start()
    server.cluster.sql(f"create database {LAYOUT.database}")
    server.archived()
    assert (claims(s3), (server.state / "generation.json").exists()) == (before, False)
    server.cluster.sql("create table first (n int)", LAYOUT.database)
    segment = server.archived()
    assert segment in archived(s3, server.held())
