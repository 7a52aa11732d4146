"""psql for the server's own database: a session that stays open, statement after statement."""

import os
import subprocess
from collections.abc import Mapping, Sequence

from agent.paths import LAYOUT, HostError

# The release owns the database: an operator or a function that it defines must not be found by its bare name.
SAFE = "-c search_path=pg_catalog"
MARK = "slipway: done"


def line(role: str, *arguments: str, program: str = "psql") -> list[str]:
    """The command line of a client program as ``role``, which is a user of this host: peer login."""
    return ["runuser", "-u", role, "--", program, *arguments]


def environment(options: str = "") -> dict[str, str]:
    """The environment of a client, with the settings of its session, which win over the role's own."""
    return os.environ | {"PGOPTIONS": f"{SAFE} {options}".strip(), "PGAPPNAME": "slipway"}


class Session:
    """One connection. It ends with this process, and its transaction is rolled back then."""

    def __init__(
        self,
        role: str,
        options: str = "",
        database: str = LAYOUT["database"],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """``variables`` are libpq's, for a database elsewhere."""
        words = ("-XAtq", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=terse", database)
        there = environment(options) | (variables or {})
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self._process = subprocess.Popen(line(role, *words), cwd="/", env=there, text=True, encoding="utf-8", **pipes)

    def ask(self, *statements: str) -> str:
        """What the statements print. Raises HostError with PostgreSQL's own error; the session has ended then."""
        try:
            self._process.stdin.write("".join(f"{each};\n" for each in statements) + f"\\echo {MARK}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        printed: list[str] = []
        for text in self._process.stdout:
            if text == f"{MARK}\n":
                return "".join(printed).rstrip("\n")
            printed.append(text)
        raise HostError(reason(self._process.communicate()[1]))

    def close(self) -> None:
        self._process.communicate()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def reason(written: str) -> str:
    """PostgreSQL's last error, without psql's own words before it."""
    lines: Sequence[str] = written.strip().splitlines() or ["psql ended and wrote nothing"]
    errors = [each for each in lines if "ERROR: " in each or "FATAL: " in each] or lines
    return errors[-1].rpartition("ERROR: ")[2].rpartition("FATAL: ")[2].removeprefix("psql: error: ").strip()
