"""What is known on the server of its backups.

last.json: ``generation``; ``full``, ``diff`` and ``dump``, each with ``label``, ``began`` (UTC), ``seconds``, ``size``
(bytes of the database) and ``stored`` (bytes in the bucket); ``error`` of the last attempt (``kind``, ``at``, ``text``)
or null. running.json, while one is made: ``kind``, ``why``, ``began``, ``percent``.
"""

import json
import time
from pathlib import Path

from agent import generation
from agent.paths import BACKUP_STATE, LAYOUT, settings
from agent.s3 import settings as backup_settings
from agent.units import shown

UNIT, TIMER = LAYOUT["backup_unit"], LAYOUT["backup_timer"]
LAST, RUNNING = BACKUP_STATE / "last.json", BACKUP_STATE / "running.json"
ARCHIVE_ERROR = BACKUP_STATE / "archive-error"
# How a server backs up: PostgreSQL's WAL, or a dump of a database elsewhere; not, for want of a bucket or its key.
WAL, DUMP, MISSING = "wal", "dump", "missing"


def kind() -> str:
    """WAL, DUMP or MISSING; "none" where site.yml says so, "" where an earlier version provisioned."""
    return settings().get("backups", "")


def last() -> dict:
    return _read(LAST)


def running() -> dict:
    """The backup that is made at this moment; {} when none is."""
    return _read(RUNNING) if is_active() else {}


def is_active() -> bool:
    return shown([UNIT], "ActiveState")[UNIT]["ActiveState"] in ("activating", "active", "deactivating")


def missing() -> dict:
    """Why a full backup is due beside the calendar: ``reason``, ``since``, ``last``; {} when none is."""
    return _read(generation.FULL_DUE)


def archive_error() -> dict:
    """Why the last WAL file was not archived: ``since``, ``file``, ``error``; {} when it was."""
    return _read(ARCHIVE_ERROR)


def waiting() -> int | None:
    """Seconds since PostgreSQL finished the oldest WAL file that is not archived; 0 when all are, None without WAL."""
    path = backup_settings().get("pg1-path")
    if not path:
        return None
    ages = [0.0]
    for each in (Path(path) / "pg_wal" / "archive_status").glob("*.ready"):
        try:
            ages.append(time.time() - each.stat().st_mtime)
        except FileNotFoundError:
            continue
    return max(0, int(max(ages)))


def _read(path: Path) -> dict:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
