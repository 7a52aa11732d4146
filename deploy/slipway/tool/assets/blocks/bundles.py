"""Builds django-compressor's offline bundles in memory.

It does the work of `manage.py compress` with the same compressors and filters, but template by template: an error names
its template, where that command drops the block and exits with 0.
"""

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from compressor.cache import get_offline_hexdigest
from compressor.templatetags.compress import OUTPUT_INLINE
from compressor.utils import get_mod_func
from django.conf import global_settings, settings
from django.template import Context

from slipway.tool.assets.blocks import forms, jinja_blocks
from slipway.tool.assets.blocks.block import Block, BlockError, one_line
from slipway.tool.assets.blocks.compressors import COMPRESSORS, BundleStorage
from slipway.tool.assets.blocks.django_blocks import DjangoBlocks, compiled
from slipway.tool.assets.blocks.templates import TemplateFile, compress_tags, reaching
from slipway.tool.assets.collect import shown
from slipway.tool.assets.hashing import Hashed
from slipway.web.errors import SlipwayError

# The middleware that permits inline bundles.
INLINE = "slipway.web.inline_bundles.InlineBundles"


@dataclass
class Bundles:
    """``manifest`` maps a block's key to its HTML, ``files`` a bundle's name to its bytes.

    ``seen`` has path and line of each compressed block, ``compiled`` of each that its template has, rendered or not;
    ``skipped`` are the paths of templates with a warning in place of their blocks, ``bundled`` the plain names of the
    files in them.
    """

    manifest: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    seen: set[tuple[str, int]] = field(default_factory=set)
    compiled: set[tuple[str, int]] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    bundled: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)


def compress(files: dict[str, Hashed], templates: list[TemplateFile]) -> Bundles:
    """The bundles of all blocks of ``templates`` and of Jinja2's; ``files`` are the hashed ones by name.

    Raises SlipwayError naming the template and the line of the block. A block of an installed
    package that cannot be compressed is a warning, unless a template of the project renders it. So is a template of the
    project without a block that cannot be compiled: a page that renders it fails, but perhaps none does.
    """
    bundles = Bundles()
    contexts = _offline_contexts()
    storage = BundleStorage(files, bundles.files)
    bundles.bundled = storage.bundled
    bundler = _Bundler(bundles, storage)
    of_django = DjangoBlocks(contexts, bundler.add)
    reached = set(reaching(templates))
    for template in templates:
        try:
            if template in reached:
                of_django.visit(template)
            elif template.own and any(mark in template.text for mark in ("{%", "{{")):
                compiled(template)
        except SlipwayError as error:
            uses = template.tokens(compress_tags(template.engine, derived=True))
            # Another file may be no page at all, such as a text about templates.
            if template.own and (isinstance(error, BlockError) or (uses and template.name.endswith(".html"))):
                # A child may have filled the block of its parent with what cannot be in it.
                child = (
                    "" if str(error).startswith(f"{shown(template.path)}:") else f" ({shown(template.path)} shows it)"
                )
                raise SlipwayError(f"{error}{child}") from None
            bundles.skipped.add(template.path)
            if template.own or uses:
                bundles.warnings.append(str(error))
    of_django.visit_unknown_parents()
    bundles.compiled |= of_django.compiled
    bundles.warnings += jinja_blocks.visit(contexts, bundler.add)
    return bundles


class _Bundler:
    def __init__(self, bundles: Bundles, storage: BundleStorage) -> None:
        self._bundles, self._storage = bundles, storage
        # A block's key → its mode and place.
        self._modes: dict[str, tuple[str, str]] = {}

    def add(self, block: Block) -> None:
        """Compresses a block, in each of the forms that it has."""
        self._bundles.seen.add((block.path, block.line))
        try:
            found = forms.forms(block.render)
        except forms.Unstable:
            raise BlockError(
                f"{block.place}: {{% compress %}} is rendered otherwise each time, and a bundle is built before any "
                "request: the time, a time zone or chance is in it; move it out of the block"
            ) from None
        if len(found) > 1 and settings.LANGUAGES == global_settings.LANGUAGES:
            self._warn(
                f"{block.place}: {{% compress %}} has a bundle for each of {len(found)} languages; "
                "set LANGUAGES to those of your site"
            )
        for content, language in found.items():
            with forms.language(language):
                self._compress(block, content)

    def _warn(self, warning: str) -> None:
        if warning not in self._bundles.warnings:
            self._bundles.warnings.append(warning)

    def _compress(self, block: Block, content: str) -> None:
        key = get_offline_hexdigest(content)
        mode, other = self._modes.setdefault(key, (block.mode, block.place))
        if mode != block.mode:
            raise block.error(
                f"has the mode {block.mode}, and the same content has the mode {mode} in {other}; "
                "compressor knows a block by its content: add a space in one of them"
            )
        if key in self._bundles.manifest:
            return
        if block.mode == OUTPUT_INLINE and INLINE not in settings.MIDDLEWARE:
            raise block.error(
                f"inline needs {INLINE}, which the settings line adds, or a Content-Security-Policy blocks it; "
                "set your MIDDLEWARE above that line"
            )
        if block.kind not in COMPRESSORS:
            raise block.error(f"{block.kind} has to be one of {', '.join(COMPRESSORS)}")
        try:
            context = Context({"compressed": {"name": block.name}})
            compressor = COMPRESSORS[block.kind](block.kind, content=content, context=context, storage=self._storage)
            html = compressor.output(block.mode, forced=True, basename=block.name or "output")
        except Exception as error:  # a filter may raise anything
            raise block.error(one_line(error)) from None
        self._bundles.manifest[key] = html.replace(settings.COMPRESS_URL, settings.COMPRESS_URL_PLACEHOLDER)


def _offline_contexts() -> list[dict[str, Any]]:
    """The contexts of COMPRESS_OFFLINE_CONTEXT: one, several, or those of a named function."""
    contexts = settings.COMPRESS_OFFLINE_CONTEXT
    try:
        if isinstance(contexts, str):
            module, function = get_mod_func(contexts)
            contexts = getattr(import_module(module), function)()
        return [dict(each) for each in ([contexts] if isinstance(contexts, dict) else contexts)]
    except Exception as error:  # the project's function may raise anything
        raise SlipwayError(f"COMPRESS_OFFLINE_CONTEXT: {type(error).__name__}: {one_line(error)}") from None
