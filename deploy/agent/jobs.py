"""Runs a release's code beside the site: as the site's user, in its sandbox, within a memory limit."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import NamedTuple, NoReturn

from agent import cause, processes, slot
from agent.paths import ENVIRONMENT, LAYOUT, RELEASES, SANDBOX, HostError, settings

IDENTITY = (
    f"User={LAYOUT['site_user']}",
    f"Group={LAYOUT['site_user']}",
    f"EnvironmentFile={ENVIRONMENT}",
    "Environment=PYTHONDONTWRITEBYTECODE=1",
)
# systemctl's exit status for a unit that is not loaded: a job that ended well has unloaded its own.
NOT_LOADED = 5
# When memory runs out, the kernel kills the job before the site.
LIMITS = ("MemorySwapMax=256M", "OOMScoreAdjust=500")


def sandbox() -> list[str]:
    """The service's sandbox as systemd-run's properties. Raises HostError when there is none: no job runs without."""
    lines = [line.strip() for line in SANDBOX.read_text().splitlines()]
    properties = [line for line in lines if "=" in line and not line.startswith("#")]
    if not properties:
        raise HostError(f"{SANDBOX} confines nothing; `make deploy PROVISION=1` writes it anew")
    return properties


def command(name: str, *properties: str, unit: str, wait: bool = True, terminal: bool = False) -> list[str]:
    """systemd-run's arguments for a job in the release ``name``; the command to run follows them.

    A unit that failed stays loaded, so that its cause can be read; ``clear`` removes it.
    """
    flags = ["--wait", "--pty" if terminal else "--pipe"] if wait else []
    return _run(*flags, unit=unit, properties=(*IDENTITY, f"WorkingDirectory={RELEASES / name}", *properties))


def isolated_command(*properties: str, unit: str) -> list[str]:
    """systemd-run's arguments for a job without the site's secrets, as the user that ``properties`` name."""
    return _run("--wait", "--pipe", unit=unit, properties=properties)


def _run(*flags: str, unit: str, properties: Sequence[str]) -> list[str]:
    shared = (*sandbox(), *LIMITS, f"MemoryMax={settings()['memory_max']}")
    # The default description is the whole command line, with any secret in it; the journal would show it.
    systemd_run = ["systemd-run", "--quiet", f"--unit={unit}", f"--description={unit}", *flags]
    return systemd_run + [f"--property={each}" for each in (*shared, *properties)]


def _manage(name: str, arguments: Sequence[str]) -> list[str]:
    return [str(RELEASES / name / "venv" / "bin" / "python"), "manage.py", *arguments]


class Result(NamedTuple):
    """A finished job; ``killed`` says what killed it, where it did not end by itself."""

    returncode: int
    stdout: str
    stderr: str
    killed: str = ""


def manage(name: str, arguments: Sequence[str], *properties: str, unit: str) -> Result:
    """Runs ``manage.py`` of a release to its end, and keeps the end of its output."""
    full_command = [*command(name, *properties, unit=unit), *_manage(name, arguments)]
    with slot.held(f"manage.py {arguments[0]}", f"{unit}.service"):
        clear(unit)
        done = processes.run(full_command)
        killed = cause.killed(unit) if done.returncode else ""
        clear(unit)
    return Result(done.returncode, done.stdout, done.stderr, killed)


def interactive(name: str, arguments: Sequence[str]) -> NoReturn:
    """Becomes ``manage.py`` of release ``name`` for the person at this terminal, or at the other end of the pipe.

    Raises HostError when no release serves.
    """
    if not name:
        raise HostError("no release serves yet; `make deploy` brings one")
    # The process ends with the connection.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    unit = f"slipway-shell-{os.getpid()}"
    full_command = command(name, "CollectMode=inactive-or-failed", unit=unit, terminal=sys.stdin.isatty())
    full_command += _manage(name, arguments or ["shell"])
    # A shell that somebody forgot must not keep the site from its deploys; a command runs to its end.
    stop = slot.NEVER if arguments else slot.END
    with slot.held(f"manage.py {(arguments or ['shell'])[0]}", f"{unit}.service", stop=stop, keeps=True):
        os.execvp(full_command[0], full_command)


def clear(unit: str) -> None:
    """Stops and unloads ``unit``: while it is loaded, no other of its name can start."""
    if processes.run(["systemctl", "stop", f"{unit}.service"]).returncode != NOT_LOADED:
        processes.run(["systemctl", "reset-failed", f"{unit}.service"])
