"""`slipway password`: gives the site's role, in a database elsewhere, the next password of the site's environment.

https://www.postgresql.org/docs/current/auth-password.html
"""

import base64
import hashlib
import hmac
import os
import unicodedata

from agent import database, processes
from agent.paths import LAYOUT, HostError
from agent.psql import Session, line, reason

NEXT = "DATABASE_PASSWORD_NEXT"
ITERATIONS = 4096  # PostgreSQL's own number


def change() -> str:
    """What was done, in a line. Raises HostError, and the role has its password of before then."""
    environment = database.environment()
    now = database.variables(environment.get("DATABASE_URL", ""))
    following = now | {"PGPASSWORD": environment.get(NEXT, "")}
    if "PGHOST" not in now or not following["PGPASSWORD"]:
        raise HostError(f"the site's environment has no {NEXT} for a database elsewhere: nothing was changed")
    role = now.get("PGUSER", "")
    if not _rejected(following):
        return f"{role} has the next password already"
    with Session(LAYOUT["site_user"], database=now["PGDATABASE"], variables=now) as session:
        session.ask(_statement(following["PGPASSWORD"]))
        if rejected := _rejected(following):
            session.ask(_statement(now["PGPASSWORD"]))
            raise HostError(
                f"the next password of {role} is not taken ({rejected}), and the one of before is set again: "
                "a pooler or a proxy before the database may have passwords of its own"
            )
    return f"{role} has the next password"


def _statement(password: str) -> str:
    # A role may do this to itself. The database's log gets no password: what is sent is made of it.
    return f"ALTER ROLE CURRENT_USER PASSWORD '{verifier(password, os.urandom(16))}'"


def verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL keeps of ``password``, by RFC 5803; it takes it in place of a password."""
    text = unicodedata.normalize("NFKC", password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", text, salt, ITERATIONS)
    key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    words = [base64.b64encode(each).decode() for each in (salt, key, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{words[0]}${words[1]}:{words[2]}"


def _rejected(variables: dict[str, str]) -> str:
    """Why the database does not let in with these; "" when it does."""
    command = line(LAYOUT["site_user"], "-XAtqc", "select 1")
    done = processes.run(command, cwd="/", env=os.environ | variables)
    return reason(done.stderr) if done.returncode else ""
