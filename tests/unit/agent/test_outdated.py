"""A library that an upgrade replaces under a running process, with this computer's kernel."""

import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

LOAD = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print('loaded', flush=True); sys.stdin.read()"


def test_the_kernel_writes_it_as_it_is_read(host, tmp_path):
    real = Path("/lib/x86_64-linux-gnu/libm.so.6")
    library = tmp_path / "libboat.so.1"
    library.write_bytes(real.read_bytes())
    with subprocess.Popen(
        [sys.executable, "-c", LOAD, library], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "loaded\n"
        maps = Path(f"/proc/{process.pid}/maps")
        places = re.compile(host.outdated.REPLACED.pattern.replace("usr", tmp_path.parts[1]), re.M)
        assert places.findall(maps.read_text()) == []
        # As dpkg does: a new file takes the name.
        new = tmp_path / "new"
        new.write_bytes(real.read_bytes())
        new.rename(library)
        assert set(places.findall(maps.read_text())) == {str(library)}
        process.stdin.close()


@pytest.fixture
def process(host, tmp_path, monkeypatch):
    """A process of the site's that has mapped ``maps``."""
    monkeypatch.setattr(host.outdated, "PROC", tmp_path)
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cgroup").write_text("0::/system.slice/slipway.service\n")
    return (tmp_path / "7" / "maps").write_bytes


LINE = b"7f9a48d0b000-7f9a48dfa000 r-xp 00000000 fe:01 123                        %s (deleted)\n"


def test_a_file_whose_name_is_no_text_blinds_nobody(host, process):
    process(LINE % b"/tmp/\xff" + LINE % b"/usr/lib/libboat.so.1")
    assert host.outdated.services() == {"slipway.service": ["libboat.so.1"]}


def test_a_process_that_maps_ever_so_much_is_read_line_by_line(host, process):
    process(LINE % (b"/tmp/" + b"x" * 4000) * 5000)
    tracemalloc.start()
    assert host.outdated.services() == {}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20, "20 MB were mapped"


@pytest.mark.parametrize(
    ("group", "unit"),
    [
        ("0::/system.slice/nginx.service", "nginx.service"),
        ("0::/init.scope", "init.scope"),
        ("0::/system.slice/system-postgresql.slice/postgresql@17-main.service", "postgresql@17-main.service"),
        ("0::/user.slice/user-0.slice/user@0.service/app.slice/dbus.service", "user@0.service"),
        ("0::/machine.slice/machine-boat.service/payload/system.slice/nginx.service", "nginx.service"),
        ("0::/user.slice/user-1000.slice/session-3.scope", ""),
    ],
)
def test_a_process_belongs_to_the_service_that_systemd_restarts(group, unit, host, process):
    process(LINE % b"/usr/lib/libboat.so.1")
    (host.outdated.PROC / "7" / "cgroup").write_text(f"{group}\n")
    assert host.outdated.services() == ({unit: ["libboat.so.1"]} if unit else {})
