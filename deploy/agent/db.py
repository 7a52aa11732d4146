"""`slipway db`: psql, a dump and a load of the site's database, for the person at the other end of SSH.

psql and pg_dump run outside the slot: each is one client of few MB, whatever the database's size, and a person looks
into the database when something else has the slot and does not end. A load has the slot.

A load goes into a database beside the site's. The two change names in one transaction, once all of the dump is in; the
release's migrations and its health come after, and the names are changed back if they fail.
"""

import json
import os
import signal
import subprocess
import time
from typing import IO, NoReturn

from agent import activate, backup, database, migrate, progress, releases, slot
from agent.paths import LAYOUT, HostError
from agent.psql import Session

NAME, SITE = LAYOUT["database"], LAYOUT["site_user"]
# pg_hba.conf lets the site's role into this one too.
LOADING = f"{NAME}_loading"
BEFORE = f"{NAME}_before"
DUMP = ("--format=custom", "--no-owner", "--no-privileges")
RESTORE = ("--no-owner", "--no-privileges", "--exit-on-error")
# The site connects again at once: it takes a few turns to find the moment with no session.
TRIES = 20


def psql() -> NoReturn:
    """Becomes psql, as the site's role, for the person at this terminal or at the other end of the pipe."""
    # It ends with the connection.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    _become(*database.client("psql"))


def dump(without: list[str]) -> NoReturn:
    """Becomes pg_dump, which writes to stdout; of the tables ``without`` only their definition."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    _become(*database.client("pg_dump", *DUMP, *(f"--exclude-table-data={each}" for each in without)))


def _become(line: list[str], environment: dict[str, str]) -> NoReturn:
    os.chdir("/")
    os.execvpe(line[0], line, environment)


def load(source: IO[bytes]) -> str:
    """Replaces the site's database by the dump that ``source`` has; returns what was done, in a line.

    Raises HostError, and the database is as it was then; the message says so.
    """
    if database.is_here():
        return _load_here(source)
    return _load_elsewhere(source)


def _load_here(source: IO[bytes]) -> str:
    with slot.held("a load of the database", "slipway-load.service"):
        with Session("postgres", database="postgres") as session:
            session.ask(f"drop database if exists {LOADING} with (force)")
            session.ask(_create(session))
        try:
            _restore(source, "--dbname", LOADING)
        except HostError as error:
            _drop(LOADING)
            raise HostError(f"the dump was not loaded: {error}; the database is as it was") from None
        before = _point()
        _drop(BEFORE)
        _exchange({NAME: BEFORE, LOADING: NAME})
    try:
        migrated = _bring_up()
    except HostError as error:
        _exchange({NAME: LOADING, BEFORE: NAME})
        activate.restart()
        _drop(LOADING)
        raise HostError(f"the site is not well with it: {error}; the database before it is back") from None
    if not before:
        kept = f"the database before it is kept as {BEFORE}, until the next load"
    else:
        _drop(BEFORE)
        kept = f'the database before it: make restore TO="{before}"'
    return f"loaded; {migrated}; {kept}"


def _load_elsewhere(source: IO[bytes]) -> str:
    _back_up()
    with slot.held("a load of the database", "slipway-load.service"):
        try:
            # One transaction: a dump that fails leaves what was there.
            _restore(source, "--clean", "--if-exists", "--single-transaction", "--dbname", "")
        except HostError as error:
            raise HostError(f"the dump was not loaded: {error}; the database is as it was") from None
    try:
        migrated = _bring_up()
    except HostError as error:
        raise HostError(
            f"the dump is loaded and the site is not well with it: {error}; the newest dump that `make backups` lists "
            "is the database before it"
        ) from None
    return f"loaded; {migrated}; the database before it is the newest dump that `make backups` lists"


def _back_up() -> None:
    progress.say(backup.ask(backup.FULL))


def _restore(source: IO[bytes], *arguments: str) -> None:
    line, environment = database.client("pg_restore", *RESTORE, *arguments)
    done = subprocess.run(line, cwd="/", env=environment, stdin=source, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["pg_restore wrote nothing"]
        # "pg_restore: error: could not execute query: ERROR: …", then the query.
        told = [each for each in lines if "error: " in each or "ERROR: " in each] or lines
        raise HostError(told[0].removeprefix("pg_restore: ").removeprefix("error: "))


def _create(session: Session) -> str:
    like = json.loads(
        session.ask(
            "select json_build_object('encoding', pg_encoding_to_char(encoding), 'collate', datcollate, 'ctype', "
            f"datctype) from pg_database where datname = '{NAME}'"
        )
    )
    return (
        f"create database {LOADING} owner {SITE} template template0 encoding '{like['encoding']}' "
        f"lc_collate '{like['collate']}' lc_ctype '{like['ctype']}'"
    )


def _point() -> str:
    """The time that `make restore TO=` takes for the database as it is now, UTC; "" where nothing is archived."""
    with Session("postgres") as session:
        if session.ask("show archive_mode") == "off":
            return ""
        return session.ask(
            "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') from "
            "(select pg_create_restore_point('slipway-before-load')) point"
        )


def _exchange(names: dict[str, str]) -> None:
    """Renames databases in one transaction, which ends the sessions of each. Raises HostError."""
    renames = [f"alter database {old} rename to {new}" for old, new in names.items()]
    sessions = ", ".join(f"'{name}'" for name in names)
    for attempt in range(TRIES):
        try:
            with Session("postgres", database="postgres") as session:
                session.ask(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname in "
                    f"({sessions}) and pid <> pg_backend_pid()"
                )
                session.ask("begin", *renames, "commit")
            return
        except HostError as error:
            if attempt == TRIES - 1 or "accessed by other users" not in str(error):
                raise
            time.sleep(0.1)


def _bring_up() -> str:
    """The serving release, on the database that has its name now; what its migrations did. Raises HostError."""
    if not releases.current():
        return "no release serves yet"
    migrated = migrate.migrate(releases.current())
    activate.restart()
    return migrated


def _drop(name: str) -> None:
    with Session("postgres", database="postgres") as session:
        session.ask(f"drop database if exists {name} with (force)")
