"""A DROP DATABASE that a recovery ends in. PostgreSQL removes the files first, and only then writes that it is done.

A time stops a recovery at the end of a transaction. So the last moment before a DROP DATABASE has a database without
its files, where no other transaction ended in between. The place in the WAL where its transaction begins comes before.
By then the database is marked as one that is being dropped: the mark alone is no loss.
https://www.postgresql.org/docs/current/runtime-config-wal.html#RUNTIME-CONFIG-WAL-RECOVERY-TARGET
"""

import re
from pathlib import Path

from agent.cluster import Cluster, as_postgres
from agent.paths import LAYOUT, HostError

# Null for a folder that is not there.
GONE = (
    f"select count(*) from pg_database where datname = '{LAYOUT['database']}' "
    "and (pg_stat_file('base/' || oid, true)).modification is null"
)
# What a DROP DATABASE writes first, outside its transaction.
VALID = f"update pg_database set datconnlimit = -1 where datname = '{LAYOUT['database']}' and datconnlimit = -2"
LSN = re.compile(r"\blsn: ([0-9A-F]+/[0-9A-F]+)")


def begin(cluster: Cluster, socket: Path, directory: Path, timeline: int, transaction: str, end: int, size: int) -> str:
    """Where the WAL of ``transaction`` begins, if it has removed the files of the site's database in ``directory``; ""
    if they are there. The recovered PostgreSQL answers at ``socket``. It stopped at ``end``; a segment has ``size``
    bytes. Raises HostError when the WAL does not show it.
    """
    if cluster.ask(GONE, socket) == "0":
        return ""
    # It may have begun in the segment before.
    for segment in (end // size - 1, end // size):
        line = [cluster.program("pg_waldump"), "--path", str(directory / "pg_wal"), "--timeline", str(timeline)]
        line += ["--xid", transaction, "--start", _shown(segment * size)]
        # It fails at the end of the WAL, and has written what it found.
        if segment >= 0 and transaction and (found := LSN.search(as_postgres(*line).stdout)):
            return found[1]
    raise HostError(
        "at that time its database was being dropped, and its files are gone before that is done: "
        "give a TO= a little earlier"
    )


def undo_mark(cluster: Cluster, socket: Path) -> None:
    """Lets the site connect to its database again, which a DROP DATABASE had only begun to drop."""
    cluster.ask(VALID, socket)


def _shown(place: int) -> str:
    return f"{place >> 32:X}/{place & 0xFFFFFFFF:X}"
