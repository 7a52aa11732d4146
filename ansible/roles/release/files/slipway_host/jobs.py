"""Runs a release's own code beside the site: as the application's user, confined, inside the budget."""

import re
import subprocess
from collections.abc import Sequence

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
    """systemd-run's arguments for a job in the release ``name``; what is to be run follows them."""
    line = ["systemd-run", "--quiet", "--collect", f"--unit={unit}"]
    line += ["--wait", "--pipe"] if wait else []
    limit = (f"MemoryMax={settings()['memory_max']}", f"WorkingDirectory={RELEASES / name}")
    return line + [f"--property={each}" for each in (*CONFINED, *limit, *properties)]


def manage(name: str, arguments: Sequence[str], *properties: str, unit: str) -> subprocess.CompletedProcess[str]:
    """Runs ``manage.py`` of a release to its end, its output kept."""
    python = RELEASES / name / "venv" / "bin" / "python"
    line = [*command(name, *properties, unit=unit), str(python), "manage.py", *arguments]
    return subprocess.run(line, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def killed(unit: str) -> str:
    """Why ``unit`` left without a word, where the kernel ended it; "" otherwise."""
    line = ["journalctl", "--quiet", "--output=cat", "--no-pager", f"--unit={unit}", "--since=-120s"]
    said = subprocess.run(line, capture_output=True, text=True, check=False).stdout
    if not re.search(r"OOM killer|oom-kill|status=9/KILL", said):
        return ""
    return f"killed, as what wants more memory than the budget gives a release is ({settings()['memory_max']})"
