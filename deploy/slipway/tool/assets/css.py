"""Finds a stylesheet's references, and rewrites them.

The lexer is one regular expression: it reads comments, strings, url(), @import and image-set() by
CSS Syntax Level 3, so that a url() inside a comment or a string is no reference. A tokenizer
written in Python takes a hundred times as long, and packages have megabytes of stylesheets; the
tests compare this one with tinycss2.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

COMMENT = rb"/\*[\s\S]*?(?:\*/|\Z)"
# Possessive, or a string that never ends would be tried in every way that its escapes can be cut.
ESCAPED = rb"\\(?>[0-9a-fA-F]{1,6}(?:\r\n|\s)?|\r\n|[\s\S])"
STRING = (
    rb"\"[^\"\\\n]*+(?:" + ESCAPED + rb"[^\"\\\n]*+)*+\""
    rb"|'[^'\\\n]*+(?:" + ESCAPED + rb"[^'\\\n]*+)*+'"
)  # fmt: skip
BARE = rb"[^\s\"'()\\]*+(?:" + ESCAPED + rb"[^\s\"'()\\]*+)*+"
BAD_URL = rb"(?:[^)\\]|\\[\s\S])*\)"
SPACE = rb"(?:\s|" + COMMENT + rb")*"

# Every branch starts with a literal character: that lets the regex engine skip all others.
LEXER = re.compile(
    rb"(?P<comment>" + COMMENT + rb")"
    # A string may have modifiers after it: url("a.png" crossorigin(anonymous)). The file's end closes what is open.
    rb"|\((?<=[uU][rR][lL]\()\s*(?:"
    rb"(?P<url>" + STRING + rb")(?=\s*(?:[)a-zA-Z-]|\Z))|(?P<bare>" + BARE + rb")\s*(?:\)|\Z)|" + BAD_URL + rb")"
    rb"|\((?<=[sS][rR][cC]\()\s*(?P<src>" + STRING + rb")"
    rb"|" + STRING + rb""
    rb"|@[iI][mM][pP][oO][rR][tT]\b" + SPACE + rb"(?P<import>" + STRING + rb")?"
    # What a condition names is never loaded.
    rb"|@[sS][uU][pP][pP][oO][rR][tT][sS]\b(?P<supports>(?:" + COMMENT + rb"|" + STRING + rb"|[^{;\"'/]|/)*)"
    rb"|@[nN][aA][mM][eE][sS][pP][aA][cC][eE]\b(?P<namespace>(?:" + COMMENT + rb"|" + STRING + rb"|[^;\"'/]|/)*)"
    rb"|\((?P<set>(?<=[iI][mM][aA][gG][eE]-[sS][eE][tT]\())"
)
INSIDE_SET = re.compile(COMMENT + rb"|(?P<string>" + STRING + rb")|[()]")
NAMESPACE = re.compile(rb"@namespace\b", re.IGNORECASE)
MARKERS = re.compile(rb"\((?<=url\()|\((?<=src\()|@import\b|image-set\(|sourceMappingURL", re.IGNORECASE)
SOURCE_MAP = re.compile(rb"/\*[#@]\s*sourceMappingURL=(\S+?)\s*\*/")
BLOCKS = re.compile(COMMENT + rb"|" + STRING + rb"|\((?<=[uU][rR][lL]\()" + BAD_URL + rb"|[{}]|\\[\s\S]")
NAME_BYTE = re.compile(rb"[\w\x80-\xff-]")
ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|\s)?|(\r\n|[\n\r\f])|(.))", re.DOTALL)


class Reference(NamedTuple):
    """A URL in a file: its bytes [start, end), and its unescaped text."""

    start: int
    end: int
    url: str
    kind: str = "url"

    def line(self, body: bytes) -> int:
        return body.count(b"\n", 0, self.start) + 1


def references(body: bytes) -> list[Reference]:
    """The references of a stylesheet, in order; kind is url, import or map."""
    return sorted(_scan(body)) if MARKERS.search(body) else []


def has_namespace(body: bytes) -> bool:
    """Whether it has @namespace, which counts for a whole stylesheet and before all its rules alone."""
    return bool(NAMESPACE.search(body)) and any(match.lastgroup == "namespace" for match in LEXER.finditer(body))


def is_balanced(body: bytes) -> bool:
    """Whether every block is closed, so that another stylesheet may follow."""
    depth = 0
    for token in BLOCKS.finditer(body):
        depth += {b"{": 1, b"}": -1}.get(token[0], 0)
        open_comment = token[0].startswith(b"/*") and not token[0].endswith(b"*/")
        if depth < 0 or open_comment:
            return False
    return depth == 0


def rewrite(body: bytes, replace: Callable[[Reference], str | None]) -> bytes:
    """The stylesheet with each reference replaced; one for which ``replace`` returns None stays."""
    return substitute(body, [(ref, replace(ref)) for ref in references(body)])


def substitute(body: bytes, changes: list[tuple[Reference, str | None]]) -> bytes:
    """``body`` with each reference's bytes replaced by its new URL; None leaves it as it is."""
    parts, done = [], 0
    for reference, url in changes:
        if url is not None:
            parts += body[done : reference.start], url.encode()
            done = reference.end
    parts.append(body[done:])
    return b"".join(parts)


def _scan(body: bytes) -> Iterator[Reference]:
    import_end = -1
    # Where the conditions of an @import begin, as long as it may last.
    conditions = -1
    for match in LEXER.finditer(body):
        kind = match.lastgroup
        if kind in ("url", "bare", "src"):
            # my-url( is another function, and url() refers to nothing.
            if NAME_BYTE.fullmatch(body, match.start() - 4, match.start() - 3) or not match[kind]:
                continue
            imported = match.start() - len("url") == import_end
            if conditions >= 0 and b";" not in body[conditions : match.start()]:
                continue
            conditions = match.end() if imported else -1
            span = match.span(kind) if kind == "bare" else _inside(match.span(kind))
            yield _reference(body, span, "import" if imported else "url")
        elif kind == "comment":
            source_map = SOURCE_MAP.fullmatch(body, *match.span())
            if source_map:
                yield _reference(body, source_map.span(1), "map")
        elif kind == "import":
            conditions = match.end()
            yield _reference(body, _inside(match.span(kind)), "import")
        elif kind == "set":
            yield from _strings_of_set(body, match.end())
        elif match[0].startswith(b"@"):
            import_end = match.end()


def _strings_of_set(body: bytes, position: int) -> Iterator[Reference]:
    """The bare strings of an image-set(); its url() are found like any other."""
    depth = 1
    while depth and (match := INSIDE_SET.search(body, position)):
        position = match.end()
        if match["string"] and depth == 1:
            yield _reference(body, _inside(match.span()), "url")
        depth += {b"(": 1, b")": -1}.get(match[0], 0)


def _inside(span: tuple[int, int]) -> tuple[int, int]:
    return span[0] + 1, span[1] - 1


def _reference(body: bytes, span: tuple[int, int], kind: str) -> Reference:
    text = body[slice(*span)].decode("utf-8", "replace")
    return Reference(*span, ESCAPE.sub(_unescape, text).strip(), kind)


def _unescape(match: re.Match[str]) -> str:
    if match[1]:
        code = int(match[1], 16)
        return chr(code) if 0 < code < 0x110000 else "\ufffd"
    return match[3] or ""
