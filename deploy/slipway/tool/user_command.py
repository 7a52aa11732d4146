"""Runs a command that site.yml names, on this machine: bounded in time, and without a secret in its environment."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

# Of this shell: what a program needs, and the way to the network.
NAMES = frozenset(("HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "TERM", "CI"))
NETWORK = frozenset(("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"))
GRACE = 5  # s


def environment(prefixes: Sequence[str] = ()) -> dict[str, str]:
    """The variables of this shell that hold no secret of a deploy, with those that begin with one of ``prefixes``."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in NAMES or name.upper() in NETWORK or name.startswith(("LC_", *prefixes))
    }
    return kept | {"PATH": path()}


def path() -> str:
    """This shell's, after the programs of the venv: a Python package may bring a tool."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def run(command: str, folder: Path, variables: Mapping[str, str], seconds: float, output: TextIO | None = None) -> int:
    """The exit status of ``command`` in ``folder``; it writes to ``output``, or to the terminal.

    Whatever it has started has ended when this returns or raises. Raises subprocess.TimeoutExpired after ``seconds``.
    """
    sys.stdout.flush()
    process = subprocess.Popen(
        ["sh", "-ec", command],
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        # A group of its own: its children are in it, and end with it.
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(GRACE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
