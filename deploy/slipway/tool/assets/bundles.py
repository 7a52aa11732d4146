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
from compressor.offline.django import DjangoParser
from compressor.templatetags.compress import CompressorNode
from compressor.utils import get_mod_func
from django.conf import settings
from django.template import Context

from slipway.tool.assets.collect import shown
from slipway.tool.assets.compressors import COMPRESSORS, BundleStorage
from slipway.tool.assets.templates import TemplateFile, reaching
from slipway.web.errors import SlipwayError


@dataclass
class Bundles:
    """``manifest`` maps a block's key to its HTML, ``files`` a bundle's name to its bytes.

    ``seen`` has path and line of each compressed block.
    """

    manifest: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    seen: set[tuple[str, int]] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)


class RecordingContext(Context):
    """A context that records the variables that a block uses and that are missing."""

    def __init__(self, *args, **kwargs):
        self.missing: set[str] = set()
        super().__init__(*args, **kwargs)

    def __copy__(self) -> "RecordingContext":
        duplicate = super().__copy__()
        duplicate.missing = self.missing
        return duplicate

    def __getitem__(self, key: str) -> Any:
        try:
            return super().__getitem__(key)
        except KeyError:
            self.missing.add(key)
            raise

    def get(self, key: str, otherwise: Any = None) -> Any:
        if key not in self:
            self.missing.add(key)
        return super().get(key, otherwise)


def compress(files: dict[str, bytes], templates: dict[str, TemplateFile]) -> Bundles:
    """The bundles of all blocks of ``templates``; ``files`` are the hashed ones by name.

    Raises SlipwayError naming the template and the line of the block. A block of an installed
    package that cannot be compressed is a warning.
    """
    bundles = Bundles()
    with TemporaryDirectory(prefix="slipway-") as location:
        storage = BundleStorage(files, location, bundles.files)
        for template in reaching(templates, "compress"):
            try:
                for values in _offline_contexts():
                    _compress_template(template, values, storage, bundles)
            except SlipwayError as error:
                uses = template.uses("compress")
                if template.own and uses:
                    raise
                if template.own or uses:
                    bundles.warnings.append(str(error))
    return bundles


def _compress_template(file: TemplateFile, values: dict[str, Any], storage: BundleStorage, bundles: Bundles) -> None:
    parser = DjangoParser(charset="utf-8")
    context = RecordingContext(values)
    try:
        template = parser.parse(file.name)
        nodes = list(parser.walk_nodes(template, context=context))
    except Exception as error:  # a tag may raise anything while it is compiled
        raise SlipwayError(f"{file.place(1)}: cannot be compiled: {_line(error)}") from None
    context.template = template
    for node in nodes:
        key, html = _compress_block(node, context, storage)
        bundles.manifest.setdefault(key, html)
        bundles.seen.add((node.origin.name, node.token.lineno))


def _compress_block(node: CompressorNode, context: RecordingContext, storage: BundleStorage) -> tuple[str, str]:
    place = f"{shown(node.origin.name)}:{node.token.lineno}"
    with context.push():
        context.missing.clear()
        try:
            content = node.get_original_content(context)
        except Exception as error:  # a tag may raise anything while it is rendered
            raise SlipwayError(f"{place}: {{% compress %}}: {_line(error)}") from None
        if context.missing:
            names = ", ".join(sorted(context.missing))
            raise SlipwayError(
                f"{place}: {{% compress %}} uses the variable {names}, and a bundle is built "
                "before any request; move it out of the block or name it in COMPRESS_OFFLINE_CONTEXT"
            )
        context["compressed"] = {"name": node.name}
        make = COMPRESSORS[node.kind]
        try:
            compressor = make(node.kind, content=content, context=context, storage=storage)
            html = compressor.output(node.mode, forced=True, basename=node.name or "output")
        except SlipwayError as error:
            raise SlipwayError(f"{place}: {{% compress {node.kind} %}}: {error}") from None
        except Exception as error:  # a filter may raise anything, too
            raise SlipwayError(f"{place}: {{% compress {node.kind} %}}: {_line(error)}") from None
    html = html.replace(settings.COMPRESS_URL, settings.COMPRESS_URL_PLACEHOLDER)
    return get_offline_hexdigest(content), html


def _offline_contexts() -> Iterator[dict[str, Any]]:
    """The contexts of COMPRESS_OFFLINE_CONTEXT: one, several, or those of a named function."""
    contexts = settings.COMPRESS_OFFLINE_CONTEXT
    if isinstance(contexts, str):
        module, function = get_mod_func(contexts)
        contexts = getattr(import_module(module), function)()
    yield from [contexts] if isinstance(contexts, dict) else contexts


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
