"""Finds the project's code that looks up static files while it runs: the server has none to find."""

import ast
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from slipway import ROOT

MODULE = "django.contrib.staticfiles.finders"
FIND = "find"
PROBLEM = "finds no static file of the project on the server; list in `ship` of site.yml what it looks for"
TESTS = ("test*.py", "conftest.py")


def calls(files: Iterable[Path]) -> list[str]:
    """A warning with file and line for each call of ``finders.find()`` outside of tests."""
    found = []
    for path in files:
        if path.suffix != ".py" or any(fnmatchcase(path.name, pattern) for pattern in TESTS):
            continue
        source = path.read_bytes()
        if b"staticfiles" not in source or b"find" not in source:
            continue
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue  # Django says so, or never imports it
        names = _names(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                found.append(f"{place}: finders.find() {PROBLEM}")
    return found


def _names(tree: ast.Module) -> set[str]:
    """How this module writes the function: ``finders.find``, ``find``, or another name that an import gives it."""
    names = {f"{MODULE}.{FIND}"}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        for each in node.names:
            name = each.asname or each.name
            if node.module == MODULE and each.name == FIND:
                names.add(name)
            if f"{node.module}.{each.name}" == MODULE:
                names.add(f"{name}.{FIND}")
    return names
