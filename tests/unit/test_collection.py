"""Every test file of ours runs: pytest leaves out folders of some names (build, dist, venv) without a word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What stands in project/ is its owner's, and `make test` runs it.
NOT_OURS = ("node_modules", "__pycache__", "project")


def written() -> set[str]:
    """The test files of the tree; hidden folders (.venv, .slipway) hold other people's."""
    found = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in NOT_OURS]
        tests = (name for name in files if name.startswith("test_") and name.endswith(".py"))
        found |= {str(Path(folder, name).relative_to(ROOT)) for name in tests}
    return found


def test_every_test_file_is_collected():
    """By the very options that `make test-slipway` runs with."""
    collecting = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "--numprocesses", "0"]
    collected = subprocess.run(collecting, cwd=ROOT, capture_output=True, text=True, check=False)
    assert collected.returncode == 0, collected.stdout[-2000:] + collected.stderr[-2000:]
    files = {line.partition("::")[0] for line in collected.stdout.splitlines() if "::" in line}
    missing = sorted(written() - files)
    assert not missing, f"not collected (testpaths and norecursedirs in pyproject.toml decide): {', '.join(missing)}"


SOME = """
import pytest

def test_passes(): pass
def test_fails(): assert False
def test_is_skipped(): pytest.skip("for a reason")
"""


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_run_says_how_many_tests_of_how_many_files_ran(processes, tmp_path):
    """As `.ci/run` prints it; what is skipped has not run."""
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "run_summary.py").read_text())
    for name in ("test_one.py", "test_two.py"):
        (tmp_path / name).write_text(SOME)
    running = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:django",
        "--rootdir",
        tmp_path,
        "--numprocesses",
        processes,
        tmp_path,
    ]
    run = subprocess.run(running, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "4 tests of 2 files ran, 2 were skipped" in run.stdout.splitlines(), run.stdout + run.stderr
