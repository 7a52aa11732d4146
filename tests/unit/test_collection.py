"""Every test file of ours runs: pytest leaves out folders of some names (build, dist, venv) without a word."""

import os
import re
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


# Lists the files that pytest collects by the very options that `make test-slipway` runs with. None is imported, which
# takes as long for all of them as some tests do; one that cannot be is an error of the run itself.
LISTING = """
import sys
import pytest

class Listed(pytest.File):
    def collect(self):
        return []

class Listing:
    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path, parent):
        print(module_path)
        return Listed.from_parent(parent, path=module_path)

sys.exit(pytest.main(["--collect-only", "--quiet", "--numprocesses", "0"], plugins=[Listing()]))
"""


def test_every_test_file_is_collected():
    collected = subprocess.run([sys.executable, "-c", LISTING], cwd=ROOT, capture_output=True, text=True, check=False)
    assert collected.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, collected.stdout[-2000:] + collected.stderr
    missing = sorted(written() - {line.removeprefix(f"{ROOT}/") for line in collected.stdout.splitlines()})
    assert not missing, f"not collected (testpaths and norecursedirs in pyproject.toml decide): {', '.join(missing)}"


def test_every_test_file_has_a_test():
    empty = [name for name in written() if not re.search(r"^\s*(async )?def test_", (ROOT / name).read_text(), re.M)]
    assert not empty


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
    # No plugin but this one: what else is installed starts slowly, and in each process.
    running = [sys.executable, "-m", "pytest", "-q", "-p", "xdist", "--rootdir", tmp_path]
    run = subprocess.run(
        [*running, "--numprocesses", processes, tmp_path],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 tests of 2 files ran, 2 were skipped" in run.stdout.splitlines(), run.stdout + run.stderr
