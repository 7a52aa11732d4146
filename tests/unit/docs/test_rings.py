"""The drawing of deploy/README.md: every import goes along one of its arrows, and its line counts hold."""

import ast
import re
import sys
from pathlib import Path

import pytest

from slipway import ROOT
from tests.unit.docs.pages import Page

# Ring → which modules of ours it may import, itself included.
RINGS = {
    "deploy/slipway/web": {"slipway.web"},
    "deploy/slipway/tool": {"slipway.tool", "slipway.web"},
    "deploy/agent": {"agent"},
    "rehearsal": {"rehearsal", "slipway.tool", "slipway.web", "agent", "static_smoke"},
    "tests/smoke": {"static_smoke"},
}
ROOMS = {"agent", "deploy", "project", "rehearsal", "slipway", "static_smoke", "tests"}


def imports(path: Path) -> set[str]:
    """The modules that ``path`` names, those inside its functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            # `from slipway.web import media` names a module below the one before `import`.
            found |= {f"{node.module}.{each.name}" for each in node.names}
    return found


@pytest.mark.parametrize("ring", RINGS)
def test_imports_follow_the_arrows(ring):
    allowed = RINGS[ring]
    for path in (ROOT / ring).rglob("*.py"):
        for name in imports(path):
            if name.split(".")[0] not in ROOMS or name == "slipway.ROOT":
                continue
            assert any(f"{name}.".startswith(f"{each}.") for each in allowed), f"{path.relative_to(ROOT)}: {name}"


def test_what_root_runs_imports_the_standard_library_alone():
    for path in (ROOT / "deploy/agent").rglob("*.py"):
        foreign = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names - {"agent"}
        assert not foreign, f"{path.name}: {', '.join(foreign)}"


@pytest.mark.parametrize(
    "folder, written",
    re.findall(r"^\| `(deploy/[\w/]+)` .*\| ([\d,]+) \|$", Page(ROOT / "deploy/README.md").text, re.MULTILINE),
)
def test_the_lines_are_about_as_many_as_the_page_says(folder, written):
    lines = sum(len(path.read_text().splitlines()) for path in (ROOT / folder).rglob("*.py"))
    assert lines == pytest.approx(int(written.replace(",", "")), rel=0.25)


def test_the_page_names_every_ring():
    text = Page(ROOT / "deploy/README.md").text
    assert [ring for ring in RINGS if ring.removeprefix("deploy/slipway/").removeprefix("tests/") not in text] == []
