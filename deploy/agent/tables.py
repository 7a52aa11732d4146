"""A hash of each table at one point of the WAL: what two copies of a database are compared by.

Both sides print the same hashes where, and only where, both have the same rows: the live server at the point, and a
copy that was recovered to it (recovery_target_name). A row counts as its text, in settings that are the same
everywhere; the sum of the rows' hashes needs no order and no memory, and a row that is there twice counts twice.

What is not hashed: unlogged tables (empty after a recovery), materialized views (made from the tables), and tables that
the site's role may not read, which are named. Sequences are not transactional, and a recovered one may be ahead of
what was used: their positions are printed, and a copy's must not be behind.
"""

import datetime
import json
import time

from agent import migrate
from agent.paths import LAYOUT, HostError
from agent.psql import Session

TRIES = 5
PAUSE = 2  # seconds
# All of it is locked or nothing: a visitor who writes waits no longer than this. It is less than PostgreSQL waits
# before it looks for a deadlock (1 s) and ends the one who finds it: that would be the visitor's transaction.
LOCK_MILLISECONDS = 800
# Instead this session looks early: it gives way in a deadlock, and autovacuum gives way to it.
LOCKING = "-c deadlock_timeout=100 -c idle_in_transaction_session_timeout=10s"
# What a row's text depends on.
TEXT = (
    "-c TimeZone=UTC -c DateStyle=ISO,YMD -c IntervalStyle=postgres -c extra_float_digits=1 -c bytea_output=hex "
    "-c lc_monetary=C -c quote_all_identifiers=off"
)
# Nothing limits how long hashing takes; a policy that hides rows is an error, and no other hash.
HASHING = f"{TEXT} -c row_security=off -c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
ARCHIVE_SECONDS = 60

# A partitioned table has its rows in its partitions.
TABLES = f"""
select coalesce(json_agg(json_build_array(format('%I.%I', n.nspname, c.relname),
                                          has_table_privilege('{LAYOUT["site_user"]}', c.oid, 'select'))
                         order by n.nspname, c.relname), '[]')
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
"""
LARGE_OBJECTS = "pg_catalog.pg_largeobject"
SEQUENCES = """
select coalesce(json_object_agg(format('%I.%I', schemaname, sequencename), last_value * sign(increment_by)), '{}')
from pg_sequences where not cycle and last_value is not null
"""
# 64 bits of a row's hash: their sum, a numeric, never overflows.
HASH = (
    "select json_build_object('rows', count(*), 'hash', coalesce(sum(('x' || left(md5(({row})::text), 16))"
    "::bit(64)::bigint), 0)::text) from only {table} t"
)
POINT = """
select json_build_object('name', '{name}', 'lsn', pg_create_restore_point('{name}'), 'snapshot', pg_export_snapshot(),
                         'time', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
"""


def marked() -> dict:
    """Marks a point in the WAL, and hashes each table as it is there; nobody waits while it is hashed.

    ``name`` and ``lsn`` of the point, its ``time`` (UTC), ``tables``: {name: {"rows", "hash"}}, ``sequences``: {name:
    position}, ``unread``: names, ``waited``: the milliseconds for which writers waited, ``archived``: whether the WAL
    up to the point has been archived, None where PostgreSQL archives nothing.

    Raises HostError when a transaction holds a table all the time.
    """
    reason = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        try:
            point = _point()
        except HostError as error:
            reason = str(error)
            continue
        point["archived"] = _archived(point["lsn"])
        return point
    holder = migrate.locked_by() if "timeout" in reason or "deadlock" in reason else ""
    raise HostError(
        f"the tables cannot be locked together for a moment, {TRIES} times: {reason}"
        f"{f'; the table {holder}' if holder else ''}; nothing has changed, so run the command again"
    )


def _point() -> dict:
    """One attempt. Raises HostError."""
    site, postgres = LAYOUT["site_user"], "postgres"
    with Session(postgres, LOCKING) as lock, Session(site, HASHING) as reader, Session(postgres, HASHING) as objects:
        tables = json.loads(lock.ask(TABLES))
        names = ", ".join(f"only {name}" for name, _ in tables)
        # LOCK takes no snapshot: that of the statement after it sees every transaction that wrote before.
        lock.ask("begin isolation level repeatable read", f"set local statement_timeout = {LOCK_MILLISECONDS}")
        locked = time.monotonic()
        lock.ask(f"lock table {f'{names}, ' if names else ''}{LARGE_OBJECTS} in share mode")
        sequences = json.loads(lock.ask(SEQUENCES))
        # A recovery ends at the first point of its name.
        name = f"slipway-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S.%fZ}"
        point = json.loads(lock.ask(POINT.format(name=name)))
        snapshot = point.pop("snapshot")
        for session in (reader, objects):
            session.ask("begin isolation level repeatable read read only", f"set transaction snapshot '{snapshot}'")
        lock.ask("commit")
        waited = round((time.monotonic() - locked) * 1000)
        if json.loads(reader.ask(TABLES)) != tables:
            raise HostError("a table was made or renamed meanwhile")
        hashes = {name: json.loads(reader.ask(HASH.format(row="t.*", table=name))) for name, read in tables if read}
        # No role of the site's may read this table, and it has none of the site's types.
        row = "t.loid || ' ' || t.pageno || ' ' || encode(t.data, 'hex')"
        hashes[LARGE_OBJECTS] = json.loads(objects.ask(HASH.format(row=row, table=LARGE_OBJECTS)))
    unread = [name for name, read in tables if not read]
    return point | {"tables": hashes, "sequences": sequences, "unread": unread, "waited": waited}


def _archived(lsn: str) -> bool | None:
    """Waits until the WAL up to ``lsn`` is archived; a restore finds the point only then."""
    with Session("postgres") as session:
        if session.ask("show archive_mode") == "off":
            return None
        segment = session.ask("select pg_switch_wal()", f"select pg_walfile_name('{lsn}')").splitlines()[-1]
        deadline = time.monotonic() + ARCHIVE_SECONDS
        while time.monotonic() < deadline:
            # Names of one timeline are in the order of the WAL; the archiver may be at a history file.
            last = session.ask("select coalesce(last_archived_wal, '') from pg_stat_archiver")
            if len(last) >= len(segment) and last[: len(segment)] >= segment:
                return True
            time.sleep(0.2)
    return False
