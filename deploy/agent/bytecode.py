"""Compiles modules to bytecode: the application's user cannot write beside them, and would compile at each start.

Root never starts a venv's interpreter, which runs every .pth file and sitecustomize of its packages, and does not parse
a package either: an unprivileged user does, in the site's own sandbox without a network.
"""

import contextlib
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

from agent import jobs
from agent.paths import ROOT
from agent.unpack import BROKEN, Rejected, opened, unpack

UNIT = "slipway-bytecode"
ISOLATION = ("DynamicUser=yes", "PrivateNetwork=yes", "LimitFSIZE=512M", "RuntimeMaxSec=15min")


def add(folder: Path, *names: str, shown: Path) -> None:
    """Compiles modules without this Python's bytecode below ``names`` in ``folder``, which will be moved to ``shown``.

    A module that does not compile is left out: importing it raises the error.
    """
    program = pkgutil.get_data(__package__, "compiler.py").decode()
    line = [
        *jobs.isolated_command(*ISOLATION, unit=UNIT),
        sys.executable,
        "-IS",
        "-c",
        program,
        str(folder),
        str(shown),
        *names,
    ]
    jobs.clear(UNIT)
    with tempfile.TemporaryFile(dir=ROOT) as packed:
        subprocess.run(line, stdin=subprocess.DEVNULL, stdout=packed, stderr=subprocess.DEVNULL, check=False)
        jobs.clear(UNIT)
        packed.seek(0)
        # A partial archive will do: a release without bytecode only starts more slowly.
        with contextlib.suppress(*BROKEN, Rejected), opened(packed) as archive:
            unpack(archive, folder, replace="__pycache__/*.pyc")
