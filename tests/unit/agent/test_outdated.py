"""A library that an upgrade replaces under a running process, on this very kernel."""

import re
import subprocess
import sys
from pathlib import Path

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
