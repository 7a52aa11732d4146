"""A host's memory by service, as JSON. Runs on the host itself, as root, with its own Python."""

import json
import os
import re

CGROUPS = "/sys/fs/cgroup"
# cgroup version 1, which a container machine may have, has a hierarchy for memory, and other names.
VERSION_1 = f"{CGROUPS}/memory"
NAMES = {
    "memory.current": "memory.usage_in_bytes",
    "memory.peak": "memory.max_usage_in_bytes",
    "memory.max": "memory.limit_in_bytes",
}
NO_LIMIT = 1 << 60


def main() -> None:
    services = {}
    for folder, _, files in os.walk(VERSION_1 if os.path.exists(f"{VERSION_1}/cgroup.procs") else CGROUPS):  # noqa: PTH110
        pids = _read(f"{folder}/cgroup.procs").split() if "cgroup.procs" in files else []
        # Without this probe and its login session.
        if pids and "/user.slice" not in folder:
            services[folder.rpartition("/")[2]] = {
                "processes": len(pids),
                "pss": sum(map(_pss, pids)),
                "cgroup": _number(folder, "memory.current"),
                "peak": _number(folder, "memory.peak"),
                "swap": _number(folder, "memory.swap.current"),
                "max": _number(folder, "memory.max"),
            }
    kills = re.search(r"^oom_kill (\d+)", _read("/proc/vmstat"), re.M)
    print(json.dumps({"services": services, "oom_kills": int(kills[1]) if kills else 0}))


def _pss(pid: str) -> int:
    found = re.search(r"^Pss: +(\d+) kB", _read(f"/proc/{pid}/smaps_rollup"), re.M)
    return int(found[1]) * 1024 if found else 0


def _number(folder: str, name: str) -> int:
    """0 where there is no such file, or no limit."""
    text = (_read(f"{folder}/{name}") or _read(f"{folder}/{NAMES.get(name, name)}")).strip()
    return int(text) if text.isdigit() and int(text) < NO_LIMIT else 0


def _read(path: str) -> str:
    try:
        with open(path) as file:  # noqa: PTH123 (pathlib would add memory to the measurement)
            return file.read()
    except OSError:  # a process that has ended, or a kernel without it
        return ""


main()
