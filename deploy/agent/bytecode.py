"""Compiles modules to bytecode: the site's user may not write beside them, and would compile them at each start.

Root never starts a venv's interpreter, which runs every .pth file and sitecustomize of its packages, and does not parse
a package either: an unprivileged user does, in the site's own sandbox without a network.
"""

import contextlib
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

from agent import jobs, slot
from agent.paths import ROOT
from agent.unpack import BROKEN, Rejected, opened, unpack

UNIT = "slipway-bytecode"
ISOLATION = ("DynamicUser=yes", "PrivateNetwork=yes", "LimitFSIZE=512M", "RuntimeMaxSec=15min")


def add(folder: Path, *names: str, final_path: Path) -> None:
    """Compiles the modules below ``names`` in ``folder`` that have no bytecode of this Python.

    ``final_path`` is where the folder will be moved: tracebacks name it. A module that does not compile is left out;
    its import raises the error.
    """
    program = pkgutil.get_data(__package__, "compiler.py").decode()
    command = [
        *jobs.isolated_command(*ISOLATION, unit=UNIT),
        sys.executable,
        "-IS",
        "-c",
        program,
        str(folder),
        str(final_path),
        *names,
    ]
    with slot.held("the compiling of a release", f"{UNIT}.service"), tempfile.TemporaryFile(dir=ROOT) as packed:
        jobs.clear(UNIT)
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=packed, stderr=subprocess.DEVNULL, check=False)
        jobs.clear(UNIT)
        packed.seek(0)
        # A partial archive will do: a release without bytecode only starts more slowly.
        with contextlib.suppress(*BROKEN, Rejected), opened(packed) as archive:
            unpack(archive, folder, replace="__pycache__/*.pyc")
