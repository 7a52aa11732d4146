"""Brings the database up to a release, while the old one serves."""

import json
import os
import re

from agent import cause, jobs, processes, releases
from agent.paths import LAYOUT, HostError

UNIT = "slipway-migrate"
# A migration that waits for a lock makes every query behind it wait too.
LOCK_TIMEOUT = "5s"
# A question: no release may keep the host from the next step by not answering it.
LIMIT = "RuntimeMaxSec=2min"
# Asked of the database itself: after a rollback the code knows fewer than are applied.
APPLIED = (
    "import json; from django.db import connection; from django.db.migrations.recorder import MigrationRecorder; "
    "print(json.dumps(['.'.join(each) for each in MigrationRecorder(connection).applied_migrations()]))"
)
HOLDERS = """
select c.relname || ', locked by ' || coalesce(nullif(a.application_name, ''), a.usename) || ' (process ' || a.pid
       || ', ' || a.state || ' since ' || to_char(a.state_change, 'HH24:MI:SS') || ')'
from pg_locks l join pg_class c on c.oid = l.relation join pg_stat_activity a on a.pid = l.pid
where l.granted and a.pid <> pg_backend_pid() and c.relkind = 'r' and c.relname !~ '^pg_'
order by a.state_change limit 1
"""


def applied(name: str) -> list[str]:
    """The applied migrations, as ``app.name``, asked by release ``name``; none without one."""
    if not name:
        return []
    done = jobs.manage(name, ["shell", "--verbosity", "0", "--command", APPLIED], LIMIT, unit="slipway-migrations")
    if done.returncode:
        raise HostError(f"the applied migrations cannot be read: {done.killed or _last(done)}")
    try:
        return sorted(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        raise HostError(
            f"the applied migrations cannot be read: release {name} printed {done.stdout[-100:]!r}"
        ) from None


def migrate(name: str) -> str:
    """Runs the migrations of release ``name``; what was done, in a few words.

    Raises HostError with the migration and the database's own words.
    """
    name = releases.find(name)
    left = cause.shown(UNIT, "MainPID", "ExecMainStartTimestamp")
    # Ended in the middle, one that is not atomic would leave half of itself behind.
    if left.get("MainPID", "0") != "0":
        raise HostError(
            f"migrations of an earlier deploy still run, since {left.get('ExecMainStartTimestamp')}; "
            f"wait for them and deploy again, or end them on the server: `sudo systemctl stop {UNIT}`"
        )
    limits = f'Environment="PGOPTIONS=-c lock_timeout={LOCK_TIMEOUT}"'
    done = jobs.manage(name, ["migrate", "--noinput", "--no-color"], limits, unit=UNIT)
    ran = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  Applying ")]
    if not done.returncode:
        return f"{len(ran)} applied" if ran else "nothing to migrate"
    where = f"migration {ran[-1].rstrip('.')}" if ran else "the migrations"
    reason = done.killed or _last(done)
    if "lock timeout" in done.stderr:
        reason = f"gave up after {LOCK_TIMEOUT} waiting for the table {_holder()}"
    raise HostError(f"{where} failed: {reason}; the old release serves on, and a transaction leaves nothing behind")


def _holder() -> str:
    line = ["runuser", "-u", "postgres", "--", "psql", "-XAtqc", HOLDERS, LAYOUT["database"]]
    # The database is the release's: an operator of its own would run as whoever asks, and here that may do anything.
    env = os.environ | {"PGOPTIONS": "-c search_path=pg_catalog"}
    done = processes.run(line, cwd="/", env=env)
    return done.stdout.strip() or "that somebody else has locked"


def _last(done: jobs.Ended) -> str:
    """The last exception with what the database says beside it: DETAIL and HINT come after, and mean little alone."""
    lines = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
    group = [each for each in cause.raised(lines) if each.members][-1:]
    if group:
        return group[0].words()
    traced = [n for n, line in enumerate(lines) if line.strip() == cause.HEADER]
    # Whatever its class is called, it stands where the indented places end.
    ended = [n for n, line in enumerate(lines) if traced and n > traced[-1] and line[:1].strip()]
    named = [n for n, line in enumerate(lines) if re.match(r"\s*[\w.]+(Error|Exception)\b", line)]
    start = max([*ended[:1], *named[-1:]], default=-1)
    return " ".join(line.strip() for line in lines[start:] if line.strip())
