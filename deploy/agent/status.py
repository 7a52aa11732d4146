"""How the host is: the release, the services and their memory, the certificate, the disk; and what is wrong."""

import os
import shutil
from pathlib import Path

from agent import backups, locks, maintenance, outbox, problems, processes, releases, scheduled, units
from agent.paths import CERTIFICATE


def memory() -> dict[str, int]:
    """MB: total, available, swap in use."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    meminfo = {name: int(rest.split()[0]) // 1024 for name, rest in (line.split(":") for line in lines)}
    return {
        "total": meminfo["MemTotal"],
        "available": meminfo["MemAvailable"],
        "swap": meminfo["SwapTotal"] - meminfo["SwapFree"],
    }


def services() -> list[dict]:
    """Each service with its state, its cgroup's memory in MB and how often systemd restarted it."""
    names = [name for name in dict.fromkeys((units.SITE, *units.expected())) if name.endswith(".service")]
    return [
        {
            "name": name,
            "state": unit["ActiveState"],
            "memory": int(unit["MemoryCurrent"]) >> 20 if unit["MemoryCurrent"].isdigit() else None,
            "restarts": int(unit["NRestarts"] or 0),
        }
        for name, unit in units.shown(names, "ActiveState", "MemoryCurrent", "NRestarts").items()
    ]


def status() -> dict:
    """``problems`` has a line for each thing that is wrong."""
    serving = releases.current()
    return {
        "release": serving,
        "activated": releases.activated(serving) if serving else "",
        "services": services(),
        "memory": memory(),
        "load": os.getloadavg()[0],
        "disk_free": shutil.disk_usage("/").free >> 20,
        "certificate": _expiry(),
        "backup": backups.state(),
        "alarms": outbox.summary(),
        "jobs": scheduled.listing(),
        "lock": locks.holder(),
        "maintenance": maintenance.state(),
        "problems": [problem.text for problem in problems.find()],
    }


def _expiry() -> str:
    line = ["openssl", "x509", "-in", str(CERTIFICATE), "-noout", "-enddate", "-issuer"]
    output = processes.output(*line)
    return output.replace("notAfter=", "until ").replace("\nissuer=", ", by ").strip()
