"""Runs a release's own code beside the site: as the application's user, confined, inside the budget."""

import subprocess
from collections.abc import Sequence
from typing import NamedTuple

from slipway_host import cause
from slipway_host.paths import ENVIRONMENT, RELEASES, settings

CONFINED = (
    "User=slipway",
    "Group=slipway",
    f"EnvironmentFile={ENVIRONMENT}",
    "Environment=PYTHONDONTWRITEBYTECODE=1",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "MemorySwapMax=256M",
    # Ended before the site is, should memory run out.
    "OOMScoreAdjust=500",
)


def command(name: str, *properties: str, unit: str, wait: bool = True) -> list[str]:
    """systemd-run's arguments for a job in the release ``name``; what is to be run follows them.

    A unit that failed stays loaded, so that its cause can be read: ``clear`` takes it away.
    """
    line = ["systemd-run", "--quiet", f"--unit={unit}"]
    line += ["--wait", "--pipe"] if wait else []
    limit = (f"MemoryMax={settings()['memory_max']}", f"WorkingDirectory={RELEASES / name}")
    return line + [f"--property={each}" for each in (*CONFINED, *limit, *properties)]


class Ended(NamedTuple):
    """What a job left behind; ``killed`` says what ended it, where it did not end by itself."""

    returncode: int
    stdout: str
    stderr: str
    killed: str = ""


def manage(name: str, arguments: Sequence[str], *properties: str, unit: str) -> Ended:
    """Runs ``manage.py`` of a release to its end, its output kept."""
    python = RELEASES / name / "venv" / "bin" / "python"
    line = [*command(name, *properties, unit=unit), str(python), "manage.py", *arguments]
    clear(unit)
    done = subprocess.run(line, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    killed = cause.killed(unit) if done.returncode else ""
    clear(unit)
    return Ended(done.returncode, done.stdout, done.stderr, killed)


def clear(unit: str) -> None:
    """Takes ``unit`` away, whatever is left of it: one that is still loaded would bar the next of its name."""
    for verb in ("stop", "reset-failed"):
        subprocess.run(["systemctl", verb, f"{unit}.service"], capture_output=True, check=False)
