"""Translates a path's regular expression for nginx: to PCRE, byte by byte, appended to other parts of the path.

The result matches what Django's expression matches, or more where PCRE has no equivalent; never less.
"""

import re

ANYTHING = "(?s:.*)"
# One character in Python is several bytes of UTF-8 in nginx: an atomic group, tried first.
CHARACTER = r"(?>[\xc2-\xf4][\x80-\xbf]+|{})"
TOKEN = re.compile(
    r"""
      (?P<set> \[ (?P<not>\^)? \]? (?: \\. | [^\]\\] )* \] )
    | (?P<opens> \( (?: \?: | \?P<\w+> )? (?!\?) )
    | (?P<comment> \(\?\# [^)]* \) )
    | (?P<special> \(\? )
    | (?P<closes> \) )
    | (?P<bar> \| )
    | (?P<repeat> (?: [*+?] | \{ (?: (?P<least>\d+) (?P<most> ,\d* )? | (?P<only_most> ,\d* ) ) \} ) [?+]? )
    | (?P<escape> \\ (?: x.. | u.{4} | U.{8} | N\{[^}]*\} | \d+ | . ) )
    | (?P<literal> . )
    """,
    re.VERBOSE | re.DOTALL,
)
FLAGS = re.compile(r"\(\?([A-Za-z]+)\)")
# Classes of one character: Unicode in Python, ASCII in nginx.
CLASSES = {rf"\{each}" for each in "dDsSwW"}
# Escapes with the same meaning in both: punctuation, and three letters.
SAME = re.compile(r"\\(?:[ntr]|[^\w\x00-\x1f])", re.ASCII)
# A set with the same meaning in both: no [:alpha:], and non-ASCII letters only as whole classes.
SET = re.compile(r"\[\^?\]?(?:\\[dDsSwWntr]|\\[!-/:-@\[-`{-~ ]|[ -Z^-~])*\]")
BEGINS, BOUNDS, ENDS = {"^", r"\A"}, {r"\b", r"\B"}, {r"\Z", r"\z"}


def translated(expression: str) -> str:
    """Translates the Python ``expression``, which Django matches against the rest of a path; to append to its parts."""
    flags = FLAGS.match(expression)
    if flags and set(flags[1]) - set("aiu"):
        return ANYTHING
    # [anchored at the beginning, expression], of each alternative.
    parts: list[list] = [[False, ""]]
    depth, skipped, fresh, repeatable = 0, 0, True, False
    for token in TOKEN.finditer(expression, flags.end() if flags else 0):
        kind = token.lastgroup
        if skipped:
            skipped += {"opens": 1, "special": 1, "closes": -1}.get(kind, 0)
            continue
        if kind == "special":
            # A lookaround, a back-reference, a condition: skip to its end.
            skipped, written = 1, ANYTHING
        elif kind == "bar" and not depth:
            parts.append([False, ""])
            fresh = True
            continue
        elif kind == "repeat":
            written = _repeated(token) if repeatable else ""
        elif fresh and not depth and token[0] in BEGINS:
            parts[-1][0], written = True, ""
        else:
            depth += {"opens": 1, "closes": -1}.get(kind, 0)
            written = _written(kind, token, unending=expression[token.end() : token.end() + 1] in ("*", "+"))
        parts[-1][1] += written
        fresh, repeatable = False, written not in ("", ANYTHING)
    alternatives = [text if anchored else ANYTHING + text for anchored, text in parts]
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"


def _written(kind: str, token: re.Match[str], *, unending: bool) -> str:
    text = token[0]
    if kind == "opens":
        # In nginx a named group would set a variable.
        return "(?:"
    if kind in ("closes", "bar"):
        return text
    if kind == "comment" or text in BEGINS | BOUNDS:
        return ""
    if kind == "set":
        if not SET.fullmatch(text):
            return CHARACTER.format("(?s:.)")
        if not token["not"] and not any(each in text for each in CLASSES):
            return text
        # Repeated without bound, it may match the bytes one by one.
        return text if token["not"] and unending else CHARACTER.format(text)
    if kind == "escape":
        if text in CLASSES:
            return CHARACTER.format(text)
        return r"\Z" if text in ENDS else text if SAME.fullmatch(text) else ANYTHING
    if text == ".":
        return text if unending else CHARACTER.format(text)
    return text if text.isascii() and text.isprintable() and text != "{" else f"(?:{re.escape(text)})"


def _repeated(token: re.Match[str]) -> str:
    """The quantifier, without its lazy or possessive mark, which does not change whether it matches."""
    text = token[0]
    if text[0] != "{":
        return text[0]
    least, most = token["least"] or "0", token["most"] or token["only_most"] or ""
    # PCRE allows up to 65,535, and expands each repetition.
    return "*" if any(int(each or 0) > 255 for each in (least, most[1:])) else f"{{{least}{most}}}"
