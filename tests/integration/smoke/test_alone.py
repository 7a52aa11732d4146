"""The proof without the rest of the template: installed by pip, with its own requirements and its own command."""

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal.local_site import ROOT
from static_smoke.options import find_browser
from tests.integration.smoke.stack import LOGIN

LOCK = ROOT / "requirements" / "smoke.txt"


@pytest.fixture
def alone(tmp_path) -> list[Path]:
    """What may be imported: the package as pip installs it, and those that its lock file names."""
    # pip builds in the source's own folder.
    shutil.copytree(ROOT / "tests" / "smoke", tmp_path / "source")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--target", tmp_path / "installed", tmp_path / "source"], check=True)
    packages = tmp_path / "packages"
    packages.mkdir()
    for name in re.findall(r"^([a-z0-9][\w.-]*)==", LOCK.read_text(), flags=re.M):
        try:
            files = importlib.metadata.distribution(name).files or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of another Python or system
        for top in {file.parts[0] for file in files if file.parts[0] not in ("..", "__pycache__")}:
            link = packages / top
            if not link.exists():
                link.symlink_to(Path(str(importlib.metadata.distribution(name).locate_file(top))))
    return [tmp_path / "installed", packages]


def run(alone: list[Path], *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    # -S leaves the environment's own packages out; nothing of the repository lies on the path.
    return subprocess.run(
        [sys.executable, "-S", alone[0] / "bin" / "static-smoke", *arguments],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(map(str, alone)), **env},
        cwd=alone[0],
        capture_output=True,
        text=True,
    )


def test_it_needs_nothing_but_its_own_requirements(alone, stack, tmp_path):
    report = tmp_path / "report"
    browser = ("--browser", find_browser(), "--full-pages", "0", "--report", str(report))
    done = run(alone, "--site", stack.site_url, *browser, SMOKE_LOGIN=":".join(LOGIN))
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads((report / "smoke.json").read_text())
    assert document["checks"]["B"]["state"] == "passed"
    assert {path.name for path in report.iterdir()} == {"index.html", "smoke.json", "junit.xml"}
    assert re.search(r"load page \d+ of \d+ in Chromium", done.stderr)
    django = [sys.executable, "-S", "-c", "import django"]
    path = {"PYTHONPATH": ":".join(map(str, alone))}
    assert subprocess.run(django, env=path, capture_output=True).returncode, "the path is not as bare as it should be"


def test_its_exit_status_is_1_for_a_leak_and_2_for_a_site_that_is_away(alone, stack):
    stack.pages["/"] = stack.pages["/"].replace("</body>", '<img src="/static/leak.png"></body>')
    leaking = run(alone, "--site", stack.site_url, "--browser", "none", "--minutes", "1")
    assert leaking.returncode == 1 and "/static/leak.png" in leaking.stdout
    away = run(alone, "--site", "http://127.0.0.1:9/", "--browser", "none")
    assert away.returncode == 2 and away.stderr.strip().splitlines()[-1].startswith("smoke: ")
