"""Finds the project's ES modules and their imports, for the import map.

Modules keep their bytes, and the page has a map from plain to hashed URLs. Rewriting the imports
instead would put the hash of each file into those that import it: two modules that import each
other could not be hashed, and one changed line would rename every importer.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Query, QueryCursor

from slipway.tool.assets import javascript, urls
from slipway.tool.assets.collect import Naming, Source, shown
from slipway.tool.assets.hashing import Hashed, did_you_mean
from slipway.web.errors import SlipwayError

IMPORTS = Query(
    javascript.LANGUAGE,
    """
    (import_statement source: (string) @static)
    (export_statement source: (string) @static)
    (call_expression function: (import) arguments: (arguments . (string) @dynamic))
    (call_expression function: (member_expression) @function
      arguments: (arguments . (string) @resolved)
      (#eq? @function "import.meta.resolve"))
    (new_expression constructor: (identifier) @constructor
      arguments: (arguments . (string) @plain . (member_expression) @base)
      (#eq? @constructor "URL") (#eq? @base "import.meta.url"))
    """,
)
STATEMENTS = ("import_statement", "export_statement")
# What may begin such a statement, with its first letters before it. A parser takes 3 s for a tree of packages, whose
# scripts have the words in comments and strings; this takes a hundredth of it.
WORD = re.compile(rb"port(?<=import|export)(?![\w$])\s*[\"'{*/\\@\w$\x80-\xff]")
# What may end the statement before it, on the same line; a comment ends with a slash.
BEFORE = (b";", b"}", b"/")


@dataclass
class Modules:
    """``imports`` maps plain names to hashed ones; ``preload`` a module to all its static imports."""

    imports: dict[str, str] = field(default_factory=dict)
    preload: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def scan(files: dict[str, Hashed], bare: dict[str, str]) -> Modules:
    """The modules of the project and all that they import, packages' files included.

    ``bare`` maps bare specifiers to names. Raises SlipwayError for a module of the project that imports a missing file.
    """
    for specifier, name in bare.items():
        if name not in files:
            hint = did_you_mean(name, files)
            raise SlipwayError(f"SLIPWAY_IMPORTS: {specifier} names {name}, which does not exist{hint}")
    modules = Modules()
    graph: dict[str, list[str]] = {}
    waiting = [name for name, file in files.items() if file.source.own and _is_module(file.source)]
    waiting += bare.values()
    while waiting:
        name = waiting.pop()
        if name in graph:
            continue
        graph[name] = []
        for imported, kind in _imports(files, name, bare, modules.warnings):
            waiting.append(imported)
            if kind == "static":
                graph[name].append(imported)
    # A name that is kept needs no entry.
    modules.imports = {name: files[name].name for name in sorted(graph) if files[name].name != name}
    modules.preload = {name: _closure(graph, name) for name in sorted(graph) if graph[name]}
    return modules


def _is_module(source: Source) -> bool:
    if source.name.lower().endswith(".mjs"):
        return True
    if not source.name.lower().endswith(".js"):
        return False
    if not any(_may_begin(source.body, match.start() - 2) for match in WORD.finditer(source.body)):
        return False
    return any(node.type in STATEMENTS for node in javascript.parse(source.body).root_node.children)


def _may_begin(script: bytes, place: int) -> bool:
    """Whether a statement of the top level may begin at ``place``."""
    before = script[:place] if place < 256 else script[place - 256 : place]
    code = before.rstrip()
    space = before[len(code) :]
    # Beyond ASCII there are other white space and line ends, and the byte order mark.
    return not code or code.endswith(BEFORE) or code[-1] > 0x7F or b"\n" in space or b"\r" in space


def _imports(
    files: dict[str, Hashed],
    name: str,
    bare: dict[str, str],
    warnings: list[str],
) -> Iterator[tuple[str, str]]:
    source = files[name].source
    if not name.lower().endswith((".js", ".mjs")):
        return
    captures = QueryCursor(IMPORTS).captures(javascript.parse(source.body).root_node)
    for kind in ("static", "dynamic", "resolved", "plain"):
        for node in captures.get(kind, []):
            specifier = node.text[1:-1].decode()
            place = f"{shown(source.path)}:{node.start_point.row + 1}"
            relative = specifier.startswith(("./", "../", "/")) or urls.SCHEME.match(specifier)
            if kind != "plain" and not relative:
                if specifier in bare:
                    yield bare[specifier], kind
                else:
                    warnings.append(f"{place}: {specifier} is a bare name; name its file in SLIPWAY_IMPORTS")
                continue
            target = urls.target(specifier, name)
            if target is None:
                continue
            if target.name not in files:
                problem = f"{place}: imports {specifier}, which does not exist"
                if source.own:
                    raise SlipwayError(problem + did_you_mean(target.name, files))
                warnings.append(problem)
            elif kind != "plain":
                yield target.name, kind
            elif files[target.name].source.naming is Naming.HASHED:
                raise SlipwayError(
                    f"{place}: new URL() requests {target.name} by its plain name; list that name "
                    "in SLIPWAY_UNHASHED, or pass its URL in from a template"
                )


def _closure(graph: dict[str, list[str]], name: str) -> list[str]:
    found, waiting = set(), [name]
    while waiting:
        for imported in graph.get(waiting.pop(), []):
            if imported not in found and imported != name:
                found.add(imported)
                waiting.append(imported)
    return sorted(found)
