"""The compressed blocks of Jinja2's templates, each rendered by itself, as django-compressor does.

https://django-compressor.readthedocs.io/en/stable/jinja2.html
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from compressor.templatetags.compress import CompressorMixin
from django.conf import settings
from django.template import engines
from django.template.backends.django import DjangoTemplates

from slipway.tool.assets.blocks.block import Block, BlockError
from slipway.tool.assets.blocks.templates import files_below
from slipway.tool.assets.collect import PACKAGE_DIRECTORIES, shown
from slipway.web.errors import SlipwayError

if TYPE_CHECKING:
    from jinja2 import Environment, nodes

EXTENSION = "compressor.contrib.jinja2ext.CompressorExtension"


def visit(contexts: list[dict[str, Any]], add: Callable[[Block], None]) -> list[str]:
    """Calls ``add`` for each block of each template; returns warnings about installed packages' templates.

    Raises SlipwayError for a template of the project that cannot be compiled, and what ``add`` raises.
    """
    warnings = []
    for environment in _environments():
        templates = _Templates(environment)
        for name, (path, source) in templates.sources.items():
            if not templates.uses_compress(source):
                continue
            try:
                for block in templates.blocks(name, path, source, contexts):
                    add(block)
            except SlipwayError as error:
                if PACKAGE_DIRECTORIES.isdisjoint(PurePath(path).parts):
                    raise
                warnings.append(str(error))
    return warnings


def own_templates() -> dict[str, str]:
    """The texts of the project's own templates for Jinja2, by their paths."""
    found = (source for environment in _environments() for source in _Templates(environment).sources.values())
    return {path: text for path, text in found if PACKAGE_DIRECTORIES.isdisjoint(PurePath(path).parts)}


def _environments() -> list[Environment]:
    backends = (backend for backend in engines.all() if not isinstance(backend, DjangoTemplates))
    found = [backend.env for backend in backends if hasattr(backend, "env")]
    if settings.is_overridden("COMPRESS_JINJA2_GET_ENVIRONMENT"):
        found.append(settings.COMPRESS_JINJA2_GET_ENVIRONMENT())
    return list({id(environment): environment for environment in found if environment}.values())


class _Templates:
    """The templates of an environment: ``sources`` has path and text by name."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        extensions = [each for each in environment.extensions.values() if isinstance(each, CompressorMixin)]
        self._tags = {"compress"}.union(*(extension.tags for extension in extensions))
        self._identifiers = {extension.identifier for extension in extensions}
        self.sources = dict(self._read())

    def uses_compress(self, source: str) -> bool:
        from jinja2 import TemplateSyntaxError

        if not any(tag in source for tag in self._tags):
            return False
        before = ""
        try:
            for _, kind, value in self._environment.lex(source):
                if before == "block_begin" and kind == "name" and value in self._tags:
                    return True
                before = before if kind == "whitespace" else kind
        except TemplateSyntaxError:  # nothing can render it
            pass
        return False

    def blocks(self, name: str, path: str, source: str, contexts: list[dict[str, Any]]) -> Iterator[Block]:
        from jinja2 import nodes

        for node in self._parse(name, path, source).find_all(nodes.CallBlock):
            called = node.call.node
            if not (isinstance(called, nodes.ExtensionAttribute) and called.identifier in self._identifiers):
                continue
            for inner in node.find_all(nodes.Block):
                if inner.name in self._filled:
                    raise BlockError(
                        f"{shown(path)}:{node.lineno}: {{% compress %}} has the block {inner.name} in it, and "
                        f"{self._filled[inner.name]} fills it; compressor bundles that in Django's own templates only: "
                        "write {% compress %} into the block"
                    )
            kind, mode, basename = (argument.as_const() for argument in node.call.args)
            for values in contexts:
                yield Block(path, node.lineno, kind, mode, basename, self._content(name, path, node, values))

    @cached_property
    def _filled(self) -> dict[str, str]:
        """The names of the blocks that a child fills → the child."""
        from jinja2 import nodes

        filled = {}
        for name, (path, source) in self.sources.items():
            if "extends" in source and "block" in source:
                try:
                    tree = self._parse(name, path, source)
                except SlipwayError:  # nothing can render it
                    continue
                if tree.find(nodes.Extends):
                    filled |= {block.name: shown(path) for block in tree.find_all(nodes.Block)}
        return filled

    def _read(self) -> Iterator[tuple[str, tuple[str, str]]]:
        from jinja2 import TemplateNotFound

        for name in self._names():
            try:
                source, path, _ = self._environment.loader.get_source(self._environment, name)
            except (TemplateNotFound, UnicodeDecodeError):  # no template, or a file that is no text
                continue
            yield name, (path or name, source)

    def _names(self) -> list[str]:
        folders = getattr(self._environment.loader, "searchpath", None)
        if folders is None:
            try:
                return self._environment.list_templates()
            except TypeError:  # it has no loader, or one that finds templates by name only
                return []
        # Jinja2 does not list through links, and loads through them.
        paths = ((path, folder) for folder in map(os.fspath, folders) for path in files_below(folder))
        return list(dict.fromkeys(path[len(folder) + 1 :].replace(os.sep, "/") for path, folder in paths))

    def _parse(self, name: str, path: str, source: str) -> nodes.Template:
        from jinja2 import TemplateSyntaxError

        try:
            return self._environment.parse(source, name, path)
        except TemplateSyntaxError as error:
            hint = "" if self._identifiers else f"; the environment needs the extension {EXTENSION}"
            raise SlipwayError(f"{shown(path)}:{error.lineno}: cannot be compiled: {error.message}{hint}") from None

    def _content(
        self, name: str, path: str, node: nodes.CallBlock, values: dict[str, Any]
    ) -> Callable[[], tuple[str, set[str]]]:
        from jinja2 import Template, nodes
        from jinja2.utils import missing

        asked: set[str] = set()

        class Recording(self._environment.context_class):
            def resolve_or_missing(self, key: str) -> Any:
                found = super().resolve_or_missing(key)
                if found is missing:
                    asked.add(key)
                return found

        # With a cache of its own, so that included templates record too.
        environment = self._environment.overlay()
        environment.context_class = Recording
        body = nodes.Template(node.body, lineno=node.lineno).set_environment(environment)

        def content() -> tuple[str, set[str]]:
            asked.clear()
            code = environment.compile(body, name, path)
            template = Template.from_code(environment, code, environment.make_globals(None))
            try:
                return template.render(values), asked
            except Exception:
                if not asked:
                    raise
                # It is what has failed.
                return "", asked

        return content
