"""Finds the project's ES modules and their imports, for the import map.

Modules keep their bytes, and the page has a map from plain to hashed URLs. Rewriting the imports
instead would put the hash of each file into those that import it: two modules that import each
other could not be hashed, and one changed line would rename every importer.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Query, QueryCursor, Tree

from slipway.tool.assets import urls
from slipway.tool.assets.collect import Source, shown
from slipway.tool.assets.hashing import Hashed, did_you_mean
from slipway.tool.assets.scripts import javascript, script_names
from slipway.web.errors import SlipwayError

SCRIPTS = (".js", ".mjs")
IMPORTS = Query(
    javascript.LANGUAGE,
    """
    (import_statement source: (string) @static)
    (export_statement source: (string) @static)
    (call_expression function: (import) arguments: (arguments . (_) @dynamic))
    (call_expression function: (member_expression) @function
      arguments: (arguments . (_) @resolved)
      (#eq? @function "import.meta.resolve"))
    """,
)
# Node's own modules: a library asks for them where it does not run in a browser.
NODES = frozenset(("canvas", "crypto", "fs", "fs/promises", "http", "https", "module", "os", "path", "perf_hooks"))
NODES |= {"stream", "url", "util", "vm", "worker_threads", "zlib"}
STATEMENTS = ("import_statement", "export_statement")
# What may begin such a statement, with its first letters before it. A parser takes 3 s for a tree of packages, whose
# scripts have the words in comments and strings; this takes a hundredth of it.
WORD = re.compile(rb"port(?<=import|export)(?![\w$])\s*[\"'{*/\\@\w$\x80-\xff]")
# What may end the statement before it, on the same line; a comment ends with a slash.
BEFORE = (b";", b"}", b"/")
# import(…) and import.meta, which a classic script may have anywhere.
DYNAMIC = re.compile(rb"import(?<![\w$.]import)\s*(?:\(|\.\s*meta\b|/\*)")


@dataclass
class Modules:
    """``imports`` maps plain names to hashed ones; ``preload`` a module to all its static imports."""

    imports: dict[str, str] = field(default_factory=dict)
    preload: dict[str, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def scan(files: dict[str, Hashed], bare: dict[str, str]) -> Modules:
    """The modules of the project and all that its scripts import, packages' files included.

    ``bare`` maps bare specifiers to names. Raises SlipwayError for a script of the project that imports a missing file.
    """
    for specifier, name in bare.items():
        if name not in files:
            hint = did_you_mean(name, files)
            raise SlipwayError(f"SLIPWAY_IMPORTS: {specifier} names {name}, which does not exist{hint}")
    modules = Modules()
    sources = {name: file.source for name, file in files.items()}
    # A classic script may import too; it needs no place in the map.
    waiting = [name for name, source in sources.items() if source.own and name.lower().endswith(SCRIPTS)]
    waiting += bare.values()
    mapped = set(bare.values())
    graph: dict[str, list[str]] = {}
    rooted: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        if name in graph:
            continue
        graph[name] = []
        tree = _parsed(sources[name])
        if sources[name].own and _is_module(sources[name], tree):
            mapped.add(name)
        for target, kind, path in _imports(sources, name, tree, bare, modules.warnings):
            waiting.append(target)
            mapped.add(target)
            if path.startswith("/"):
                # A browser looks for it from the root of the CDN host.
                rooted[path[1:]] = files[target].name
            # A browser preloads scripts alone.
            if kind == "static" and target.lower().endswith(SCRIPTS):
                graph[name].append(target)
    # A name that is kept needs no entry.
    modules.imports = {name: files[name].name for name in sorted(mapped) if files[name].name != name} | rooted
    modules.preload = {name: _closure(graph, name) for name in sorted(graph) if graph[name]}
    return modules


def imported(sources: Mapping[str, Source], name: str) -> Iterator[str]:
    """The files that a script imports by a path."""
    for target, *_ in _imports(sources, name, _parsed(sources[name]), {}, []):
        yield target


def _is_module(source: Source, tree: Tree | None) -> bool:
    if source.name.lower().endswith(".mjs"):
        return True
    return tree is not None and any(node.type in STATEMENTS for node in tree.root_node.children)


def _parsed(source: Source) -> Tree | None:
    """None for what imports and exports nothing."""
    if not source.name.lower().endswith(SCRIPTS):
        return None
    may_import = DYNAMIC.search(source.body) or any(
        _may_begin(source.body, match.start() - 2) for match in WORD.finditer(source.body)
    )
    return javascript.parse(source.body) if may_import else None


def _may_begin(script: bytes, place: int) -> bool:
    """Whether a statement of the top level may begin at ``place``."""
    before = script[:place] if place < 256 else script[place - 256 : place]
    code = before.rstrip()
    space = before[len(code) :]
    # Beyond ASCII there are other white space and line ends, and the byte order mark.
    return not code or code.endswith(BEFORE) or code[-1] > 0x7F or b"\n" in space or b"\r" in space


def _imports(
    sources: Mapping[str, Source], name: str, tree: Tree | None, bare: dict[str, str], warnings: list[str]
) -> Iterator[tuple[str, str, str]]:
    """Name, kind and path of each."""
    if tree is None:
        return
    source = sources[name]
    missing: list[tuple[int, str]] = []
    captures = QueryCursor(IMPORTS).captures(tree.root_node)
    for kind in ("static", "dynamic", "resolved"):
        for node in captures.get(kind, []):
            parts = script_names.parts(node)
            specifier = parts[0] or ""
            place = f"{shown(source.path)}:{node.start_point.row + 1}"
            if len(parts) > 1 or not specifier:
                # Every file that the name may be is in the map.
                yield from ((target, kind, "") for target in script_names.fitting(parts, name, sources))
                continue
            if not specifier.startswith(("./", "../", "/")) and not urls.SCHEME.match(specifier):
                if specifier in bare:
                    yield bare[specifier], kind, ""
                elif specifier not in NODES:
                    missing.append((node.start_point.row + 1, specifier))
                continue
            target = urls.target(specifier, name)
            if target is None:
                continue
            if target.name in sources:
                yield target.name, kind, target.path
                continue
            problem = f"{place}: imports {specifier}, which does not exist"
            hint = did_you_mean(target.name, sources)
            # A classic script, such as a library's, may import what it can do without.
            if source.own and _is_module(source, tree):
                raise SlipwayError(problem + hint)
            warnings.append(problem + hint)
    if missing:
        line, first = min(missing)
        more = f" (and {len(missing) - 1} more)" if missing[1:] else ""
        what = f"{first} is a bare name{more}; name its file in SLIPWAY_IMPORTS"
        warnings.append(f"{shown(source.path)}:{line}: {what}")


def _closure(graph: dict[str, list[str]], name: str) -> list[str]:
    found, waiting = set(), [name]
    while waiting:
        for imported in graph.get(waiting.pop(), []):
            if imported not in found and imported != name:
                found.add(imported)
                waiting.append(imported)
    return sorted(found)
