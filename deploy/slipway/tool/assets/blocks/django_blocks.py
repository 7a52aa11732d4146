"""The compressed blocks of Django's own templates, and what cannot be known of them before a request."""

from collections.abc import Callable, Iterable
from typing import Any

from compressor.exceptions import OfflineGenerationError
from compressor.templatetags.compress import CompressorNode
from django.template import Template, TemplateDoesNotExist
from django.template.loader_tags import BlockNode, ExtendsNode
from django.utils.functional import SimpleLazyObject

from slipway.tool.assets.blocks.block import Block, one_line
from slipway.tool.assets.blocks.templates import TemplateFile
from slipway.tool.assets.blocks.walk import OfflineContext, apart, compressed, forget_nodes, walk
from slipway.web.errors import SlipwayError

Place = tuple[str, int]


def compiled(file: TemplateFile) -> Template:
    """Raises SlipwayError, with the line."""
    try:
        return file.engine.get_template(file.name)
    except Exception as error:  # a tag may raise anything while it is compiled
        line = getattr(getattr(error, "token", None), "lineno", 1)
        raise SlipwayError(f"{file.place(line)}: cannot be compiled: {one_line(error)}") from None


class DjangoBlocks:
    """Calls ``add`` for each block that a visited template renders, in each context of COMPRESS_OFFLINE_CONTEXT."""

    def __init__(self, contexts: list[dict[str, Any]], add: Callable[[Block], None]) -> None:
        # Those that the templates have, whether they are rendered or not.
        self.compiled: set[Place] = set()
        self._contexts, self._add = contexts, add
        # A compressed block's place → the names of the template blocks in it, which a child may fill.
        self._fillable: dict[Place, set[str]] = {}
        # A compressed block's place → the templates that render it, and have known parents.
        self._rendered_by: dict[Place, list[Template]] = {}
        self._visited: set[Place] = set()
        # Those whose parent only a request names: with the names of their blocks, and what they render without it.
        self._unknown: list[tuple[TemplateFile, Template, set[str], set[Place]]] = []

    def visit(self, file: TemplateFile) -> None:
        """Raises SlipwayError for a template that cannot be compiled, and what ``add`` raises."""
        template = compiled(file)
        self.compiled.update(map(_place, compressed(template.nodelist)))
        self._visited = set()
        unknown = [self._walk(file, template, values) for values in self._contexts]
        if not any(unknown):
            for place in self._visited:
                self._rendered_by.setdefault(place, []).append(template)
        elif file.own and all(unknown):
            names = {name for node in unknown[0] for name in node.blocks}
            self._unknown.append((file, template, names, self._visited))

    def visit_unknown_parents(self) -> None:
        """Visits those with an unknown parent as children of each template with a compressed block that they fill."""
        for file, template, names, visited in self._unknown:
            places = [place for place, fillable in self._fillable.items() if names & fillable and place not in visited]
            found = {id(parent): parent for place in places for parent in self._rendered_by.get(place, ())}
            parents = [parent for parent in found.values() if parent.engine is file.engine]
            for values in self._contexts if parents else ():
                self._walk(file, template, values, parents)

    def _walk(
        self, file: TemplateFile, template: Template, values: dict[str, Any], parents: Iterable[Template] = ()
    ) -> list[ExtendsNode]:
        context = OfflineContext(values)
        # Django hands it to each inclusion tag; only one that renders it uses it.
        context.dicts[0].setdefault("csrf_token", SimpleLazyObject(lambda: context.missing.add("csrf_token") or ""))
        try:
            return walk(template, context, self._visit_node, parents)
        except SlipwayError:
            raise
        except TemplateDoesNotExist as error:
            raise SlipwayError(f"{file.place(1)}: the template {error} does not exist") from None
        except Exception as error:  # a tag may raise anything when its arguments are evaluated
            raise SlipwayError(f"{file.place(1)}: cannot be compiled: {one_line(error)}") from None

    def _visit_node(self, node: CompressorNode, context: OfflineContext, in_loop: bool) -> None:
        place = _place(node)
        self._visited.add(place)
        inside = node.nodelist.get_nodes_by_type(BlockNode)
        self._fillable.setdefault(place, set()).update(block.name for block in inside)

        def content() -> tuple[str, set[str]]:
            context.missing.clear()
            with context.push():
                try:
                    with apart(context):
                        first = node.get_original_content(context)
                        if not in_loop:
                            forget_nodes(context)
                        # In the state that the first rendering has left.
                        again = first if context.missing else node.get_original_content(context)
                    with apart(context):
                        # Chance differs here too.
                        counts = again != first and node.get_original_content(context) == first
                except OfflineGenerationError:
                    raise
                except Exception:
                    if not context.missing:
                        raise
                    first, counts = "", False  # it is what has failed
            if counts:
                raise ValueError(
                    "gives another result each time it is rendered: {% cycle %}, {% ifchanged %} or a tag that counts "
                    "is in it; move it out of the block"
                )
            return first, set(context.missing)

        self._add(Block(*place, node.kind, node.mode, node.name, content))


def _place(node: CompressorNode) -> Place:
    return node.origin.name, node.token.lineno
