"""The agent as one file."""

import importlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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


def test_a_command_loads_what_it_uses_alone(tmp_path):
    packed = agent.pack(tmp_path / "slipway")
    # A lazy module becomes an ordinary one when it is used.
    code = (
        "import runpy, sys; sys.argv = sys.argv[1:]\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(*sorted(name for name, each in sys.modules.items() if type(each).__name__ == 'module'), file=sys.stderr)"
    )
    command = [sys.executable, "-IS", "-c", code, packed, "releases"]
    environment = {"SLIPWAY_PREFIX": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    loaded = set(done.stderr.split())
    assert {"agent.releases", "agent.paths"} <= loaded
    assert not {"agent.restore", "agent.backup", "agent.move", "agent.check", "http.client", "ssl"} & loaded


def test_a_command_compiles_what_it_uses_alone(tmp_path):
    packed = agent.pack(tmp_path / "slipway")
    code = (
        "import runpy, sys; sys.argv = sys.argv[1:]; names = []\n"
        "sys.addaudithook(lambda event, given: names.append(str(given[1])) if event == 'compile' else None)\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(*(name for name in names if '/agent/' in name), sep='\\n', file=sys.stderr)"
    )
    command = [sys.executable, "-IS", "-c", code, packed, "releases"]
    environment = {"SLIPWAY_PREFIX": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    compiled = {Path(line).stem for line in done.stderr.split()}
    assert {"releases", "paths"} <= compiled
    assert not {"restore", "backup", "move", "check", "alarms"} & compiled


def test_a_module_that_the_agent_is_missing_is_an_import_error(tmp_path):
    packed = agent.pack(tmp_path / "slipway")
    code = (
        f"import sys; sys.path.insert(0, {str(packed)!r}); from agent import lazily; lazily.start(); import agent.none"
    )
    done = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'agent.none'"


def test_each_module_can_be_loaded(tmp_path):
    packed = agent.pack(tmp_path / "slipway")
    with zipfile.ZipFile(packed) as archive:
        names = [name.removesuffix(".py").replace("/", ".") for name in archive.namelist() if name.endswith(".py")]
    code = f"import sys; sys.path.insert(0, {str(packed)!r}); import importlib; " + "; ".join(
        f"importlib.import_module({name!r})" for name in names if name.startswith("agent.")
    )
    done = subprocess.run([sys.executable, "-IS", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_whoever_closes_the_site_needs_no_deploy_lock(host, monkeypatch):
    program = importlib.import_module("agent.__main__")
    monkeypatch.setattr(host.maintenance, "on", lambda: {"since": "noon"})
    monkeypatch.delenv("SLIPWAY_LOCK", raising=False)
    assert program.run(program.arguments(["maintenance", "on"])) == {"since": "noon"}
    with pytest.raises(host.paths.HostError, match="deploy lock is gone"):
        program.run(program.arguments(["prune", "5"]))
