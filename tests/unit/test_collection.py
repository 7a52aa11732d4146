"""Every test file of the tree runs: pytest leaves out folders of some names (build, dist, venv) without a word."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Neither is the project's own code.
NOT_OURS = ("node_modules", "__pycache__")


def written() -> set[str]:
    """The test files of the tree; hidden folders (.venv, .slipway) hold other people's."""
    found = set()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in NOT_OURS]
        tests = (name for name in files if name.startswith("test_") and name.endswith(".py"))
        found |= {str(Path(folder, name).relative_to(ROOT)) for name in tests}
    return found


def test_every_test_file_is_collected():
    """By the very options that `make test` runs with."""
    collecting = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "--numprocesses", "0"]
    collected = subprocess.run(collecting, cwd=ROOT, capture_output=True, text=True, check=False)
    assert collected.returncode == 0, collected.stdout[-2000:] + collected.stderr[-2000:]
    files = {line.partition("::")[0] for line in collected.stdout.splitlines() if "::" in line}
    missing = sorted(written() - files)
    assert not missing, f"not collected (testpaths and norecursedirs in pyproject.toml decide): {', '.join(missing)}"
