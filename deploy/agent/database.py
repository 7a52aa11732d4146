"""Which database the site has, and how PostgreSQL's client programs reach it: as the site's role, never with a secret
in their arguments."""

import os
import re
from urllib.parse import parse_qsl, unquote, urlsplit

from agent.paths import ENVIRONMENT, LAYOUT, HostError
from agent.psql import line

SCHEMES = ("postgres", "postgresql", "psql", "pgsql", "postgis")
ASSIGNMENT = re.compile(r'(\w+)="(.*)"\n?')
# libpq's names in the environment: https://www.postgresql.org/docs/current/libpq-envars.html
OPTIONS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}


def url() -> str:
    """DATABASE_URL of the site's environment."""
    return environment().get("DATABASE_URL", "")


def is_here() -> bool:
    """Whether it is this server's PostgreSQL."""
    return not urlsplit(url()).hostname


def client(program: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command line of ``program``, such as pg_dump, and its environment, which names the database.

    Raises HostError for a database that is not PostgreSQL.
    """
    return line(LAYOUT["site_user"], *arguments, program=program), os.environ | variables(url())


def variables(address: str) -> dict[str, str]:
    """libpq's variables for a DATABASE_URL; those of this server's database for one without a host."""
    parts = urlsplit(address)
    if parts.scheme and parts.scheme not in SCHEMES:
        raise HostError(f"DATABASE_URL is {parts.scheme}:, and `make db` knows PostgreSQL alone")
    if not parts.hostname:
        return {"PGDATABASE": LAYOUT["database"]}
    known = {
        "PGHOST": parts.hostname,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    known |= {OPTIONS[name]: value for name, value in parse_qsl(parts.query) if name in OPTIONS}
    return {name: value for name, value in known.items() if value}


def environment() -> dict[str, str]:
    """The site's, as systemd reads it."""
    found = filter(None, map(ASSIGNMENT.fullmatch, ENVIRONMENT.read_text().splitlines(keepends=True)))
    return {each[1]: re.sub(r"\\(.)", r"\1", each[2]) for each in found}
