"""The files that may hold a URL: templates, static sources and Python. Their comments are blank."""

import ast
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_MARKUP = {".html", ".htm", ".xhtml", ".jinja", ".jinja2", ".j2"}
_STATIC = {
    ".css",
    ".scss",
    ".sass",
    ".less",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".jsx",
    ".vue",
    ".svg",
    ".webmanifest",
}
_TEMPLATE_FOLDERS = {"templates", "jinja2"}
# Folders whose files are never requested; one that is a Python package is an app of that name.
_NOT_ENTERED = {"build", "dist", "docs", "doc", "venv", "env", "report", "reports", "htmlcov", "staticfiles", "CACHE"}
_NEVER_ENTERED = {"node_modules", "__pycache__", "site-packages", "tests", "test", "migrations", "locale", "fixtures"}
# A folder with one of these was made by collectstatic or by this proof.
_MADE = {"staticfiles.json", "smoke.json"}
_TESTS = re.compile(r"(test_.*|.*_test|tests|conftest|setup)\.py|.*\.(config|test|spec)\.\w+")
_BUNDLE = re.compile(r"\.min\.|[.-]bundle\.|[.-][0-9a-f]{12,}\.")
_MOST_BYTES = 1_000_000
_SHOWN = 120  # characters of a line
# A longer line of CSS or JavaScript was written by a program.
_LONGEST_LINE = 3_000
# The maximum depth of a package's templates: django/contrib/admin/templates.
_DEPTH = 4

_COMMENTS = {
    "template": re.compile(r"{#.*?#}|{%\s*comment\b.*?{%\s*endcomment\s*%}|<!--(?!\[if).*?-->", re.DOTALL),
    "static": re.compile(r"/\*.*?\*/|<!--.*?-->|(?:^|(?<=[\s;{}]))//[^\n]*", re.DOTALL),
    "python": re.compile(r"(?:^|(?<=\s))#[^\n]*"),
}


@dataclass(frozen=True)
class SourceFile:
    """``name``: the path to show. ``kind``: "template", "static" or "python". ``text``: without comments.

    ``package``: the template's own name where a package brings it, such as "admin/base.html".
    """

    name: str
    kind: str
    text: str
    package: str = ""

    def line(self, number: int) -> str:
        return self.text.split("\n")[number - 1]

    def place(self, offset: int) -> dict:
        """The line at a character of the text, as a finding holds it."""
        number = self.text.count("\n", 0, offset) + 1
        line = self.text.split("\n")[number - 1]
        start = offset - self.text.rfind("\n", 0, offset) - 1
        if len(line.strip()) > _SHOWN:
            begin = max(0, min(start - _SHOWN // 2, len(line) - _SHOWN))
            line = f"{'…' if begin else ''}{line[begin : begin + _SHOWN]}{'…' if begin + _SHOWN < len(line) else ''}"
        text = " ".join(line.split())
        if self.package:
            text += f"  (of a package: a template {self.package} of the project replaces it)"
        return {"place": f"{self.name}:{number}", "text": text}


class ProjectFiles:
    """The files of ``project``, and the templates below ``packages``, site-packages folders; read once, if needed."""

    def __init__(self, project: Path, packages: Iterable[Path] = ()):
        self._project, self._packages = project, tuple(packages)

    @cached_property
    def own(self) -> list[SourceFile]:
        """Templates first, then static sources, then Python."""
        order = ("template", "static", "python")
        return sorted(_project(self._project), key=lambda file: (order.index(file.kind), file.name))

    @cached_property
    def templates(self) -> list[SourceFile]:
        return [file for file in self.own if file.kind == "template"]

    @cached_property
    def python(self) -> list[SourceFile]:
        return [file for file in self.own if file.kind == "python"]

    @cached_property
    def packaged(self) -> list[SourceFile]:
        return [file for packages in self._packages for file in sorted(_packages(packages), key=lambda file: file.name)]


def _project(directory: Path) -> Iterator[SourceFile]:
    for path in _walk(directory):
        kind = _kind(path.relative_to(directory))
        if kind:
            text = _read(path)
            if kind != "static" or path.suffix == ".svg" or max(map(len, text.split("\n"))) <= _LONGEST_LINE:
                yield SourceFile(_shown(path, directory), kind, _without_comments(text, kind))


def _walk(directory: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(directory):
        if _MADE & set(names):
            inner.clear()
            continue
        inner[:] = sorted(name for name in inner if _is_entered(Path(folder) / name))
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_file() and path.stat().st_size <= _MOST_BYTES:
                yield path


def _is_entered(folder: Path) -> bool:
    name = folder.name
    if name.startswith(".") or name in _NEVER_ENTERED:
        return False
    return name not in _NOT_ENTERED or (folder / "__init__.py").is_file()


def _kind(path: Path) -> str:
    in_templates = bool(_TEMPLATE_FOLDERS & set(path.parts[:-1]))
    if path.suffix in _MARKUP or (in_templates and path.suffix in {*_STATIC, ".xml", ".json"}):
        return "template"
    if _TESTS.fullmatch(path.name):
        return ""
    if path.suffix in _STATIC or (path.suffix == ".json" and "manifest" in path.name):
        return "" if _BUNDLE.search(path.name) else "static"
    return "python" if path.suffix == ".py" else ""


def _packages(packages: Path) -> Iterator[SourceFile]:
    for folder, inner, _ in os.walk(packages):
        if len(Path(folder).relative_to(packages).parts) >= _DEPTH:
            inner.clear()
        inner[:] = sorted(name for name in inner if name not in _NEVER_ENTERED)
        if "templates" in inner:
            inner.remove("templates")
            root = Path(folder) / "templates"
            for path in _walk(root):
                if path.suffix in {*_MARKUP, ".js"}:
                    text = _without_comments(_read(path), "template")
                    yield SourceFile(_shown(path, packages), "template", text, path.relative_to(root).as_posix())


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _shown(path: Path, directory: Path) -> str:
    """Relative to the working directory if below it, else to ``directory``."""
    here, whole = Path.cwd(), path.absolute()
    return str(whole.relative_to(here if whole.is_relative_to(here) else directory.absolute()))


def _without_comments(text: str, kind: str) -> str:
    """Blanks in their place, so that each line keeps its number."""
    if kind == "python":
        text = _without_docstrings(text)
    return _COMMENTS[kind].sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def _without_docstrings(text: str) -> str:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return text
    lines = text.split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = " " * len(lines[number])
    return "\n".join(lines)
