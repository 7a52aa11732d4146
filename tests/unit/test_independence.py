"""Our tests and the rehearsal pass with any project/ and site.yml: they know neither. See tests/apart.py, too."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The names of what is shipped in project/, as modules and as an app.
SHIPPED = ("photowall", "wall", "project")
FILES = [
    *(path for room in ("tests/unit", "tests/integration", "rehearsal") for path in (ROOT / room).rglob("*.py")),
    *(ROOT / "tests").glob("*.py"),
]


def imported(tree: ast.AST) -> set[str]:
    """The top-level modules that a file imports, by statement or by a dotted name in a string of its code."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return {name.partition(".")[0] for name in found}


def of_the_clone(tree: ast.AST) -> list[str]:
    """``ROOT / "project"`` and ``ROOT / "site.yml"``, whatever the root is reached by."""
    return [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and isinstance(node.right, ast.Constant)
        and str(node.right.value).partition("/")[0] in ("project", "site.yml")
        and ast.unparse(node.left).endswith("ROOT")
    ]


@pytest.mark.parametrize("room", ["tests", "rehearsal"])
def test_no_file_imports_what_is_shipped_in_project(room):
    files = [path for path in FILES if path.is_relative_to(ROOT / room)]
    assert len(files) > 20
    for path in files:
        assert not imported(ast.parse(path.read_text())) & {*SHIPPED}, path


def test_no_test_names_the_shipped_modules_or_a_path_of_the_clones_own():
    for path in (path for path in FILES if path.is_relative_to(ROOT / "tests") and path != Path(__file__)):
        text = path.read_text()
        assert "photowall" not in text and "from wall" not in text and "import wall" not in text, path
        if path.name != "apart.py":
            assert not of_the_clone(ast.parse(text)), path


def test_a_look_at_the_clones_own_files_fails():
    for path in (ROOT / "site.yml", ROOT / "project" / "anything.py"):
        with pytest.raises(AssertionError, match="is the clone's own"):
            path.read_text()


def servers():
    """Those of this computer, as a test might start them."""
    initdb = next(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return [["nginx", "-v"], ["/usr/bin/chromium"], ["sh", "-c", f"{initdb} --version"], [f"{sys.prefix}/bin/weed"]]


@pytest.mark.parametrize("line", servers(), ids=lambda line: Path(line[0]).name)
def test_a_unit_test_that_starts_a_server_fails(line):
    with pytest.raises(AssertionError, match="such a test belongs below tests/integration"):
        subprocess.run(line, check=False)


def test_a_stand_in_of_the_tests_own_may_have_a_servers_name(tmp_path):
    (tmp_path / "nginx").write_text("#!/bin/sh\necho stand-in\n")
    (tmp_path / "nginx").chmod(0o755)
    done = subprocess.run(["nginx"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert done.stdout == "stand-in\n"
