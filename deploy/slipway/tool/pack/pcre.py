"""A path's regular expression as nginx reads it: by PCRE, byte by byte, behind other parts of the same path.

What comes out matches what Django's does, or more where PCRE has no word for it; never less.
"""

import re

ANYTHING = "(?s:.*)"
# To Python a character is one, to nginx it is its bytes in UTF-8. Tried first, and never in part.
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
# Of one character, as Unicode sees it; nginx's see ASCII alone.
CLASSES = {rf"\{each}" for each in "dDsSwW"}
# What is written alike: punctuation, and three letters.
ALIKE = re.compile(r"\\(?:[ntr]|[^\w\x00-\x1f])", re.ASCII)
# A set that both read alike: no [:alpha:], and of other letters than ASCII's only whole classes.
SET = re.compile(r"\[\^?\]?(?:\\[dDsSwWntr]|\\[!-/:-@\[-`{-~ ]|[ -Z^-~])*\]")
BEGINS, BOUNDS, ENDS = {"^", r"\A"}, {r"\b", r"\B"}, {r"\Z", r"\z"}


def translated(expression: str) -> str:
    """``expression`` of Python, which Django looks for in the rest of a path, to be put behind the parts before it."""
    flags = FLAGS.match(expression)
    if flags and set(flags[1]) - set("aiu"):
        return ANYTHING
    # [tied to the beginning, what it is], of each alternative.
    found: list[list] = [[False, ""]]
    depth, skipped, fresh, repeatable = 0, 0, True, False
    for token in TOKEN.finditer(expression, flags.end() if flags else 0):
        kind = token.lastgroup
        if skipped:
            skipped += {"opens": 1, "special": 1, "closes": -1}.get(kind, 0)
            continue
        if kind == "special":
            # A look around, a back-reference, a condition: to its end.
            skipped, written = 1, ANYTHING
        elif kind == "bar" and not depth:
            found.append([False, ""])
            fresh = True
            continue
        elif kind == "repeat":
            written = _repeated(token) if repeatable else ""
        elif fresh and not depth and token[0] in BEGINS:
            found[-1][0], written = True, ""
        else:
            depth += {"opens": 1, "closes": -1}.get(kind, 0)
            written = _written(kind, token, unending=expression[token.end() : token.end() + 1] in ("*", "+"))
        found[-1][1] += written
        fresh, repeatable = False, written not in ("", ANYTHING)
    alternatives = [text if tied else ANYTHING + text for tied, text in found]
    return alternatives[0] if len(alternatives) == 1 else f"(?:{'|'.join(alternatives)})"


def _written(kind: str, token: re.Match[str], *, unending: bool) -> str:
    text = token[0]
    if kind == "opens":
        # To nginx a named group would be a variable of its own.
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
        # As often as it likes, it takes the bytes one by one.
        return text if token["not"] and unending else CHARACTER.format(text)
    if kind == "escape":
        if text in CLASSES:
            return CHARACTER.format(text)
        return r"\Z" if text in ENDS else text if ALIKE.fullmatch(text) else ANYTHING
    if text == ".":
        return text if unending else CHARACTER.format(text)
    return text if text.isascii() and text.isprintable() and text != "{" else f"(?:{re.escape(text)})"


def _repeated(token: re.Match[str]) -> str:
    """Without the signs for lazy and possessive, which change what is taken and not whether."""
    text = token[0]
    if text[0] != "{":
        return text[0]
    least, most = token["least"] or "0", token["most"] or token["only_most"] or ""
    # PCRE counts to 65,535, and writes each one out.
    return "*" if any(int(each or 0) > 255 for each in (least, most[1:])) else f"{{{least}{most}}}"
