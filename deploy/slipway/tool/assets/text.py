"""Text in UTF-8: the CDN serves every text file as UTF-8, whatever the file says of itself."""

import codecs
import re
from pathlib import PurePosixPath

from slipway.tool.assets.shown import shown
from slipway.web.errors import SlipwayError

MARK = "\ufeff"  # the byte order mark
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# How a file names its encoding: https://www.w3.org/TR/css-syntax-3/#charset-rule, https://www.w3.org/TR/xml/#NT-EncodingDecl
XML = re.compile(rb"""\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([^"']{1,100})["']""")
DECLARED = {
    ".css": re.compile(rb'@charset "([^"]{1,100})";'),
    ".svg": XML,
    ".xml": XML,
}
UTF_8 = frozenset((".css", ".svg", ".xml", ".js", ".mjs", ".html", ".htm", ".txt", ".md"))
CHARSET_RULE = re.compile(r'\s*@charset\s+"[^"]*"\s*;', re.IGNORECASE)


def in_utf8(path: str, body: bytes) -> bytes:
    """A file's bytes in UTF-8, where its byte order mark or its declaration names another encoding.

    Raises SlipwayError for a declaration that does not fit.
    """
    suffix = PurePosixPath(path).suffix.lower()
    if suffix not in UTF_8 or body.isascii():
        return body
    for mark, encoding in MARKS.items():
        if body.startswith(mark):
            return body if encoding == "utf-8" else _declared_utf8(suffix, decoded(path, body, encoding))
    declared = DECLARED[suffix].match(body) if suffix in DECLARED else None
    # A declaration that can be read as ASCII is not in UTF-16, whatever it says.
    if not declared or declared[1].lower().startswith(b"utf"):
        return body
    return _declared_utf8(suffix, decoded(path, body, declared[1].decode("ascii", "replace")))


def _declared_utf8(suffix: str, text: str) -> bytes:
    body = text.encode()
    if match := DECLARED[suffix].match(body) if suffix in DECLARED else None:
        body = body[: match.start(1)] + b"utf-8" + body[match.end(1) :]
    return body


def decoded(path: str, body: bytes, *encodings: str) -> str:
    """The text without its byte order mark, by the first encoding that fits.

    Raises SlipwayError with file and line when none does.
    """
    problem: SlipwayError | None = None
    for encoding in encodings:
        try:
            codec = codecs.lookup(encoding).name
            # As browsers read it: https://encoding.spec.whatwg.org/#names-and-labels
            return body.decode("cp1252" if codec in ("iso8859-1", "ascii") else codec).removeprefix(MARK)
        except UnicodeDecodeError as error:
            line = body.count(b"\n", 0, error.start) + 1
            problem = problem or SlipwayError(f"{shown(path)}:{line}: is not {encoding.upper()}; save it as UTF-8")
        except (LookupError, ValueError):
            raise SlipwayError(f"{shown(path)}:1: {encoding} is no encoding; save the file as UTF-8") from None
    raise problem


def problem(path: str, body: bytes) -> str | None:
    """A warning for text that is not UTF-8."""
    if PurePosixPath(path).suffix.lower() not in UTF_8 or body.isascii():
        return None
    try:
        decoded(path, body, "utf-8")
    except SlipwayError as error:
        return str(error)
    return None


def without_charset(sheet: str) -> str:
    """A stylesheet without its @charset, which counts at the beginning of a file alone."""
    return sheet[match.end() :] if (match := CHARSET_RULE.match(sheet)) else sheet
