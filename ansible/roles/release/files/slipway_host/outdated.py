"""Which services still run files that an upgrade has replaced.

https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html
"""

import contextlib
import re
from collections.abc import Collection
from pathlib import Path, PurePath

PROC = Path("/proc")
# Code alone: a deleted temporary file that is mapped is nobody's fault.
REPLACED = re.compile(r"^\S+ ..x. \S+ \S+ \d+ +(/(?:usr|lib\w*|s?bin)/.+) \(deleted\)$", re.M)


def libraries(names: Collection[str]) -> dict[str, list[str]]:
    """By service, the names of the replaced programs and libraries that its processes have loaded."""
    found: dict[str, set[str]] = {}
    for process in PROC.glob("[0-9]*"):
        # It may end meanwhile.
        with contextlib.suppress(OSError):
            groups = (process / "cgroup").read_text().splitlines()
            units = {line.rpartition("/")[2] for line in groups}.intersection(names)
            for unit in units:
                replaced = REPLACED.findall((process / "maps").read_text())
                found.setdefault(unit, set()).update(PurePath(path).name for path in replaced)
    return {unit: sorted(files) for unit, files in sorted(found.items()) if files}
