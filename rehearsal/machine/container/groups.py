"""A container machine's control groups, which limit it and identify it. Version 1 and 2.

https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

import contextlib
import os
import re
import signal
import time
from pathlib import Path

from slipway.web.errors import SlipwayError

ROOT = Path("/sys/fs/cgroup")
# MemTotal of a 512 MB machine: its kernel has the rest.
MEMORY = 469 << 20
WANTED = ("memory", "cpuset", "pids")
PREFIX = "slipway"
PATIENCE = 10  # s, until the groups of processes that were killed are empty


def unified() -> bool:
    """Whether this computer has version 2 alone."""
    return (ROOT / "cgroup.controllers").exists()


def missing() -> list[str]:
    """The controllers that a machine needs and this computer does not have."""
    if unified():
        available = (ROOT / "cgroup.controllers").read_text().split()
    else:
        available = [name for name in WANTED if (ROOT / name / "cgroup.procs").exists()]
    return [name for name in WANTED if name not in available]


class Group:
    """The groups of one machine, in each hierarchy one of the same name.

    The owner's process id is in the name: a killed run's group differs from one that another checkout uses.
    """

    def __init__(self, machine: str, owner: int) -> None:
        self.name = f"{PREFIX}-{machine}-{owner}"

    @property
    def folders(self) -> list[Path]:
        roots = [ROOT] if unified() else [path.parent for path in ROOT.glob("*/cgroup.procs")]
        return [root / self.name for root in roots]

    def make(self) -> None:
        """Makes the groups with a 512 MB machine's limits: its memory, one processor, no swap."""
        for folder in self.folders:
            folder.mkdir(exist_ok=True)
        try:
            self._limit_unified() if unified() else self._limit_each()
        except OSError as error:
            raise SlipwayError(f"the container machine cannot be limited: {error}") from None

    def _limit_unified(self) -> None:
        controllers = " ".join(f"+{name}" for name in WANTED)
        (ROOT / "cgroup.subtree_control").write_text(controllers)
        folder = ROOT / self.name
        (folder / "memory.max").write_text(str(MEMORY))
        (folder / "memory.swap.max").write_text("0")
        (folder / "cpuset.cpus").write_text(self._processor())
        # The machine's own groups have limits too.
        (folder / "cgroup.subtree_control").write_text(controllers)

    def _limit_each(self) -> None:
        memory, cpuset = ROOT / "memory" / self.name, ROOT / "cpuset" / self.name
        (memory / "memory.limit_in_bytes").write_text(str(MEMORY))
        with contextlib.suppress(FileNotFoundError):  # a kernel that does not count swap
            (memory / "memory.memsw.limit_in_bytes").write_text(str(MEMORY))
        (cpuset / "cpuset.mems").write_text((ROOT / "cpuset" / "cpuset.mems").read_text())
        (cpuset / "cpuset.cpus").write_text(self._processor())
        # The machine's own groups below it have the same.
        (cpuset / "cgroup.clone_children").write_text("1")

    def _processor(self) -> str:
        """A CPU that this process may use; machines side by side use different ones as far as possible."""
        allowed = sorted(os.sched_getaffinity(0))
        return str(allowed[len(_all()) % len(allowed)])

    def processes(self) -> set[int]:
        """The process ids in it, in this computer's namespace."""
        return {pid for folder in self.folders for pid in _processes(folder)}

    def leader(self) -> int:
        """The machine's first process, in this computer's namespace. Raises SlipwayError when there is none."""
        for pid in self.processes():
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                counted = re.search(r"^NSpid:(.*)$", status, re.M)[1].split()
                # This computer's namespace, boot.sh's, and the machine's own.
                if len(counted) > 2 and counted[-1] == "1":
                    return pid
        raise SlipwayError("the container machine is not running")

    def end(self) -> None:
        """Kills the processes in it and removes it."""
        deadline = time.monotonic() + PATIENCE
        while any(folder.exists() for folder in self.folders):
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for folder in self.folders:
                _remove(folder)
            if time.monotonic() > deadline:
                raise SlipwayError(f"the control groups {self.name} cannot be removed: processes in them do not end")
            time.sleep(0.02)


def of(machine: str) -> Group | None:
    """The group of a running machine, whichever process started it."""
    for name, owner in _all().items():
        group = Group(name.split("-")[1], owner)
        if name.split("-")[1] == machine and group.processes():
            return group
    return None


def sweep() -> None:
    """Removes the groups of killed runs: those whose owner is gone."""
    for name, owner in _all().items():
        if not Path(f"/proc/{owner}").exists():
            Group(name.split("-")[1], owner).end()


def _all() -> dict[str, int]:
    """Every machine's group by name, with the process that owns it."""
    found = ROOT.glob(f"{PREFIX}-*-*") if unified() else ROOT.glob(f"*/{PREFIX}-*-*")
    matches = (re.fullmatch(rf"{PREFIX}-[0-9a-f]+-(\d+)", path.name) for path in found)
    return {match[0]: int(match[1]) for match in matches if match}


def _processes(folder: Path) -> list[int]:
    pids: list[int] = []
    # A group may vanish meanwhile, such as a login's: os.walk skips it.
    for inside, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            pids += map(int, Path(inside, "cgroup.procs").read_text().split())
    return pids


def _remove(folder: Path) -> None:
    """Removes the empty groups below it, and itself if empty."""
    with contextlib.suppress(OSError):
        for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
            path.rmdir()
        folder.rmdir()
