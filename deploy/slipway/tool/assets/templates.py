"""Lists the templates, with the tags that matter to a build."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from django.template import engines
from django.template.backends.django import DjangoTemplates
from django.template.base import Lexer, Token, TokenType

from slipway.tool.assets.collect import is_own, shown

EXTENDS = re.compile(rb"""\{%\s*extends\s+(?:(["'])([^"']+)\1\s*%\}|\S)""")
COMPRESS = re.compile(rb"\{%-?\s*compress\b")


@dataclass
class TemplateFile:
    """A template file; ``own`` is whether it is the project's, and not an installed package's."""

    name: str
    path: str
    own: bool
    body: bytes = field(repr=False)

    @cached_property
    def tags(self) -> list[Token]:
        """Its block tags outside of comments; none if the file is not text."""
        return list(_tags(self.body))

    def uses(self, tag: str) -> bool:
        """Whether this file itself has ``{% tag %}``."""
        return tag.encode() in self.body and any(token.contents.partition(" ")[0] == tag for token in self.tags)

    def place(self, line: int) -> str:
        return f"{shown(self.path)}:{line}"


def all_templates() -> dict[str, TemplateFile]:
    """Every template of Django's own engine by name; the first directory with it wins."""
    found: dict[str, TemplateFile] = {}
    for directory in _directories():
        own = is_own(directory)
        for path in _files(directory):
            name = path[len(directory) + 1 :].replace(os.sep, "/")
            if name not in found:
                found[name] = TemplateFile(name, path, own, Path(path).read_bytes())
    return found


def foreign_blocks() -> Iterator[str]:
    """Places of ``{% compress %}`` in the project's templates of another engine, such as Jinja2."""
    for backend in engines.all():
        if isinstance(backend, DjangoTemplates):
            continue
        for directory in map(os.fspath, getattr(backend, "template_dirs", ())):
            for path in _files(directory) if is_own(directory) else ():
                body = Path(path).read_bytes()
                for match in COMPRESS.finditer(body):
                    line = body.count(b"\n", 0, match.start()) + 1
                    yield f"{shown(path)}:{line}"


def _files(directory: str) -> Iterator[str]:
    for root, directories, files in os.walk(directory):
        directories.sort()
        for file in sorted(files):
            yield f"{root}{os.sep}{file}"


def _directories() -> Iterator[str]:
    for backend in engines.all():
        if not isinstance(backend, DjangoTemplates):
            continue
        loaders = list(backend.engine.template_loaders)
        while loaders:
            loader = loaders.pop(0)
            loaders[:0] = getattr(loader, "loaders", [])
            if hasattr(loader, "get_dirs"):
                yield from map(os.fspath, loader.get_dirs())


def _tags(body: bytes) -> Iterator[Token]:
    if b"{%" not in body:
        return
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    commented = False
    for token in Lexer(text).tokenize():
        if token.token_type is not TokenType.BLOCK:
            continue
        word = token.contents.partition(" ")[0]
        if word in ("comment", "endcomment"):
            commented = word == "comment"
        elif not commented:
            yield token


def reaching(templates: dict[str, TemplateFile], tag: str) -> list[TemplateFile]:
    """The templates that use ``tag`` themselves or extend one that does, however far up.

    A template whose parent is a variable counts too.
    """
    results: dict[str, bool] = {}

    def reaches(name: str) -> bool:
        if name not in results and name in templates:
            file = templates[name]
            # A template that extends its own name means the one of the next directory.
            results[name] = True
            results[name] = file.uses(tag) or any(map(reaches, _parents(file)))
        return results.get(name, False)

    return [file for name, file in templates.items() if reaches(name)]


def _parents(file: TemplateFile) -> Iterator[str]:
    match = EXTENDS.search(file.body)
    if match:
        yield match[2].decode("utf-8", "replace") if match[2] else file.name
