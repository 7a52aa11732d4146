"""Which errors mean that PostgreSQL itself is away: stopped, restarting, or not to be reached."""

import re
from collections.abc import Iterator

# https://www.postgresql.org/docs/current/errcodes-appendix.html
# admin_shutdown, crash_shutdown, cannot_connect_now; and what ends with a connection.
STATES = {"57P01", "57P02", "57P03", "08000", "08001", "08003", "08006"}
# A failed connection has no state, and neither has one that broke. libpq's words are English wherever the process does
# not ask for another language; the server's are what its lc_messages says (`C` on a server of ours).
WORDS = re.compile(
    r"connection refused|connection reset by peer|broken pipe|no route to host|network is unreachable"
    r"|(failed|connect to server): no such file or directory"
    r"|connection timed out|timeout expired"
    r"|server closed the connection|ssl connection has been closed|eof detected"
    r"|the connection is (closed|lost)|connection already closed",
    re.I,
)
# The server's own words, and all that it says of itself while it starts, stops or recovers.
SAID = re.compile(
    r"the database system is |terminating connection due to (administrator command|unexpected postmaster)"
)
KINDS = {"OperationalError", "InterfaceError"}


def is_away(error: BaseException | None) -> bool:
    """Whether ``error``, or one that led to it, says so. It may be the driver's or Django's."""
    return any(map(_says_so, _chain(error)))


def _says_so(error: BaseException) -> bool:
    if not KINDS & {kind.__name__ for kind in type(error).__mro__}:
        return False
    # psycopg's name, and psycopg2's.
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    if state:
        return state in STATES
    text = str(error)
    fatal = [line for line in text.splitlines() if "FATAL:" in line]
    # Of several addresses one may be away, and another reject the password.
    return all(map(SAID.search, fatal)) if fatal else bool(WORDS.search(text))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
