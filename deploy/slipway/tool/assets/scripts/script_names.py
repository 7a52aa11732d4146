"""Reads the names of files in a script: literals, templates and concatenations, each with what it is used for.

A regular expression finds what looks like a path; a script is only parsed where one of those is the name of a file.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from slipway.tool.assets import urls
from slipway.tool.assets.scripts import javascript

# A literal without white space that has a dot or a slash, up to its end or to what is known at run time only.
PATH = re.compile(rb"([\"'`])([^\"'`\\\s<>${}./]*[./][^\"'`\\\s<>${}]*)(?=\1(\s*\+)?|(\$\{))")
# The same behind a part of a template.
TAIL = re.compile(rb"\}([^\"'`\\\s<>${}]*[./][^\"'`\\\s<>${}]*)(?=`|(\$\{))")
# The development server's URL inside a longer text, such as url(/static/x.png).
EMBEDDED = re.compile(rb"(?<![\w./:\"'`}-])" + urls.DEVELOPMENT_URL.encode() + rb"[^\s\"'`\\<>(){}$,;]*")
URL = re.compile(rb"\bnew URL\(\s*$")
LITERALS = frozenset(("string", "template_string"))
# Bases of new URL() that make a URL beside the script. A variable may hold one of them.
BASE = re.compile(rb"import\.meta\.url|currentScript\.src")
# What is resolved by an import map, or by a bundler that has gone.
IMPORTS = frozenset(("import", "import.meta.resolve", "require"))
WORKERS = frozenset(("Worker", "SharedWorker"))
# Methods of strings and regular expressions that only look at their first argument, and operators that compare.
LOOKS_AT = frozenset(("endsWith", "includes", "indexOf", "lastIndexOf", "match", "matchAll", "replace", "replaceAll"))
LOOKS_AT |= {"search", "split", "startsWith", "test"}
COMPARES = frozenset(("==", "===", "!=", "!=="))

# Stands for what is known at run time only, in a path; no name has it.
ANY = "\x00"

IMPORT, BESIDE, OTHER = "import", "beside", "other"
WORKER, SERVICE_WORKER, IMPORT_SCRIPTS = "worker", "service worker", "importScripts"


@dataclass(frozen=True, slots=True)
class Name:
    """A text that may be the name of a file. ``parts`` has None for what is known at run time only.

    ``use`` is one of the constants above; ``beside``: it is relative to the script, by new URL(), and not to the page.
    """

    parts: tuple[str | None, ...]
    line: int
    use: str
    beside: bool = False

    @property
    def head(self) -> str:
        """What it begins with for certain."""
        return self.parts[0] or ""

    @property
    def is_fixed(self) -> bool:
        return len(self.parts) == 1

    @property
    def shown(self) -> str:
        """As a pattern."""
        return "".join("*" if part is None else part for part in self.parts)


def names(body: bytes, is_promising: Callable[[str, bool], bool]) -> Iterator[Name]:
    """The names in a script for which ``is_promising(text, begins)`` holds, and those that new URL() gets.

    ``begins``: the text goes on at run time.
    """
    found = sorted(_promising(body, is_promising))
    if not found:
        return
    root = javascript.parse(body).root_node
    done = -1
    for start, text in found:
        node = root.descendant_for_byte_range(start, start + 1)
        while node is not None and node.type not in LITERALS:
            node = node.parent
        # A quote inside a comment or a regular expression begins no literal.
        if node is None or start < done:
            continue
        if node.start_byte != start and not (node.type == "template_string" and body[start : start + 1] == b"}"):
            # An address inside a longer text, such as HTML.
            yield Name((text,), root.descendant_for_byte_range(start, start).start_point.row + 1, OTHER)
            continue
        whole = _whole(node)
        done = whole.end_byte
        use, beside = _use(whole, body)
        if use:
            yield Name(parts(whole), whole.start_point.row + 1, use, beside)


def _promising(body: bytes, is_promising: Callable[[str, bool], bool]) -> Iterator[tuple[int, str]]:
    makes_urls = b"new URL" in body
    for match in PATH.finditer(body):
        text = match[2].decode("utf-8", "replace")
        in_url = makes_urls and URL.search(body, max(match.start() - 20, 0), match.start())
        if in_url or is_promising(text, bool(match[3] or match[4])):
            yield match.start(), text
    for match in TAIL.finditer(body) if b"${" in body else ():
        text = match[1].decode("utf-8", "replace").lstrip("/")
        if is_promising(text, bool(match[2])):
            yield match.start(), text
    for match in EMBEDDED.finditer(body) if urls.DEVELOPMENT_URL.encode() in body else ():
        yield match.start(), match[0].decode("utf-8", "replace")


def parts(node: Node) -> tuple[str | None, ...]:
    """The fixed parts of a literal, a template or a concatenation, and None for each other part."""
    found: list[str | None] = []
    for part in _parts(node):
        if part is not None and found and found[-1] is not None:
            found[-1] += part
        elif part is not None or not found or found[-1] is not None:
            found.append(part)
    # A template that begins with something unknown begins with no text.
    return tuple(found[1:] if found[0] == "" and found[1:] else found)


def fitting(parts: tuple[str | None, ...], script: str, files: Collection[str]) -> list[str]:
    """The names of ``files`` that a path in ``script`` may stand for; none where its beginning is not known.

    What is known at run time only is a part of one file's name, or else a path below that folder.
    """
    target = urls.target("".join(ANY if part is None else part for part in parts), script) if parts[0] else None
    if target is None:
        return []
    if ANY not in target.name:
        return [target.name] if target.name in files else []
    fixed = target.name.split(ANY)
    if not fixed[0]:
        return []
    for any_text in ("[^/]+", ".+"):
        pattern = re.compile(any_text.join(map(re.escape, fixed)))
        found = [name for name in files if name.startswith(fixed[0]) and pattern.fullmatch(name)]
        if found:
            return found
    return []


def _parts(node: Node) -> Iterator[str | None]:
    if node.type == "string":
        yield node.text[1:-1].decode("utf-8", "replace")
    elif node.type == "template_string":
        yield ""
        for child in node.named_children:
            yield None if child.type == "template_substitution" else child.text.decode("utf-8", "replace")
    elif node.type == "parenthesized_expression" and node.named_child_count == 1:
        yield from _parts(node.named_children[0])
    elif _is_sum(node):
        yield from _parts(node.child_by_field_name("left"))
        yield from _parts(node.child_by_field_name("right"))
    else:
        yield None


def _is_sum(node: Node) -> bool:
    operator = node.child_by_field_name("operator") if node.type == "binary_expression" else None
    return operator is not None and operator.type == "+"


def _whole(node: Node) -> Node:
    """The concatenation that a literal is a part of."""
    while node.parent is not None and (_is_sum(node.parent) or node.parent.type == "parenthesized_expression"):
        node = node.parent
    return node


def _use(node: Node, body: bytes) -> tuple[str, bool]:
    """What a name is used for, "" where nothing is requested, and whether it is relative to the script."""
    parent = node.parent
    if parent is None or parent.type in ("import_statement", "export_statement"):
        return IMPORT, True
    if _is_compared(node, parent):
        return "", False
    call = parent.parent if parent.type == "arguments" else None
    called = _called(call)
    if called in IMPORTS:
        return IMPORT, True
    if called == "URL" and call.type == "new_expression":
        beside = _is_beside(parent, body)
        outer = _outer(call)
        if outer.parent is not None and outer.parent.type == "arguments":
            use = _start(outer.parent.parent)
            if use == IMPORT_SCRIPTS:
                # The base is given to the worker: it has no URL of its own on the CDN.
                return BESIDE, True
            if use:
                return use, beside
        return _start_of_variable(outer, body) or (BESIDE if beside else OTHER), beside
    return _start(call) or _start_of_variable(node, body) or OTHER, False


def _is_compared(node: Node, parent: Node) -> bool:
    """Whether a name is a property's, or is only compared with another text."""
    if parent.type == "pair":
        return parent.child_by_field_name("key") == node
    if parent.type == "switch_case":
        return parent.child_by_field_name("value") == node
    if parent.type == "binary_expression":
        return parent.child_by_field_name("operator").type in COMPARES
    if parent.type != "arguments" or parent.named_children[0] != node:
        return False
    function = parent.parent.child_by_field_name("function")
    if function is None or function.type != "member_expression":
        return False
    method = function.child_by_field_name("property").text.decode("utf-8", "replace")
    # location.replace() has one argument.
    return method in LOOKS_AT and (method != "replace" or parent.named_child_count > 1)


def _start(call: Node | None) -> str:
    called = _called(call)
    if called in WORKERS:
        return WORKER
    if called.removeprefix("self.") == IMPORT_SCRIPTS:
        return IMPORT_SCRIPTS
    return SERVICE_WORKER if called.endswith("serviceWorker.register") else ""


def _start_of_variable(value: Node, body: bytes) -> str:
    """What is done with a variable that gets a name, as far as it matters where the file comes from."""
    variable = value.parent.child_by_field_name("name") if value.parent.type == "variable_declarator" else None
    if variable is None or variable.type != "identifier":
        return ""
    name = re.escape(variable.text) + rb"\b"
    if re.search(rb"\bnew\s+(?:window\.)?(?:Shared)?Worker\(\s*" + name, body):
        return WORKER
    return SERVICE_WORKER if re.search(rb"\bserviceWorker\s*\.\s*register\(\s*" + name, body) else ""


def _called(call: Node | None) -> str:
    if call is None or call.type not in ("call_expression", "new_expression"):
        return ""
    function = call.child_by_field_name("function") or call.child_by_field_name("constructor")
    return function.text.decode("utf-8", "replace").removeprefix("window.") if function is not None else ""


def _outer(url: Node) -> Node:
    """A URL and its ``.href``."""
    parent = url.parent
    return parent if parent is not None and parent.type == "member_expression" else url


def _is_beside(arguments: Node, body: bytes) -> bool:
    """Whether the base of new URL(…, base) is the script's own URL."""
    if arguments.named_child_count < 2:
        return False
    base = arguments.named_children[1]
    if BASE.search(base.text):
        return True
    if base.type != "identifier":
        return False
    assigned = rb"\b" + re.escape(base.text) + rb"\s*=[^;\n]*(?:" + BASE.pattern + rb")"
    return bool(re.search(assigned, body))
