"""The compressed blocks of Django's own templates, and what cannot be known of them before a request."""

from collections.abc import Callable
from typing import Any

from compressor.templatetags.compress import CompressorNode
from django.template import Template, TemplateDoesNotExist
from django.template.loader_tags import BlockNode, ExtendsNode
from django.utils.functional import SimpleLazyObject

from slipway.tool.assets.blocks import Block, one_line
from slipway.tool.assets.collect import shown
from slipway.tool.assets.templates import TemplateFile
from slipway.tool.assets.walk import OfflineContext, apart, compressed, walk
from slipway.web.errors import SlipwayError

Place = tuple[str, int]


class DjangoBlocks:
    """Calls ``add`` for each block that a visited template renders, in each context of COMPRESS_OFFLINE_CONTEXT."""

    def __init__(self, contexts: list[dict[str, Any]], add: Callable[[Block], None]) -> None:
        # Those that the templates have, whether they are rendered or not.
        self.compiled: set[Place] = set()
        self._contexts, self._add = contexts, add
        # A compressed block's place → the names of the template blocks in it, which a child may fill.
        self._fillable: dict[Place, set[str]] = {}
        self._visited: set[Place] = set()
        self._unknown: list[tuple[str, set[str], set[Place]]] = []

    def visit(self, file: TemplateFile) -> None:
        """Raises SlipwayError for a template that cannot be compiled, and what ``add`` raises."""
        try:
            template = file.engine.get_template(file.name)
        except Exception as error:  # a tag may raise anything while it is compiled
            line = getattr(getattr(error, "token", None), "lineno", 1)
            raise SlipwayError(f"{file.place(line)}: cannot be compiled: {one_line(error)}") from None
        self.compiled.update(map(_place, compressed(template.nodelist)))
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
            return walk(template, context, self._visit_node)
        except SlipwayError:
            raise
        except TemplateDoesNotExist as error:
            raise SlipwayError(f"{file.place(1)}: the template {error} does not exist") from None
        except Exception as error:  # a tag may raise anything when its arguments are evaluated
            raise SlipwayError(f"{file.place(1)}: cannot be compiled: {one_line(error)}") from None

    def _visit_node(self, node: CompressorNode, context: OfflineContext) -> None:
        place = _place(node)
        self._visited.add(place)
        inside = node.nodelist.get_nodes_by_type(BlockNode)
        self._fillable.setdefault(place, set()).update(block.name for block in inside)

        def content() -> tuple[str, set[str]]:
            with context.push(), apart(context):
                context.missing.clear()
                return node.get_original_content(context), set(context.missing)

        self._add(Block(*place, node.kind, node.mode, node.name, content))


def _place(node: CompressorNode) -> Place:
    return node.origin.name, node.token.lineno
