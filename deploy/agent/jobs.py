"""Runs a release's own code beside the site: as its user, in the site's own sandbox, inside the budget."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from agent import cause, processes
from agent.paths import ENVIRONMENT, LAYOUT, RELEASES, SANDBOX, HostError, settings

IDENTITY = (
    f"User={LAYOUT['site_user']}",
    f"Group={LAYOUT['site_user']}",
    f"EnvironmentFile={ENVIRONMENT}",
    "Environment=PYTHONDONTWRITEBYTECODE=1",
)
# The kernel kills it before the site when memory runs out.
LIMITS = ("MemorySwapMax=256M", "OOMScoreAdjust=500")


def sandbox() -> list[str]:
    """The service's own confinement, as systemd-run's properties. Raises HostError when there is none: then no job."""
    lines = [line.strip() for line in SANDBOX.read_text().splitlines()]
    properties = [line for line in lines if "=" in line and not line.startswith("#")]
    if not properties:
        raise HostError(f"{SANDBOX} confines nothing; `make deploy PROVISION=1` writes it anew")
    return properties


def command(name: str, *properties: str, unit: str, wait: bool = True, terminal: bool = False) -> list[str]:
    """systemd-run's arguments for a job in the release ``name``; the command to run follows them.

    A unit that failed stays loaded, so that its cause can be read: ``clear`` takes it away.
    """
    how = ["--wait", "--pty" if terminal else "--pipe"] if wait else []
    return _run(*how, unit=unit, properties=(*IDENTITY, f"WorkingDirectory={RELEASES / name}", *properties))


def isolated_command(*properties: str, unit: str) -> list[str]:
    """The same for what only reads a release: as the user that ``properties`` name, without the site's secrets."""
    return _run("--wait", "--pipe", unit=unit, properties=properties)


def _run(*how: str, unit: str, properties: Sequence[str]) -> list[str]:
    shared = (*sandbox(), *LIMITS, f"MemoryMax={settings()['memory_max']}")
    # The default description is the whole command line, with any secret in it, and the journal shows it.
    line = ["systemd-run", "--quiet", f"--unit={unit}", f"--description={unit}", *how]
    return line + [f"--property={each}" for each in (*shared, *properties)]


def _manage(name: str, arguments: Sequence[str]) -> list[str]:
    return [str(RELEASES / name / "venv" / "bin" / "python"), "manage.py", *arguments]


class Result(NamedTuple):
    """A finished job; ``killed`` says what killed it, where it did not end by itself."""

    returncode: int
    stdout: str
    stderr: str
    killed: str = ""


def manage(name: str, arguments: Sequence[str], *properties: str, unit: str) -> Result:
    """Runs ``manage.py`` of a release to its end; the end of what it prints is kept."""
    line = [*command(name, *properties, unit=unit), *_manage(name, arguments)]
    clear(unit)
    done = processes.run(line)
    killed = cause.killed(unit) if done.returncode else ""
    clear(unit)
    return Result(done.returncode, done.stdout, done.stderr, killed)


def interactive(name: str, arguments: Sequence[str]) -> NoReturn:
    """Becomes ``manage.py`` of release ``name`` for the person at this terminal, or at the other end of the pipe.

    Raises HostError when no release serves.
    """
    if not name:
        raise HostError("no release serves yet; `make deploy` brings one")
    # It ends when the connection does.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    line = command(
        name, "CollectMode=inactive-or-failed", unit=f"slipway-shell-{os.getpid()}", terminal=sys.stdin.isatty()
    )
    line += _manage(name, arguments or ["shell"])
    os.execvp(line[0], line)


def clear(unit: str) -> None:
    """Stops and unloads ``unit``: while it is loaded, no other of its name can start."""
    for action in ("stop", "reset-failed"):
        processes.run(["systemctl", action, f"{unit}.service"])
