"""The agent as one file."""

import subprocess
import sys
import zipfile

from slipway.tool.server import agent


def test_it_is_packed_to_the_same_bytes_everywhere(tmp_path):
    one, other = (agent.pack(tmp_path / name) for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    assert one.stat().st_mode & 0o111


def test_it_is_packed_uncompressed_since_a_zlib_s_bytes_are_its_own(tmp_path):
    with zipfile.ZipFile(agent.pack(tmp_path / "slipway")) as archive:
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
        assert "agent/facts.sh" in archive.namelist()


def test_it_runs_and_lists_its_commands(tmp_path):
    packed = agent.pack(tmp_path / "slipway")
    done = subprocess.run([sys.executable, packed, "--help"], capture_output=True, text=True, check=True)
    assert "rollback" in done.stdout


def test_it_needs_the_standard_library_alone(tmp_path):
    packed = agent.pack(tmp_path / "slipway")
    done = subprocess.run([sys.executable, "-I", "-S", packed, "--help"], capture_output=True, check=False)
    assert done.returncode == 0
