"""Finds URLs that a template makes of STATIC_URL and a plain name: the bucket has the hashed name alone."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from urllib.parse import unquote

from django.template.base import Lexer, Token, TokenType

from slipway.tool.assets.blocks.templates import TemplateFile, compress_tags
from slipway.tool.assets.collect import Naming, Source

NAME = re.compile(r"[^\s\"'<>()?#]+")


def check(templates: Iterable[TemplateFile], sources: Mapping[str, Source]) -> list[str]:
    """A warning for each file that a template of the project names so outside of a compressed block."""
    return [
        f"{file.place(line)}: {written}{name} is missing on the CDN, where the file's name has a hash; "
        f"write {{% static '{name}' %}}"
        for file in templates
        if file.own and ("STATIC_URL" in file.text or "get_static_prefix" in file.text)
        for line, written, name in _plain(file)
        if name in sources and sources[name].naming is Naming.HASHED
    ]


def _plain(file: TemplateFile) -> Iterator[tuple[int, str, str]]:
    """Line, the prefix as it is written and the plain name after it."""
    prefixes = {"STATIC_URL"}
    for token, after in pairwise(_shown(file)):
        words = token.contents.split()
        if token.token_type is TokenType.BLOCK and words[:1] == ["get_static_prefix"]:
            if words[1:2] == ["as"]:
                prefixes.update(words[2:])
                continue
            written = "{% get_static_prefix %}"
        elif token.token_type is TokenType.VAR and token.contents.partition("|")[0].strip() in prefixes:
            written = f"{{{{ {token.contents} }}}}"
        else:
            continue
        name = NAME.match(after.contents) if after.token_type is TokenType.TEXT else None
        if name:
            yield token.lineno, written, unquote(name[0])


def _shown(file: TemplateFile) -> Iterator[Token]:
    """The tokens outside of comments and of compressed blocks, in which compressor reads the files by these URLs."""
    hiding = {"comment", *compress_tags(file.engine)}
    hidden = ""
    for token in Lexer(file.text).tokenize():
        word = token.contents.partition(" ")[0] if token.token_type is TokenType.BLOCK else ""
        if hidden:
            hidden = "" if word == f"end{hidden}" else hidden
        elif word in hiding:
            hidden = word
        else:
            yield token
