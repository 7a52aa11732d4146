"""The table `photos`, by which a restored database is known."""

from tests.integration.backup.cluster import Cluster

GENERATION = "0101"
# Of another server, before it.
OTHER = "0100"


def insert(cluster: Cluster, number: int) -> None:
    cluster.sql(f"insert into photos values ({number})", "slipway")


def photos(cluster: Cluster) -> str:
    return cluster.sql("select string_agg(id::text, ',' order by id) from photos", "slipway")


def timeline(cluster: Cluster) -> int:
    return int(cluster.sql("select timeline_id from pg_control_checkpoint()"))


def now(cluster: Cluster) -> str:
    """PostgreSQL's own, in ISO form."""
    return cluster.sql("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US+00:00')")
