"""`make db COMMAND=pull`: fills the development database of this machine from the server's.

Sessions stay behind. A project that has a management command `anonymise` gets it called on the copy, before anybody
sees it; if it fails, the copy is emptied again.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from slipway import ROOT
from slipway.tool.backups import database
from slipway.tool.server.connection import Connection
from slipway.web import switch
from slipway.web.errors import SlipwayError

HOOK = "anonymise"
LOCAL_HOSTS = ("", "localhost", "127.0.0.1", "::1")
RESTORE = ("--no-owner", "--no-privileges", "--clean", "--if-exists", "--exit-on-error", "--single-transaction")
# Drops whatever is in it, apart from what an extension has made.
EMPTY = """
do $$ declare kind text; name text; begin
  for kind, name in
    select case relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
                        when 'f' then 'foreign table' else 'table' end, format('%I.%I', nspname, relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where relkind in ('r', 'p', 'v', 'm', 'S', 'f') and nspname !~ '^pg_' and nspname <> 'information_schema'
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('e', 'i', 'a'))
  loop execute format('drop %s if exists %s cascade', kind, name); end loop;
end $$
"""


def pull(connection: Connection) -> Iterator[str]:
    """Fills the local database; yields a line for each thing done. Raises SlipwayError."""
    target = _local()
    with tempfile.TemporaryDirectory(prefix="slipway-pull-") as folder:
        file = Path(folder) / "site.dump"
        size = database.dump(connection, file, [target["sessions"]] if target["sessions"] else [])
        # Before anything is dropped: whether this machine's pg_restore can read it.
        _run(target, "pg_restore", "--list", str(file))
        _run(target, "psql", "-XAtqv", "ON_ERROR_STOP=1", "--command", EMPTY)
        _run(target, "pg_restore", *RESTORE, "--dbname", target["NAME"], str(file))
    yield f"{target['NAME']} on this machine has the site's data: {size / 1e6:.1f} MB, no sessions"
    if not target["hook"]:
        yield (
            f"it holds your visitors' personal data: a management command `{HOOK}` of yours would be called now, "
            "to replace it"
        )
        return
    done = _manage(HOOK, stdout=None)
    if done.returncode:
        _run(target, "psql", "-XAtqv", "ON_ERROR_STOP=1", "--command", EMPTY)
        raise SlipwayError(f"manage.py {HOOK} failed, so the local database was emptied: mend it, and pull again")
    yield f"manage.py {HOOK} has run on it"


def _local() -> dict:
    """The development database: Django's keys, `sessions` (a table, or ""), `hook` (whether the project has it).

    Raises SlipwayError unless it is PostgreSQL on this machine.
    """
    done = _manage("local_database", HOOK)
    if done.returncode:
        raise SlipwayError((done.stderr.strip().splitlines() or ["no output"])[-1].removeprefix("slipway: "))
    target = json.loads(done.stdout.splitlines()[-1])
    if target["vendor"] == "sqlite":
        raise SlipwayError(
            f'the local database is SQLite, and the server\'s is PostgreSQL: write DATABASES = {{"default": '
            f'env.db("DATABASE_URL", default="sqlite:///…")}} into {target["settings"]}, and run '
            "`createdb mysite; export DATABASE_URL=postgres:///mysite`"
        )
    if target["vendor"] != "postgresql":
        raise SlipwayError(f"the local database is {target['vendor']}, and the server's is PostgreSQL")
    if target["HOST"] not in LOCAL_HOSTS and not target["HOST"].startswith("/"):
        raise SlipwayError(
            f"{target['settings']}: the database is on {target['HOST']}, which is not this machine; nothing was changed"
        )
    return target


def _manage(*arguments: str, stdout: int | None = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != switch.VARIABLE}
    line = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(
        line, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stdout, text=True, check=False
    )


def _run(target: dict, program: str, *arguments: str) -> None:
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    environment = os.environ | {name: str(target[key]) for name, key in names.items() if target[key]}
    environment["PGOPTIONS"] = "-c client_min_messages=warning"
    try:
        done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SlipwayError(f"{program} is not installed; `apt install postgresql-client`, or brew's libpq") from None
    if done.returncode:
        lines = [each for each in done.stderr.splitlines() if "rror: " in each] or done.stderr.splitlines() or ["?"]
        raise SlipwayError(f"the local database: {lines[0].removeprefix(f'{program}: ').removeprefix('error: ')}")
