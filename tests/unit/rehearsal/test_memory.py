"""Memory is a median of samples, and a service's is read from /proc by a program on the host."""

import json
import os
import subprocess
import sys

import pytest

from rehearsal import memory

MEMINFO = "MemTotal: 480000 kB\nMemAvailable: {} kB\nSwapTotal: 1048576 kB\nSwapFree: 1024000 kB\n"
PROBED = {
    "oom_kills": 2,
    "services": {
        "nginx.service": {"processes": 2, "pss": 3_000_000, "cgroup": 5, "peak": 6, "swap": 0, "max": 100},
        "postgresql@17-main.service": {"processes": 6, "pss": 30_000_000, "cgroup": 7, "peak": 8, "swap": 9, "max": 0},
    },
}


@pytest.fixture
def measured(monkeypatch):
    monkeypatch.setattr(memory, "INTERVAL", 0)
    said = iter([MEMINFO.format(kb) for kb in (250_000, 90_000, 260_000)])
    return memory.measure(lambda command: next(said), lambda program: json.dumps(PROBED))


def test_the_median_counts_and_not_a_moment(measured):
    assert measured.available == 250_000 // 1024
    assert measured.samples == (244, 87, 253)
    assert (measured.total, measured.swap, measured.swap_used, measured.oom_kills) == (468, 1024, 24, 2)


def test_the_largest_service_comes_first(measured):
    assert [service.name for service in measured.services] == ["postgresql@17-main", "nginx"]
    assert measured.services[0].limit == 0


def test_the_probe_runs_by_itself_and_weighs_processes():
    done = subprocess.run(
        [sys.executable, "-I", "-"], input=memory.PROBE.read_text(), capture_output=True, text=True, check=True
    )
    probed = json.loads(done.stdout)
    assert probed["oom_kills"] >= 0
    for name, service in probed["services"].items():
        assert service["processes"] > 0, name
        assert set(service) == {"processes", "pss", "cgroup", "peak", "swap", "max"}


def test_the_probe_reads_a_version_1_hierarchy_by_its_own_names(tmp_path):
    service = tmp_path / "memory" / "system.slice" / "site.service"
    service.mkdir(parents=True)
    (tmp_path / "memory" / "cgroup.procs").write_text("")
    (tmp_path / "pids" / "system.slice" / "site.service").mkdir(parents=True)
    for folder in (service, tmp_path / "pids" / "system.slice" / "site.service"):
        (folder / "cgroup.procs").write_text(f"{os.getpid()}\n")
    (service / "memory.usage_in_bytes").write_text("1000\n")
    (service / "memory.max_usage_in_bytes").write_text("2000\n")
    (service / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    program = memory.PROBE.read_text().replace('"/sys/fs/cgroup"', repr(str(tmp_path)))
    done = subprocess.run([sys.executable, "-I", "-"], input=program, capture_output=True, text=True, check=True)
    probed = json.loads(done.stdout)["services"]["site.service"]
    assert (probed["cgroup"], probed["peak"], probed["max"], probed["swap"]) == (1000, 2000, 0, 0)
