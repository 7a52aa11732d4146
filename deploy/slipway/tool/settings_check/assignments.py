"""Finds where a settings module, or one that it imports from, sets a name, in their sources."""

import ast
import importlib.util
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

LINES = ("slipway.settings", "deploy.settings")


@dataclass(frozen=True, slots=True)
class Assignment:
    """``value``: the assigned expression, None where it is not in the source. ``above``: above the settings line.

    ``follows_debug``: it depends on the module's own DEBUG, which is not that of production.
    """

    name: str
    path: Path
    line: int
    value: ast.expr | None = None
    follows_debug: bool = False
    above: bool = False

    @property
    def place(self) -> str:
        path = self.path.relative_to(Path.cwd()) if self.path.is_relative_to(Path.cwd()) else self.path
        return f"{path}:{self.line}"


def read(module: str) -> list[Assignment]:
    """The assignments of an imported module, in the order of execution."""
    assignments: list[Assignment] = []
    for each in _module(module):
        if each.name in LINES:
            assignments = [replace(earlier, above=True) for earlier in assignments]
        else:
            assignments.append(each)
    return assignments


def _module(name: str) -> Iterator[Assignment]:
    module = sys.modules.get(name)
    path = Path(getattr(module, "__file__", None) or "")
    if path.suffix == ".py":
        yield from _statements(_parsed(path.read_bytes()), path, module.__package__ or "", False)


@lru_cache
def _parsed(source: bytes) -> list[ast.stmt]:
    """A module is asked for each name that another one imports from it."""
    return ast.parse(source).body


def _statements(body: Iterable[ast.stmt], path: Path, package: str, debug: bool) -> Iterator[Assignment]:
    for node in body:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _targets(target, value, path, debug)
            case ast.AnnAssign(target=target, value=value) | ast.AugAssign(target=target, value=value) if value:
                yield from _targets(target, value, path, debug)
            case ast.ImportFrom():
                yield from _import(node, path, package)
            case _:
                inside = debug or (isinstance(node, ast.If) and _mentions_debug(node.test))
                for part in ("body", "handlers", "orelse", "finalbody"):
                    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                        yield from _statements(getattr(node, part, ()), path, package, inside)


def _targets(target: ast.expr, value: ast.expr, path: Path, debug: bool) -> Iterator[Assignment]:
    if isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from _targets(each, value, path, debug)
        return
    # STORAGES["staticfiles"]["BACKEND"] = … sets STORAGES.
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    if isinstance(target, ast.Name):
        yield Assignment(target.id, path, value.lineno, value, debug or _mentions_debug(value))


def _import(node: ast.ImportFrom, path: Path, package: str) -> Iterator[Assignment]:
    try:
        module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
    except ImportError:
        return
    for alias in node.names:
        if module in LINES:
            yield Assignment(module, path, node.lineno)
        elif alias.name == "*":
            yield from _module(module)
        else:
            there = [each for each in _module(module) if each.name == alias.name]
            found = there[-1] if there else Assignment(alias.name, path, node.lineno)
            yield replace(found, name=alias.asname or alias.name)


def _mentions_debug(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "DEBUG" for each in ast.walk(node))
