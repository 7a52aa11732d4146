"""Which services still run files that an upgrade has replaced.

https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html
"""

import contextlib
import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePath

PROC = Path("/proc")
# Code only: a process may keep a deleted temporary file mapped.
REPLACED = re.compile(r"\S+ ..x. \S+ \S+ \d+ +(/(?:usr|lib\w*|s?bin)/.+) \(deleted\)$")


def libraries(names: Collection[str]) -> dict[str, list[str]]:
    """By service, the names of the replaced programs and libraries that its processes have loaded."""
    found: dict[str, set[str]] = {}
    for process in PROC.glob("[0-9]*"):
        # It may end meanwhile.
        with contextlib.suppress(OSError):
            units = {line.rstrip().rpartition("/")[2] for line in _lines(process / "cgroup")}.intersection(names)
            if units:
                replaced = [match[1] for match in map(REPLACED.match, _lines(process / "maps")) if match]
            for unit in units:
                found.setdefault(unit, set()).update(PurePath(path).name for path in replaced)
    return {unit: sorted(files) for unit, files in sorted(found.items()) if files}


def _lines(path: Path) -> Iterator[str]:
    """One at a time and whatever bytes: a process names its files as it likes, and 250 MB of them."""
    with path.open(errors="replace") as file:
        yield from file
