"""Reads JavaScript with real parsers: tree-sitter for its structure, QuickJS for its validity.

tree-sitter shows where the strings, regular expressions, templates and comments are, and never
refuses. QuickJS is an engine: it refuses what a browser would, a name declared twice included.
"""

import re
from collections.abc import Iterator

import quickjs
import tree_sitter_javascript
from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

LANGUAGE = Language(tree_sitter_javascript.language())
SPANS = Query(
    LANGUAGE,
    "[(string) (template_string)] @literal (regex) @regex [(comment) (html_comment) (hash_bang_line)] @comment",
)
COMMENTS = ("comment", "html_comment", "hash_bang_line")
ERROR_PLACE = re.compile(r"<input>:(\d+)")


def parse(script: bytes) -> Tree:
    return Parser(LANGUAGE).parse(script)


def spans(tree: Tree) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of what is not plain code, outermost only; literal, regex or comment."""
    captures = QueryCursor(SPANS).captures(tree.root_node)
    found = [(node.start_byte, node.end_byte, kind) for kind in captures for node in captures[kind]]
    reached = 0
    for start, end, kind in sorted(found):
        if start >= reached:
            yield start, end, kind
            reached = end


def statements(tree: Tree) -> Iterator[Node]:
    """The statements of the top level."""
    return (node for node in tree.root_node.named_children if node.type not in COMMENTS)


def is_strict(script: bytes) -> bool:
    """Whether a script begins with a "use strict" directive."""
    for node in statements(parse(script)):
        text = node.named_child(0) if node.type == "expression_statement" else None
        if text is None or text.type != "string":
            return False
        if text.text[1:-1] == b"use strict":
            return True
    return False


def syntax_error(script: str) -> tuple[int, str] | None:
    """Line and message of what an engine refuses in a classic script; None when it would run it.

    The script is compiled and not run: it stands behind a statement that throws.
    """
    prologue = '"use strict";throw 0\n' if is_strict(script.encode()) else "throw 0\n"
    try:
        quickjs.Context().eval(prologue + script)
    except quickjs.JSException as error:
        message = str(error)
        if message.startswith("SyntaxError"):
            place = ERROR_PLACE.search(message)
            return int(place[1]) - 1 if place else 1, message.splitlines()[0]
    return None
