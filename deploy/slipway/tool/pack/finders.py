"""Finds the project's code that looks up static files while it runs: the server has none to find."""

import ast
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from slipway import ROOT

# What looks for a file, by the module or object that has it.
FUNCTIONS = {
    "django.contrib.staticfiles.finders": ("find",),
    "django.contrib.staticfiles.storage.staticfiles_storage": ("open", "path"),
}
PROBLEM = "finds no static file of the project on the server; list in `ship` of site.yml what it looks for"
TESTS = ("test*.py", "conftest.py")


def calls(files: Iterable[Path]) -> list[str]:
    """A warning with file and line for each call that looks up a static file, outside of tests."""
    found = []
    for path in files:
        if path.suffix != ".py" or any(fnmatchcase(path.name, pattern) for pattern in TESTS):
            continue
        source = path.read_bytes()
        if b"staticfiles" not in source:
            continue
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue  # Django says so, or never imports it
        names = _names(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in names:
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                called = ".".join(ast.unparse(node.func).split(".")[-2:])
                found.append(f"{place}: {called}() {PROBLEM}")
    return found


def _names(tree: ast.Module) -> set[str]:
    """How this module writes the functions: ``finders.find``, ``find``, or another name that an import gives them."""
    names = {f"{owner}.{function}" for owner, functions in FUNCTIONS.items() for function in functions}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        for each in node.names:
            name = each.asname or each.name
            for owner, functions in FUNCTIONS.items():
                if node.module == owner and each.name in functions:
                    names.add(name)
                if f"{node.module}.{each.name}" == owner:
                    names |= {f"{name}.{function}" for function in functions}
    return names
