"""What was killed because memory ran out, by unit: from three places, as no one of them knows of every kill.

The kernel's log lines in the journal (in a container they go to the host's alone); the counter of each control group,
which a restart of the unit sets back; and a mark that `ExecStopPost` leaves when systemd ends a unit with the result
`oom-kill`, which is gone a moment later where the unit restarts always.
"""

import re
import time
from collections import Counter
from pathlib import Path

from agent import processes
from agent.paths import KILLED
from agent.units import expected, shown

CGROUPS = Path("/sys/fs/cgroup")
# The kernel's log line of each process that it kills for memory.
OOM_KILL = re.compile(r"^oom-kill:.*\btask_memcg=(\S*?),task=([^,]+)")


def kernel(seconds: int) -> Counter[tuple[str, str]]:
    """How many kills of (unit, task) the kernel has logged in the last ``seconds``."""
    line = ["journalctl", "--quiet", "--no-pager", "--output=cat", f"--since=-{seconds}s", "_TRANSPORT=kernel"]
    output = processes.output(*line, "--grep=^oom-kill:")
    matches = [match for match in map(OOM_KILL.match, output.splitlines()) if match]
    return Counter((match[1].rpartition("/")[2] or "the system", match[2]) for match in matches)


def counted() -> dict[str, int]:
    """By unit, how many processes of it were killed since it started."""
    groups = shown(expected(), "ControlGroup")
    return {unit: _counter(group["ControlGroup"].lstrip("/")) for unit, group in groups.items()}


def marked(seconds: int) -> list[str]:
    """The units that systemd ended for memory in the last ``seconds``."""
    now = time.time()
    # A clock that was set back leaves marks of the future: those count until it has caught up.
    return sorted(path.name for path in KILLED.glob("*") if now - path.stat().st_mtime < seconds)


def _counter(group: str) -> int:
    """Of a control group of version 2 or 1."""
    for path in (CGROUPS / group / "memory.events", CGROUPS / "memory" / group / "memory.oom_control"):
        if group and path.exists():
            return int(dict(line.split() for line in path.read_text().splitlines()).get("oom_kill", 0))
    return 0
