"""project/nginx/*.conf: what a site adds to its nginx server block. Checked here, and by `nginx -t` on the server.

nginx passes every request on; directives that could make it serve a file, or remove its limits, are rejected.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from slipway.web.errors import SlipwayError

# The directives allowed in the server block, and in each block in it.
ALLOWED = {
    "server": ("add_header", "allow", "deny", "if", "location", "return", "rewrite", "satisfy", "set"),
    "location": ("allow", "deny", "return", "satisfy"),
    "if": ("return", "rewrite", "set"),
}
SERVES_FILES = ("alias", "autoindex", "gzip_static", "index", "random_index", "root", "sendfile", "try_files")
REASONS = dict.fromkeys(
    SERVES_FILES, "would serve files; the CDN serves every static file, and the proof fails otherwise"
) | {
    "client_max_body_size": "is nginx_client_max_body_size in ansible/roles/nginx/defaults/main.yml",
    "proxy_pass": "would pass on headers that a visitor forged; the one in nginx.conf.j2 does not",
}
TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)|(?P<mark>[{};])|(?P<word>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:\$\{\w*\}|\\.|[^\s;{}"'\\])+)""",
    re.S,
)


def read(project: Path) -> list[dict[str, str]]:
    """``name`` and ``text`` of each file of the ``project`` in its folder nginx.

    Raises SlipwayError, with file and line, for what a site may not add.
    """
    files = []
    for path in sorted((project / "nginx").glob("*.conf")):
        text = path.read_text()
        _check(f"project/nginx/{path.name}", text)
        files.append({"name": path.name, "text": text})
    return files


def _check(name: str, text: str) -> None:
    words: list[str] = []
    # Each open block, with the line where it begins and the directives in it.
    blocks: list[tuple[str, int, set[str]]] = [("server", 0, set())]
    for line, kind, token in _tokens(name, text):
        if kind == "word":
            words.append(token)
            continue
        block, began, within = blocks[-1]
        where = f"{name}:{line}"
        if token == "}":
            if len(blocks) == 1 or words:
                raise SlipwayError(f"{where}: one }} too many, or a missing ; before it")
            if block == "location" and "return" not in within:
                raise SlipwayError(f"{name}:{began}: location: without a return in it nginx {REASONS['root']}")
            blocks.pop()
            continue
        _check_directive(where, block, words, opens=token == "{")
        within.add(words[0])
        if token == "{":
            blocks.append((words[0], line, set()))
        words = []
    if words or len(blocks) > 1:
        where = f"{name}:{blocks[-1][1] or text.count(chr(10))}"
        raise SlipwayError(f"{where}: unexpected end; a ; or a }} is missing")


def _tokens(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    at = 0
    while at < len(text):
        line = text.count("\n", 0, at) + 1
        match = TOKEN.match(text, at)
        if not match:
            raise SlipwayError(f"{name}:{line}: a quote that does not end")
        at = match.end()
        if match.lastgroup != "space":
            yield line, match.lastgroup, match.group()


def _check_directive(where: str, block: str, words: list[str], *, opens: bool) -> None:
    directive = words[0] if words else ""
    if directive not in ALLOWED[block] or opens != (directive in ALLOWED):
        why = REASONS.get(directive, f"is not allowed here, only: {', '.join(ALLOWED[block])}")
        raise SlipwayError(f"{where}: {directive or 'no directive'}: {why}")
    first = words[1].strip("\"'") if len(words) > 1 else ""
    if directive == "return" and not re.match(r"[345]\d\d$|https?://|\$scheme://", first):
        raise SlipwayError(f"{where}: return {first}: would answer in place of the site; give a redirect or an error")
    if directive == "add_header" and first.lower() == "x-origin":
        raise SlipwayError(f"{where}: add_header X-Origin: the proof recognises the origin by it; use another name")
