"""Brings the database up to a release, while the old one serves."""

import json
import os
import re

from agent import cause, database, jobs, processes, releases
from agent.paths import LAYOUT, HostError

UNIT = "slipway-migrate"
# A migration that waits for a lock makes every query behind it wait too.
LOCK_TIMEOUT = "5s"
# A release that hangs must not keep the host from the next step.
LIMIT = "RuntimeMaxSec=2min"
# Read from the database: after a rollback the code has fewer migrations than are applied.
APPLIED = (
    "import json; from django.db import connection; from django.db.migrations.recorder import MigrationRecorder; "
    "print(json.dumps(['.'.join(each) for each in MigrationRecorder(connection).applied_migrations()]))"
)
# The same without Django, which takes a second to load; in whatever schema the table is.
SCHEMAS = "select quote_ident(schemaname) from pg_catalog.pg_tables where tablename = 'django_migrations'"
ROWS = "select coalesce(json_agg(app || '.' || name), '[]') from {}.django_migrations"
HOLDERS = """
select c.relname || ', locked by ' || coalesce(nullif(a.application_name, ''), a.usename) || ' (process ' || a.pid
       || ', ' || a.state || ' since ' || to_char(a.state_change, 'HH24:MI:SS') || ')'
from pg_locks l join pg_class c on c.oid = l.relation join pg_stat_activity a on a.pid = l.pid
where l.granted and a.pid <> pg_backend_pid() and c.relkind = 'r' and c.relname !~ '^pg_'
order by a.state_change limit 1
"""


def applied(name: str, *, by_django: bool = False) -> list[str]:
    """The applied migrations, as ``app.name``, as release ``name`` knows them; none without one."""
    if not name:
        return []
    read = None if by_django else _read()
    if read is not None:
        return read
    done = jobs.manage(name, ["shell", "--verbosity", "0", "--command", APPLIED], LIMIT, unit="slipway-migrations")
    if done.returncode:
        raise HostError(f"the applied migrations cannot be read: {done.killed or _last(done)}")
    try:
        return sorted(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError, TypeError):
        raise HostError(
            f"the applied migrations cannot be read: release {name} printed {done.stdout[-100:]!r}"
        ) from None


def _read() -> list[str] | None:
    """What the one table of that name has; None where Django has to say which is its own."""
    schemas = _ask(SCHEMAS).split("\n")
    try:
        return sorted(json.loads(_ask(ROWS.format(*schemas)))) if len(schemas) == 1 and schemas[0] else None
    except ValueError:
        return None


def _ask(statement: str) -> str:
    """ "" where PostgreSQL's client cannot ask the site's database."""
    try:
        line, env = database.client("psql", "-XAtqc", statement)
    except HostError:
        return ""
    done = processes.run(line, cwd="/", env=env)
    return "" if done.returncode else done.stdout.strip()


def migrate(name: str) -> str:
    """Runs the migrations of release ``name``; returns what was done, in a few words.

    Raises HostError with the migration and the database's own message.
    """
    name = releases.find(name)
    running = cause.shown(UNIT, "MainPID", "ExecMainStartTimestamp")
    # A migration that is not atomic would be left half done if it were stopped.
    if running.get("MainPID", "0") != "0":
        raise HostError(
            f"migrations of an earlier deploy still run, since {running.get('ExecMainStartTimestamp')}; "
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
        reason = f"gave up after {LOCK_TIMEOUT} waiting for the table {locked_by()}"
    raise HostError(f"{where} failed: {reason}; the old release stays live, and a transaction leaves nothing behind")


def locked_by() -> str:
    line = ["runuser", "-u", "postgres", "--", "psql", "-XAtqc", HOLDERS, LAYOUT["database"]]
    # The release owns the database: an operator that it defines would run as the caller, here a superuser.
    env = os.environ | {"PGOPTIONS": "-c search_path=pg_catalog"}
    done = processes.run(line, cwd="/", env=env)
    return done.stdout.strip() or "that another process has locked"


def _last(done: jobs.Result) -> str:
    """The last exception with what the database says beside it: DETAIL and HINT come after, and mean little alone."""
    lines = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
    group = [each for each in cause.exceptions(lines) if each.members][-1:]
    if group:
        return group[0].summary()
    traced = [n for n, line in enumerate(lines) if line.strip() == cause.HEADER]
    # Whatever its class is called, the exception is the first line after the indented frames.
    ended = [n for n, line in enumerate(lines) if traced and n > traced[-1] and line[:1].strip()]
    named = [n for n, line in enumerate(lines) if re.match(r"\s*[\w.]+(Error|Exception)\b", line)]
    start = max([*ended[:1], *named[-1:]], default=-1)
    return " ".join(line.strip() for line in lines[start:] if line.strip())
