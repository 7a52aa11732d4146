"""The string and template literals of a script, and what the code around each does with it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n\u2028\u2029]*|/\*.*?(?:\*/|\Z)|<!--[^\n]*)"""
    r"""|(?P<string>"[^"\\\n]*(?:\\.[^"\\\n]*)*(?:"|(?=\n)|\\?\Z)|'[^'\\\n]*(?:\\.[^'\\\n]*)*(?:'|(?=\n)|\\?\Z))"""
    r"""|[`/(){}]""",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n]){0,20000}\]|[^/\\\[\n])+/[a-z]*")
# A text with so many slashes that begin nothing is no script, and each would be read to the end of its line.
MOST_WRONG = 100
_CHUNK = re.compile(r"((?:\\.|\$(?!\{)|[^`\\$]+)*)(`|\$\{|\Z)", re.DOTALL)
_WORD = re.compile(r"(?<![\w$.])[\w$]+\Z")
# After these a slash begins a regular expression; after the parentheses of the latter, too.
_BEFORE_REGEX = {"return", "typeof", "case", "do", "else", "in", "instanceof", "new", "void", "delete", "throw"}
_BEFORE_REGEX |= {"yield", "await", "of"}
_WITH_PARENTHESES = {"if", "while", "for", "with"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|(\r\n|.))", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r\n": ""}

# What code before a literal says about it, the first that matches: with https://html.spec.whatwg.org/ as its source.
_GLOBAL = r"(?:(?<![\w$.])|(?<![\w$.])(?:window|self|globalThis)\.)"
_USES = {
    use: re.compile(rf"(?:{before})\s*\Z")
    for use, before in {
        "compared": r"[=!]==?|(?<![\w$.])case"
        r"|\.(?:startsWith|endsWith|includes|indexOf|lastIndexOf|replace|replaceAll|split|match|test|search|has)\s*\(",
        "import": r"(?<![\w$.])(?:import|export)\s*\(?|[\w$}*\s]\bfrom",
        "worker": rf"\bnew\s+{_GLOBAL}(?:Shared)?Worker\s*\((?:\s*new\s+{_GLOBAL}URL\s*\()?"
        r"|\bserviceWorker\s*\??\.\s*register\s*\(|\.\s*addModule\s*\(",
        "script": r"(?<![\w$.])importScripts\s*\([^()]*",
        "url": rf"\bnew\s+{_GLOBAL}URL\s*\(",
        "fetch": rf"{_GLOBAL}fetch\s*\(|\bnew\s+{_GLOBAL}Request\s*\("
        r"|\.\s*open\s*\(\s*[\"']\w+[\"']\s*,",
        "media": rf"\bnew\s+{_GLOBAL}Audio\s*\(",
        "element": r"\.\s*(?:src|srcset|poster)\s*="
        r"|\.\s*setAttribute\s*\(\s*[\"'](?:src|srcset|poster)[\"']\s*,",
        "link": r"\.\s*href\s*=|\.\s*setAttribute\s*\(\s*[\"'](?:href|data)[\"']\s*,",
        "absolute": r"\blocation\.origin\s*\+",
        "joined": r"(?<!\+)\+",
    }.items()
}
_LOOK_BACK = 120
_CONTINUES = re.compile(r"\s*(?:\+(?!\+)|\.\s*concat\s*\()")
_IS_COMPARED = re.compile(r"\s*[=!]==?")
_MODULE_URL = re.compile(r"\s*,\s*import\s*\.\s*meta\s*\.\s*url\b")
_PAGE_URL = re.compile(r"\s*(?:\)|,\s*(?:(?:window|self|document|globalThis)\s*\.\s*)*(?:location|baseURI)\b)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Literal:
    """``text``: its value; of a template, one part between its ``${…}``. ``start``: its first character's offset.

    ``begins`` and ``ends``: whether it begins and ends the value that the code makes of it. ``quoted``: no template.
    """

    text: str
    start: int
    end: int
    begins: bool = True
    ends: bool = True
    quoted: bool = True


def literals(code: str) -> Iterator[Literal]:
    """Every literal, in order; those in comments and regular expressions are none."""
    at, last_open = 0, -1
    parentheses: list[int] = []
    braces: list[bool] = []  # whether each is a template's ${
    comments: dict[int, int] = {}
    wrong = 0
    while token := _TOKEN.search(code, at):
        start, at = token.span()
        first = code[start]
        if token["comment"]:
            comments[at] = start
        elif token["string"]:
            if at - start < 2 or code[at - 1] != first:
                continue  # its end is missing
            yield Literal(_unescaped(token["string"][1:-1]), start, at)
        elif first == "`" or (first == "}" and braces and braces[-1]):
            chunk = _CHUNK.match(code, at)
            at = chunk.end()
            if first == "}":
                braces.pop()
            if chunk[2] == "${":
                braces.append(True)
            yield Literal(_unescaped(chunk[1]), start, at, first == "`", chunk[2] != "${", quoted=False)
        elif first == "/":
            if wrong < MOST_WRONG and _may_be_regex(code, _before(code, start, comments), last_open):
                regex = _REGEX.match(code, start)
                at, wrong = (regex.end(), wrong) if regex else (at, wrong + 1)
        elif first == "(":
            parentheses.append(start)
        elif first == ")":
            last_open = parentheses.pop() if parentheses else -1
        elif first == "{":
            braces.append(False)
        elif braces:
            braces.pop()


def use(code: str, literal: Literal) -> str:
    """What the code does with a literal that begins a value: one of ``_USES``, "module url", or "".

    "joined": something unknown comes before it, or it is relative to an unknown base.
    """
    before = code[max(0, literal.start - _LOOK_BACK) : literal.start]
    if "/*" in before:
        before = _COMMENT.sub(" ", before)
    if _IS_COMPARED.match(code, literal.end):
        return "compared"
    found = next((use for use, pattern in _USES.items() if pattern.search(before)), "")
    if found == "url" or (found == "worker" and before.rstrip().endswith("URL(")):
        if _MODULE_URL.match(code, literal.end):
            return "module url" if found == "url" else "module worker"
        if not _PAGE_URL.match(code, literal.end):
            return "joined"
        return "" if found == "url" else found
    return found


def continues(code: str, literal: Literal) -> bool:
    """Whether the code appends something to the literal."""
    return not literal.ends or bool(_CONTINUES.match(code, literal.end))


def _before(code: str, at: int, comments: dict[int, int]) -> int:
    """The offset after the last character of code before ``at``."""
    while True:
        while at and code[at - 1].isspace():
            at -= 1
        if at not in comments:
            return at
        at = comments[at]


def _may_be_regex(code: str, end: int, last_open: int) -> bool:
    """Whether a slash after ``code[:end]`` begins a regular expression and does not divide."""
    last = code[end - 1] if end else ""
    if last == ")":
        word = _WORD.search(code[max(0, last_open - 20) : max(0, last_open)].rstrip())
        return bool(word) and word[0] in _WITH_PARENTHESES
    if last in "\"'`]" and last:
        return False
    if last.isalnum() or last in ("_", "$"):
        word = _WORD.search(code[max(0, end - 20) : end])
        return bool(word) and word[0] in _BEFORE_REGEX
    # A block's brace is frequent before a regular expression, an object's before a division is not.
    return code[max(0, end - 2) : end] not in ("++", "--")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match) -> str:
    number = escape[1] or escape[2] or escape[3]
    if number:
        return chr(int(number, 16)) if int(number, 16) <= 0x10FFFF else "\ufffd"
    return _CONTROLS.get(escape[4], escape[4])
