"""Counts what a deploy asks of its server: the commands that it runs over SSH, and the connections that it opens."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

# Before the real ssh in PATH. `ssh -G` asks no server.
SSH = """#!/bin/sh
case " $* " in *" -G "*) ;; *) echo "$*" | tr '\\n' ' ' | sed 's/$/\\n/' >> {log} ;; esac
exec {ssh} "$@"
"""


class RoundTrips(NamedTuple):
    """``connections`` are those of their own; the other ``commands`` share one."""

    commands: int
    connections: int


@contextmanager
def counted(environment: Mapping[str, str]) -> Iterator[tuple[dict[str, str], Callable[[], RoundTrips]]]:
    """The ``environment`` in which each ssh is counted, and what returns their number so far."""
    with tempfile.TemporaryDirectory(prefix="bench-deploy-") as folder:
        log, fake = Path(folder, "log"), Path(folder, "ssh")
        log.touch()
        fake.write_text(SSH.format(log=log, ssh=shutil.which("ssh")))
        fake.chmod(0o755)

        def count() -> RoundTrips:
            lines = log.read_text().splitlines()
            alone = sum("ControlPath=none" in line for line in lines)
            return RoundTrips(len(lines), alone + 1)

        yield {**environment, "PATH": f"{folder}{os.pathsep}{environment['PATH']}"}, count
