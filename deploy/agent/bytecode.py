"""Leaves modules with their bytecode: the application's user cannot write beside them, and would compile at each start.

Root runs no interpreter of a venv, whose first act is what a package's .pth file or sitecustomize says, and does not
even parse a package: a user of no rights does, in the site's own sandbox without a network.
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
APART = ("DynamicUser=yes", "PrivateNetwork=yes", "LimitFSIZE=512M", "RuntimeMaxSec=15min")


def add(folder: Path, *names: str, shown: Path) -> None:
    """Compiles what lacks this Python's bytecode below ``names`` in ``folder``, which will stand at ``shown``.

    What does not compile is for whoever imports it.
    """
    program = pkgutil.get_data(__package__, "compiler.py").decode()
    line = [*jobs.stranger(*APART, unit=UNIT), sys.executable, "-IS", "-c", program, str(folder), str(shown), *names]
    jobs.clear(UNIT)
    with tempfile.TemporaryFile(dir=ROOT) as packed:
        subprocess.run(line, stdin=subprocess.DEVNULL, stdout=packed, stderr=subprocess.DEVNULL, check=False)
        jobs.clear(UNIT)
        packed.seek(0)
        # Whatever came whole is taken: a release without bytecode starts later and is no other.
        with contextlib.suppress(*BROKEN, Rejected), opened(packed) as archive:
            unpack(archive, folder, over="__pycache__/*.pyc")
