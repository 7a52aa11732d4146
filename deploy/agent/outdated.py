"""Which services still run files that an upgrade has replaced.

https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePath

PROC = Path("/proc")
# Code only: a process may keep a deleted temporary file mapped.
REPLACED = re.compile(r"\S+ ..x. \S+ \S+ \d+ +(/(?:usr|lib\w*|s?bin)/.+) \(deleted\)$")
# systemd's own process, which is in no service.
SYSTEMD = "init.scope"


def services() -> dict[str, list[str]]:
    """By service, the names of the replaced programs and libraries that its processes have loaded."""
    found: dict[str, set[str]] = {}
    for process in PROC.glob("[0-9]*"):
        # It may end meanwhile.
        with contextlib.suppress(OSError):
            unit = next(filter(None, map(_unit, _lines(process / "cgroup"))), "")
            replaced = [match[1] for match in map(REPLACED.match, _lines(process / "maps")) if match] if unit else []
            if replaced:
                found.setdefault(unit, set()).update(PurePath(path).name for path in replaced)
    return {unit: sorted(files) for unit, files in sorted(found.items())}


def _unit(line: str) -> str:
    """The service that a line of a process's cgroup file names; "" of a session's process.

    A user's own services are below user@UID.service, and in a container the names of the host's come first.
    """
    path = line.rstrip().rpartition(":")[2].rpartition("/system.slice/")[2]
    return next((part for part in path.split("/") if part.endswith(".service") or part == SYSTEMD), "")


def _lines(path: Path) -> Iterator[str]:
    """One at a time and whatever bytes: a process names its files as it likes, and 250 MB of them."""
    with path.open(errors="replace") as file:
        yield from file
