"""Measures a machine's memory: what is available, and what each service uses."""

import json
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROBE = Path(__file__).with_name("memory_probe.py")
SAMPLES = 3
INTERVAL = 3  # s
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Service:
    """Bytes. ``pss`` counts a shared page once, divided among its processes; ``cgroup`` is what the kernel charges to
    the service, its file cache included; ``limit`` is 0 where there is none."""

    name: str
    processes: int
    pss: int
    cgroup: int
    peak: int
    swap: int
    limit: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes; ``available`` is the median of ``samples``."""

    total: int
    available: int
    samples: tuple[int, ...]
    swap: int
    swap_used: int
    oom_kills: int
    services: tuple[Service, ...]


def measure(run: Callable[[str], str], python: Callable[[str], str]) -> Memory:
    """``run`` runs a shell command on the machine, ``python`` a Python program, as root."""
    samples = []
    for number in range(SAMPLES):
        if number:
            time.sleep(INTERVAL)
        meminfo = _meminfo(run("cat /proc/meminfo"))
        samples.append(meminfo["MemAvailable"])
    probed = json.loads(python(PROBE.read_text()))
    return Memory(
        total=meminfo["MemTotal"],
        available=int(statistics.median(samples)),
        samples=tuple(samples),
        swap=meminfo["SwapTotal"],
        swap_used=meminfo["SwapTotal"] - meminfo["SwapFree"],
        oom_kills=probed["oom_kills"],
        services=services(probed["services"]),
    )


def services(found: dict[str, dict[str, int]]) -> tuple[Service, ...]:
    """The largest first."""
    listed = (
        Service(
            name.removesuffix(".service"),
            each["processes"],
            each["pss"],
            each["cgroup"],
            each["peak"],
            each["swap"],
            each["max"],
        )
        for name, each in found.items()
    )
    return tuple(sorted(listed, key=lambda service: -service.pss))


def _meminfo(text: str) -> dict[str, int]:
    return {name: int(value) // 1024 for name, value in re.findall(r"^(\w+): +(\d+) kB", text, re.M)}
