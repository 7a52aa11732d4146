"""Parses JavaScript: with tree-sitter for its structure, with QuickJS for its validity.

tree-sitter finds the strings, regular expressions, templates and comments, also in invalid scripts.
QuickJS is an engine: it rejects what a browser would reject, such as a name declared twice.
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
HASHBANG = re.compile("#![^\n\r\u2028\u2029]*")


def parse(script: bytes) -> Tree:
    return Parser(LANGUAGE).parse(script)


def spans(tree: Tree) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind) of literals, regexes and comments, outermost only."""
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


def without_hashbang(script: str) -> str:
    """The script with its first line empty, if that is ``#!…``: this is a comment nowhere else."""
    match = HASHBANG.match(script)
    return script[match.end() :] if match else script


def syntax_error(script: str) -> tuple[int, str] | None:
    """Line and message of a syntax error in a classic script, or None.

    The script is compiled and not run: a statement before it throws.
    """
    # A semicolon of its own: the script may begin with a regular expression, a template or a bracket.
    prologue = '"use strict";throw 0;\n' if is_strict(script.encode()) else "throw 0;\n"
    try:
        # QuickJS' binding takes no NUL. Where a NUL is allowed, in a string or a comment, this character is too.
        quickjs.Context().eval(prologue + without_hashbang(script).replace("\0", "\ufffd"))
    except quickjs.JSException as error:
        message = str(error)
        if message.startswith("SyntaxError"):
            place = ERROR_PLACE.search(message)
            return max(int(place[1]) - 1, 1) if place else _bad_regex(script), message.splitlines()[0]
    return None


def _bad_regex(script: str) -> int:
    """The line of the regular expression that is no valid one: an error in one has no place."""
    body = script.encode()
    for start, end, kind in spans(parse(body)):
        try:
            if kind == "regex":
                quickjs.Context().eval("throw 0;" + body[start:end].decode().replace("\0", "\ufffd"))
        except quickjs.JSException as error:
            if str(error).startswith("SyntaxError"):
                return body.count(b"\n", 0, start) + 1
    return 1
