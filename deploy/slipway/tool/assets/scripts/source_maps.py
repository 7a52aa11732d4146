"""Finds the source map in a script's last comment."""

import re

from slipway.tool.assets.css import Reference

# Only in the last lines, and only a comment that starts a line: bundlers write scripts with such a
# comment inside a string.
COMMENT = re.compile(rb"^//[#@][ \t]*sourceMappingURL=(\S*)[ \t]*\r?$", re.MULTILINE)
REST = re.compile(rb"(?:\s|//[^\n]*|/\*[\s\S]*?\*/)*")


def references(body: bytes) -> list[Reference]:
    """The source-map comment of a script: one reference or none."""
    place = body.rfind(b"sourceMappingURL=")
    if place < 0:
        return []
    match = COMMENT.search(body, body.rfind(b"\n", 0, place) + 1)
    if not match or not REST.fullmatch(body, match.end()):
        return []
    return [Reference(*match.span(1), match[1].decode("utf-8", "replace"), "map")]
