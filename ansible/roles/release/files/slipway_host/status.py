"""How the host is: the release, the services and their memory, the certificate, the disk."""

import os
import shutil
import subprocess
from pathlib import Path

from slipway_host import releases

SERVICES = ("slipway.service", "nginx.service", "postgresql@*.service")
CERTIFICATE = Path("/etc/slipway/tls/certificate.pem")


def memory() -> dict[str, int]:
    """MB: total, available, swap in use."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    said = {name: int(rest.split()[0]) // 1024 for name, rest in (line.split(":") for line in lines)}
    return {
        "total": said["MemTotal"],
        "available": said["MemAvailable"],
        "swap": said["SwapTotal"] - said["SwapFree"],
    }


def services() -> list[dict]:
    """Each service with its state, its cgroup's memory in MB and how often systemd restarted it."""
    line = ["systemctl", "show", "--property=Id,ActiveState,MemoryCurrent,NRestarts", *SERVICES]
    said = subprocess.run(line, capture_output=True, text=True, check=False).stdout
    units = [dict(each.split("=", 1) for each in block.splitlines()) for block in said.split("\n\n") if block.strip()]
    return [
        {
            "name": unit["Id"],
            "state": unit["ActiveState"],
            "memory": int(unit["MemoryCurrent"]) >> 20 if unit["MemoryCurrent"].isdigit() else None,
            "restarts": int(unit["NRestarts"]),
        }
        for unit in units
    ]


def status() -> dict:
    failed = subprocess.run(
        ["systemctl", "list-units", "--failed", "--no-legend", "--plain"], capture_output=True, text=True, check=False
    ).stdout
    serving = releases.current()
    return {
        "release": serving,
        "activated": releases.activated(serving) if serving else "",
        "services": services(),
        "memory": memory(),
        "load": os.getloadavg()[0],
        "disk_free": shutil.disk_usage("/").free >> 20,
        "certificate": _expiry(),
        "failed": [line.split()[0] for line in failed.splitlines()],
    }


def _expiry() -> str:
    line = ["openssl", "x509", "-in", str(CERTIFICATE), "-noout", "-enddate", "-issuer"]
    said = subprocess.run(line, capture_output=True, text=True, check=False).stdout
    return said.replace("notAfter=", "until ").replace("\nissuer=", ", by ").strip()
