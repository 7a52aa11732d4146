"""The proof's page for any site: its CI files are valid YAML, and every argument that it names exists."""

import re
import subprocess
import sys

import pytest
import yaml

from slipway import ROOT
from static_smoke import __version__
from tests.unit.docs.pages import Page

PAGES = [Page(ROOT / "docs" / name) for name in ("static-smoke.md", "proof.md")]
FILES = re.findall(r"^```yaml\n(.*?)^```$", PAGES[0].text, re.MULTILINE | re.DOTALL)
# Of other programs, in the examples.
OTHERS = re.compile(r"^.*(?:sysctl|apt-get|pip install|python3 -m venv).*$", re.MULTILINE)


def proof(argument: str) -> str:
    command = [sys.executable, "-m", "static_smoke", argument]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT / "tests" / "smoke").stdout


@pytest.fixture(scope="module")
def known() -> set[str]:
    return set(re.findall(r"--[a-z][a-z-]*", proof("--help")))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_argument_exists(page, known):
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", OTHERS.sub("", page.text)))
    assert len(named) > 8 and named <= known


def test_the_files_for_github_and_gitlab_are_whole():
    github, gitlab = map(yaml.safe_load, FILES)
    steps = github["jobs"]["proof"]["steps"]
    assert github["permissions"] == {} and [
        step["run"] for step in steps if "static-smoke --site" in step.get("run", "")
    ]
    assert any("static-smoke --site" in line for line in gitlab["static-smoke"]["script"])
    assert gitlab["static-smoke"]["cache"]["paths"] == [".cache/pip"]
    assert gitlab["static-smoke"]["artifacts"]["reports"]["junit"] == "report/junit.xml"


def test_actions_are_pinned_as_the_workflows_pin_them():
    used = re.findall(r"uses: (\S+@\S+)", FILES[0])
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used)
    ours = "".join(path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    assert used[0] in ours


def test_the_version_is_the_packages():
    assert proof("--version").split() == ["static-smoke", __version__]
