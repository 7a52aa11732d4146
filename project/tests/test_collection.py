"""pytest collects each of these files: it silently skips folders with some names (build, dist, venv)."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def test_every_test_file_is_collected():
    collecting = [sys.executable, "-m", "pytest", "--collect-only", "--quiet"]
    collected = subprocess.run(collecting, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert collected.returncode == 0, collected.stdout[-2000:] + collected.stderr[-2000:]
    files = {line.partition("::")[0] for line in collected.stdout.splitlines() if "::" in line}
    assert files == {str(path.relative_to(PROJECT)) for path in PROJECT.rglob("test_*.py")}
