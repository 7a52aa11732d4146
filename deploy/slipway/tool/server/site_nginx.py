"""project/nginx/*.conf: what a site adds to its nginx server block. Checked here, and by `nginx -t` on the server.

nginx passes every request on; directives that could make it serve a file, or remove its limits, are rejected.
"""

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path

from slipway.web.errors import SlipwayError

# The directives allowed in the server block, and in each block in it.
RULES = ("allow", "deny", "satisfy")
LIMITS = ("limit_conn", "limit_rate", "limit_rate_after", "limit_req")
TIMEOUTS = ("client_body_timeout", "send_timeout")
ALLOWED = {
    "server": (
        *("add_header", *RULES, "if", "location", *LIMITS, "return", "rewrite", "set", *TIMEOUTS),
        *("client_header_timeout", "keepalive_timeout"),
    ),
    "location": (
        *(*RULES, "client_max_body_size", *LIMITS, "limit_except", "proxy_pass", "return", *TIMEOUTS),
        *("proxy_read_timeout", "proxy_send_timeout"),
    ),
    "if": ("return", "rewrite", "set"),
    "limit_except": ("allow", "deny"),
}
# Where a location sends its requests. Without one of these nginx looks for a file.
ANSWERS = {"proxy_pass", "return"}
SERVES_FILES = ("alias", "autoindex", "gzip_static", "index", "random_index", "root", "sendfile", "try_files")
NO_FILES = "would serve files; the CDN serves every static file, and the proof fails otherwise"
REASONS = dict.fromkeys(SERVES_FILES, NO_FILES) | {
    "client_max_body_size": "belongs into a location; the site's is `max_body_mb` in site.yml",
    "error_page": "could send a file; Django has the site's error pages",
    "proxy_read_timeout": "belongs into a location; the site's is `timeout` in site.yml",
}
# The arguments of a directive, joined by spaces; and what to write.
SECONDS, BYTES = (r"\d+(ms|s|m)?", "a time such as 30s"), (r"[1-9]\d*[kKmM]?", "a size such as 200k")
ARGUMENTS = {
    "add_header": (r"[A-Za-z0-9-]+ .+", "a name and a value"),
    **dict.fromkeys((*TIMEOUTS, "client_header_timeout", "proxy_read_timeout", "proxy_send_timeout"), SECONDS),
    "keepalive_timeout": SECONDS,
    **dict.fromkeys(("client_max_body_size", "limit_rate", "limit_rate_after"), BYTES),
    "if": (r"\((?!\s*[\"']?!?-).+\)", "a comparison in parentheses, not a test for a file"),
    "limit_conn": (r"per_client [1-9]\d*", "per_client and a number; nginx has no other zone"),
    "limit_except": (r"[A-Z]+( [A-Z]+)*", "methods such as GET POST"),
    "limit_req": (
        r"zone=(requests|sign_in)( burst=\d+)?( nodelay| delay=\d+)?",
        "zone=requests or zone=sign_in, and burst= and nodelay or delay=; nginx has no other zone",
    ),
    "location": (
        r"= /(?!slipway-)\S*|(\^~ )?/(?!slipway-)\S+|~\*? .+",
        "a path but / alone, or ~ and an expression; @names and /slipway-… are Slipway's own",
    ),
    "proxy_pass": (r"http://gunicorn", "http://gunicorn alone: another server would get headers that a visitor forged"),
    "rewrite": (r"\S.* \S.*", "an expression and a path or a URL"),
    "satisfy": (r"all|any", "all or any"),
    # Slipway's own variables decide what is limited and logged.
    "set": (r"\$site_\w+ .*", "a variable that begins with $site_, and a value"),
}
# As nginx reads words: a quote, a backslash or a brace in the middle of one means something else there than it seems.
TOKEN = re.compile(
    r"(?P<space>[ \t\n]+|\#[^\n]*)|(?P<mark>[{};])"
    r"""|(?P<word>(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')(?=[ \t\n;{)]|\Z)"""
    r"""|(?:\$\{\w+\}|\\[^\s"']|\$(?!\{)|[^\s;{}"'\\$])+(?=[ \t\n;{]|\Z))"""
)
# nginx has other spaces than Python, and a header with a line break in it would begin another one.
CONTROL = re.compile(r"[^\S \t\n]|[\0-\x08\x0e-\x1f\x7f]")
LINE_BREAK = re.compile(r"(?:[^\\]|\\[^nr])*\\[nr]")
CAPTURE = re.compile(r"\(\?P?[<'](?![=!])(?!site_)")


def read(project: Path) -> list[dict[str, str]]:
    """``name`` and ``text`` of each file of the ``project`` in its folder nginx.

    Raises SlipwayError, with file and line, for what a site may not add.
    """
    files, locations = [], set()
    for path in sorted((project / "nginx").glob("*.conf")):
        name = f"project/nginx/{path.name}"
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SlipwayError(f"{name}: cannot be read: {error}") from None
        _check(name, text, locations)
        files.append({"name": path.name, "text": text})
    return files


class _Block:
    """An open block: the ``directive`` that opened it, the ``line``, and what is in it."""

    def __init__(self, directive: str, line: int) -> None:
        self.directive, self.line = directive, line
        self.within: set[str] = set()
        self.zones: set[str] = set()

    def check(self, name: str) -> None:
        """Raises SlipwayError for what a whole block may not be."""
        if self.directive == "location" and not self.within & ANSWERS:
            raise SlipwayError(
                f"{name}:{self.line}: location: without a return, or `proxy_pass http://gunicorn;`, it {NO_FILES}"
            )
        if len(self.zones) == 1:
            raise SlipwayError(
                f"{name}:{self.line or 1}: limit_req: takes the place of every limit_req of Slipway's; name "
                "zone=requests and zone=sign_in"
            )


def _check(name: str, text: str, locations: set[tuple[str, ...]]) -> None:
    words: list[str] = []
    blocks = [_Block("server", 0)]
    for line, kind, token in _tokens(name, text):
        if kind == "word":
            words.append(token)
            continue
        where = f"{name}:{line}"
        if token == "}":
            if len(blocks) == 1 or words:
                raise SlipwayError(f"{where}: one }} too many, or a missing ; before it")
            blocks.pop().check(name)
            continue
        _check_directive(where, blocks[-1].directive, words, opens=token == "{")
        blocks[-1].within.add(words[0])
        if words[0] == "limit_req":
            blocks[-1].zones.add(words[1])
        if words[0] == "location":
            # To nginx ^~ /a is the same path as /a.
            path = tuple(word for word in words if word != "^~")
            if path in locations:
                raise SlipwayError(f"{where}: {' '.join(words)}: stands here twice")
            locations.add(path)
        if token == "{":
            blocks.append(_Block(words[0], line))
        words = []
    if words or len(blocks) > 1:
        where = f"{name}:{blocks[-1].line or text.count(chr(10)) + 1}"
        raise SlipwayError(f"{where}: unexpected end; a ; or a }} is missing")
    blocks[0].check(name)


def _tokens(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    at = 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        match = TOKEN.match(text, at)
        if not match:
            raise SlipwayError(
                f"{name}:{line}: cannot be read safely: put quotes around the whole of a word with a quote, a brace or "
                "a $ in it, and no control character anywhere"
            )
        at = match.end()
        if match.lastgroup != "space":
            yield line, match.lastgroup, match.group()


def _check_directive(where: str, block: str, words: list[str], *, opens: bool) -> None:
    directive = words[0] if words else ""
    if directive not in ALLOWED[block] or opens != (directive in ALLOWED):
        why = REASONS.get(directive, f"is not allowed here, only: {', '.join(ALLOWED[block])}")
        raise SlipwayError(f"{where}: {directive or 'no directive'}: {why}")
    values = " ".join(words[1:])
    if CONTROL.search(values) or LINE_BREAK.match(values) or CAPTURE.search(values):
        raise SlipwayError(
            f"{where}: {directive}: no line break, no control character, and a group's name (?<…>) begins with site_"
        )
    first = words[1].strip("\"'") if len(words) > 1 else ""
    if directive == "return" and not re.fullmatch(r"[34]\d\d|(https?|\$scheme)://.*", first):
        raise SlipwayError(
            f"{where}: return {first}: would answer in place of the site; give a redirect (3xx) or an error (4xx)"
        )
    if directive == "add_header" and first.lower() == "x-origin":
        raise SlipwayError(f"{where}: add_header X-Origin: the proof recognises the origin by it; use another name")
    if directive in RULES[:2]:
        _check_address(where, directive, values)
    form, what = ARGUMENTS.get(directive, (".*", ""))
    if not re.fullmatch(form, values):
        raise SlipwayError(f"{where}: {directive} {values}: give {what}")


def _check_address(where: str, directive: str, value: str) -> None:
    try:
        if value != "all":
            ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise SlipwayError(
            f"{where}: {directive} {value}: give an address, a network like 10.0.0.0/8, or all"
        ) from None
