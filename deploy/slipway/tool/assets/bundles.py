"""Builds django-compressor's offline bundles in memory.

It does the work of `manage.py compress` with the same parser, compressors and filters, but template
by template: an error names its template, where that command drops the block and exits with 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any

from compressor.cache import get_offline_hexdigest
from compressor.exceptions import OfflineGenerationError
from compressor.templatetags.compress import OUTPUT_INLINE, CompressorNode
from compressor.utils import get_mod_func
from django.conf import settings
from django.template import Template, TemplateDoesNotExist
from django.template.loader_tags import BlockNode, ExtendsNode
from django.utils.functional import SimpleLazyObject

from slipway.tool.assets import forms
from slipway.tool.assets.collect import shown
from slipway.tool.assets.compressors import COMPRESSORS, BundleStorage
from slipway.tool.assets.templates import TemplateFile, compress_tags, reaching
from slipway.tool.assets.walk import OfflineContext, apart, compressed, walk
from slipway.web.errors import SlipwayError

Place = tuple[str, int]

# The middleware that permits inline bundles.
INLINE = "slipway.web.inline_bundles.InlineBundles"


@dataclass
class Bundles:
    """``manifest`` maps a block's key to its HTML, ``files`` a bundle's name to its bytes.

    ``seen`` has path and line of each compressed block, ``compiled`` of each that its template has, rendered or not.
    """

    manifest: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    seen: set[Place] = field(default_factory=set)
    compiled: set[Place] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)


class BlockError(SlipwayError):
    """A block cannot be compressed: a page that renders it would fail."""


def compress(files: dict[str, bytes], templates: list[TemplateFile]) -> Bundles:
    """The bundles of all blocks of ``templates``; ``files`` are the hashed ones by name.

    Raises SlipwayError naming the template and the line of the block. A block of an installed
    package that cannot be compressed is a warning, unless a template of the project renders it.
    """
    with TemporaryDirectory(prefix="slipway-") as location:
        bundler = _Bundler(files, location)
        for template in reaching(templates):
            try:
                bundler.add(template)
            except SlipwayError as error:
                uses = template.tokens(compress_tags(template.engine, derived=True))
                if template.own and (uses or isinstance(error, BlockError)):
                    raise
                if template.own or uses:
                    bundler.bundles.warnings.append(str(error))
        bundler.check_unknown_parents()
    return bundler.bundles


class _Bundler:
    def __init__(self, files: dict[str, bytes], location: str) -> None:
        self.bundles = Bundles()
        self._storage = BundleStorage(files, location, self.bundles.files)
        self._contexts = list(_offline_contexts())
        self._modes: dict[str, tuple[str, str]] = {}
        # The names of the blocks that a child may fill in a compressed block → its place.
        self._fillable: dict[Place, set[str]] = {}
        self._visited: set[Place] = set()
        self._unknown: list[tuple[str, set[str], set[Place]]] = []

    def add(self, file: TemplateFile) -> None:
        """Compresses each block that the template renders, in each context of COMPRESS_OFFLINE_CONTEXT."""
        try:
            template = file.engine.get_template(file.name)
        except Exception as error:  # a tag may raise anything while it is compiled
            line = getattr(getattr(error, "token", None), "lineno", 1)
            raise SlipwayError(f"{file.place(line)}: cannot be compiled: {_line(error)}") from None
        self.bundles.compiled.update(map(_place, compressed(template.nodelist)))
        self._visited = set()
        unknown = [self._walk(file, template, values) for values in self._contexts]
        if file.own and unknown and all(unknown):
            for node in unknown[0]:
                where = f"{shown(node.origin.name)}:{node.token.lineno}: {{% extends {node.parent_name.token} %}}"
                self._unknown.append((where, set(node.blocks), self._visited))

    def check_unknown_parents(self) -> None:
        """Raises SlipwayError where a template may fill a compressed block of a parent that only a request names."""
        for where, names, visited in self._unknown:
            for place, fillable in self._fillable.items():
                if place not in visited and (shared := sorted(names & fillable)):
                    raise SlipwayError(
                        f"{where} may fill the block {shared[0]} in {{% compress %}} of {shown(place[0])}:{place[1]}, "
                        "and a bundle is built before any request; write the parent's name, or name the variable in "
                        "COMPRESS_OFFLINE_CONTEXT"
                    )

    def _walk(self, file: TemplateFile, template: Template, values: dict[str, Any]) -> list[ExtendsNode]:
        context = OfflineContext(values)
        # Django hands it to each inclusion tag; only one that renders it uses it.
        context.dicts[0].setdefault("csrf_token", SimpleLazyObject(lambda: context.missing.add("csrf_token") or ""))
        try:
            return walk(template, context, self._compress)
        except SlipwayError:
            raise
        except TemplateDoesNotExist as error:
            raise SlipwayError(f"{file.place(1)}: the template {error} does not exist") from None
        except Exception as error:  # a tag may raise anything when its arguments are evaluated
            raise SlipwayError(f"{file.place(1)}: cannot be compiled: {_line(error)}") from None

    def _compress(self, node: CompressorNode, context: OfflineContext) -> None:
        place = _place(node)
        self.bundles.seen.add(place)
        self._visited.add(place)
        self._fillable.setdefault(place, set()).update(
            block.name for block in node.nodelist.get_nodes_by_type(BlockNode)
        )
        where = f"{shown(place[0])}:{place[1]}: {{% compress"
        try:
            for content, language in forms.forms(lambda: self._content(node, context, where)).items():
                with forms.language(language):
                    self._compress_content(node, context, content, where)
        except forms.Unstable:
            raise BlockError(
                f"{where} %}} is rendered otherwise each time, and a bundle is built before any request: the time, a "
                "time zone or chance is in it; move it out of the block"
            ) from None

    def _content(self, node: CompressorNode, context: OfflineContext, where: str) -> str:
        with context.push(), apart(context):
            context.missing.clear()
            try:
                content = node.get_original_content(context)
            except OfflineGenerationError:
                raise BlockError(f"{where} %}}: another {{% compress %}} is in it; take one of them out") from None
            except Exception as error:  # a tag may raise anything while it is rendered
                raise BlockError(f"{where} %}}: {_line(error)}") from None
            if context.missing:
                names = ", ".join(sorted(context.missing))
                raise BlockError(
                    f"{where} %}} uses the variable {names}, and a bundle is built "
                    "before any request; move it out of the block or name it in COMPRESS_OFFLINE_CONTEXT"
                )
        return content

    def _compress_content(self, node: CompressorNode, context: OfflineContext, content: str, where: str) -> None:
        key = get_offline_hexdigest(content)
        mode, other = self._modes.setdefault(key, (node.mode, where.removesuffix(": {% compress")))
        if mode != node.mode:
            raise BlockError(
                f"{where} %}}: has the mode {node.mode}, and the same content has the mode {mode} in "
                f"{other}; compressor knows a block by its content: add a space in one of them"
            )
        if key in self.bundles.manifest:
            return
        if node.mode == OUTPUT_INLINE and INLINE not in settings.MIDDLEWARE:
            raise BlockError(
                f"{where} {node.kind} inline %}}: a Content-Security-Policy would block it without {INLINE}, which the "
                "settings line adds; set your MIDDLEWARE above that line"
            )
        make = COMPRESSORS.get(node.kind)
        if make is None:
            raise BlockError(f"{where} {node.kind} %}}: has to be one of {', '.join(COMPRESSORS)}")
        with context.push(compressed={"name": node.name}):
            try:
                compressor = make(node.kind, content=content, context=context, storage=self._storage)
                html = compressor.output(node.mode, forced=True, basename=node.name or "output")
            except SlipwayError as error:
                raise BlockError(f"{where} {node.kind} %}}: {error}") from None
            except Exception as error:  # a filter may raise anything, too
                raise BlockError(f"{where} {node.kind} %}}: {_line(error)}") from None
        self.bundles.manifest[key] = html.replace(settings.COMPRESS_URL, settings.COMPRESS_URL_PLACEHOLDER)


def _offline_contexts() -> Iterator[dict[str, Any]]:
    """The contexts of COMPRESS_OFFLINE_CONTEXT: one, several, or those of a named function."""
    contexts = settings.COMPRESS_OFFLINE_CONTEXT
    if isinstance(contexts, str):
        module, function = get_mod_func(contexts)
        contexts = getattr(import_module(module), function)()
    yield from [contexts] if isinstance(contexts, dict) else contexts


def _place(node: CompressorNode) -> Place:
    return node.origin.name, node.token.lineno


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
