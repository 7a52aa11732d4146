"""Visits the `{% compress %}` blocks that a template renders, in the state in which a request renders them.

django-compressor's own walk copies the parents' blocks into one tree. This one keeps Django's: each block stays in its
template, so that what is inside a compressed block is rendered by Django's own nodes, as at a request.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

from compressor.templatetags.compress import CompressorNode
from django.template import Context, Node, Template, TemplateDoesNotExist
from django.template.base import FilterExpression, NodeList, TextNode, VariableNode
from django.template.defaulttags import AutoEscapeControlNode, ForNode, WithNode
from django.template.loader_tags import BLOCK_CONTEXT_KEY, BlockContext, BlockNode, ExtendsNode
from django.templatetags.i18n import LanguageNode
from django.templatetags.l10n import LocalizeNode
from django.templatetags.tz import LocalTimeNode, TimezoneNode
from django.utils.safestring import SafeString, mark_safe

# With whether the block is in a loop.
Visit = Callable[[CompressorNode, "OfflineContext", bool], None]

# Django's tags that change how what is in them is rendered, and always render it.
SCOPES = (AutoEscapeControlNode, LanguageNode, LocalizeNode, LocalTimeNode, TimezoneNode)


class OfflineContext(Context):
    """A context that records in ``missing`` each variable that was asked for and is not there."""

    def __init__(self, *args, **kwargs):
        self.missing: set[str] = set()
        self._copied = False
        super().__init__(*args, **kwargs)

    def __copy__(self) -> "OfflineContext":
        duplicate = super().__copy__()
        duplicate.missing = self.missing
        return duplicate

    def new(self, values=None) -> "OfflineContext":
        """As for `{% include … only %}`: at a request it has no others either, so that none is missing.

        A tag that has copied all variables may hand them on: a request has more of them.
        """
        duplicate = super().new(values)
        if not self._copied:
            duplicate.missing = set()
        return duplicate

    def flatten(self) -> dict[str, Any]:
        self._copied = True
        return super().flatten()

    def __contains__(self, key: str) -> bool:
        found = super().__contains__(key)
        # Django's own loops ask whether they are in another.
        if not found and key != "forloop":
            self.missing.add(key)
        return found

    def __getitem__(self, key: str):
        try:
            return super().__getitem__(key)
        except KeyError:
            self.missing.add(key)
            raise

    def get(self, key: str, otherwise=None):
        for values in reversed(self.dicts):
            if key in values:
                return values[key]
        self.missing.add(key)
        return otherwise


class UnknownBlocks(BlockContext):
    """The blocks of a template whose parent is unknown: `{{ block.super }}` is a missing variable."""

    def __init__(self, context: OfflineContext) -> None:
        super().__init__()
        self._context = context

    def get_block(self, name: str) -> BlockNode | None:
        found = super().get_block(name)
        if found is None:
            self._context.missing.add("block.super")
        return found


def walk(
    template: Template, context: OfflineContext, visit: Visit, parents: Iterable[Template] = ()
) -> list[ExtendsNode]:
    """Calls ``visit`` for each block that the template renders; returns each `{% extends %}` of a missing variable.

    Where the variable has filters with names of templates, such as `default:"base.html"`, each is a parent in turn, and
    so is each of ``parents``.
    Raises what a tag raises when its arguments are evaluated, and TemplateDoesNotExist for a parent.
    """
    unknown: list[ExtendsNode] = []
    with context.bind_template(template), context.render_context.push_state(template):
        _Walk(context, visit, unknown, parents).nodes(template.nodelist)
    return unknown


def compressed(nodelist: NodeList) -> Iterator[CompressorNode]:
    """The blocks in these nodes, whether they are rendered or not."""
    for node in nodelist:
        if isinstance(node, CompressorNode):
            yield node
        for inner in _inside(node):
            yield from compressed(inner)


@contextmanager
def apart(context: Context) -> Iterator[None]:
    """What is rendered here leaves nothing behind in the state of the nodes, such as where a `{% cycle %}` stands."""
    render_context = context.render_context
    kept = render_context.dicts
    render_context.dicts = [{key: _copied(value) for key, value in values.items()} for values in kept]
    try:
        yield
    finally:
        render_context.dicts = kept


def forget_nodes(context: Context) -> None:
    """Takes what nodes have left in the state out of it: only a loop renders the same node again."""
    for values in context.render_context.dicts:
        for key in [key for key in values if isinstance(key, Node)]:
            del values[key]


class _Walk:
    def __init__(
        self, context: OfflineContext, visit: Visit, unknown: list[ExtendsNode], guessed: Iterable[Template]
    ) -> None:
        self._context, self._visit, self._unknown, self._guessed = context, visit, unknown, guessed
        self._loops = 0

    def nodes(self, nodelist: NodeList) -> None:
        for node in nodelist:
            self._node(node)

    def _node(self, node: Node) -> None:
        if isinstance(node, CompressorNode) and node.is_offline_compression_enabled(forced=True):
            self._visit(node, self._context, self._loops > 0)
        elif isinstance(node, ExtendsNode):
            self._extends(node)
        elif isinstance(node, BlockNode):
            self._block(node)
        elif isinstance(node, VariableNode) and node.filter_expression.token.startswith("block.super"):
            self._super()
        elif isinstance(node, WithNode):
            with self._context.push(**self._known(node)):
                self.nodes(node.nodelist)
        elif isinstance(node, SCOPES) and self._is_known(getattr(node, "language", getattr(node, "tz", None))):
            # The node itself changes the state, and renders what is in it: that is this walk.
            scope = copy(node)
            scope.nodelist = _Walked(self, node.nodelist)
            scope.render(self._context)
        else:
            self._loops += isinstance(node, ForNode)
            for inner in _inside(node):
                self.nodes(inner)
            self._loops -= isinstance(node, ForNode)

    def _extends(self, node: ExtendsNode) -> None:
        """As ExtendsNode.render."""
        parents = list(self._parents(node))
        for parent in parents:
            with apart(self._context):
                state = self._context.render_context
                blocks = state.setdefault(BLOCK_CONTEXT_KEY, BlockContext())
                blocks.add_blocks(node.blocks)
                first = next((inner for inner in parent.nodelist if not isinstance(inner, TextNode)), None)
                if not isinstance(first, ExtendsNode):
                    inner = parent.nodelist.get_nodes_by_type(BlockNode)
                    blocks.add_blocks({block.name: block for block in inner})
                with state.push_state(parent, isolated_context=False):
                    self.nodes(parent.nodelist)
        if not parents:
            with apart(self._context):
                blocks = UnknownBlocks(self._context)
                blocks.blocks.update(self._context.render_context.get(BLOCK_CONTEXT_KEY, blocks).blocks)
                blocks.add_blocks(node.blocks)
                self._context.render_context[BLOCK_CONTEXT_KEY] = blocks
                for block in node.blocks.values():
                    self._block(block)

    def _parents(self, node: ExtendsNode) -> Iterator[Template]:
        self._context.missing.clear()
        name = node.parent_name.resolve(self._context)
        if not self._context.missing:
            yield node.get_parent(self._context)
            return
        self._unknown.append(node)
        arguments = [argument for _, arguments in node.parent_name.filters for argument in arguments]
        texts = [str(name), *(str(value) for is_variable, value in arguments if not is_variable)]
        for each in dict.fromkeys(each.strip() for text in texts for each in text.split(",")):
            try:
                with apart(self._context):
                    parent = node.find_template(each, self._context)
            except (TemplateDoesNotExist, OSError):  # it is the name of no template
                continue
            yield parent
        yield from self._guessed

    def _block(self, node: BlockNode) -> None:
        """As BlockNode.render."""
        blocks = self._context.render_context.get(BLOCK_CONTEXT_KEY)
        found = None if blocks is None else blocks.pop(node.name)
        block = type(node)(node.name, (node if found is None else found).nodelist)
        if blocks is not None:
            block.context = self._context
        with self._context.push(block=block):
            self.nodes(block.nodelist)
        if found is not None:
            blocks.push(node.name, found)

    def _super(self) -> None:
        """As BlockNode.super."""
        block, blocks = self._context.get("block"), self._context.render_context.get(BLOCK_CONTEXT_KEY)
        if block is not None and blocks is not None and blocks.get_block(block.name) is not None:
            self._block(block)

    def _known(self, node: WithNode) -> dict[str, Any]:
        """Those of the tag's variables that are known before any request."""
        known = {}
        for name, expression in node.extra_context.items():
            is_known, value = self._resolve(expression)
            if is_known:
                known[name] = value
        return known

    def _is_known(self, expression: FilterExpression | None) -> bool:
        return expression is None or self._resolve(expression)[0]

    def _resolve(self, expression: FilterExpression) -> tuple[bool, Any]:
        """Whether every variable of it is known, and its value then."""
        self._context.missing.clear()
        try:
            value = expression.resolve(self._context)
        except (
            Exception
        ):  # a filter may raise anything for a value that only a request has, and a missing argument does
            if not self._context.missing:
                raise
            value = None
        return not self._context.missing, value


class _Walked(NodeList):
    def __init__(self, walk: _Walk, nodelist: NodeList) -> None:
        super().__init__(nodelist)
        self._walk = walk

    def render(self, context: Context) -> SafeString:
        self._walk.nodes(self)
        return mark_safe("")


def _inside(node: Node) -> Iterator[NodeList]:
    """The nodes in a node: those that it names as its children, and any others that it holds."""
    named = [getattr(node, name, None) for name in getattr(node, "child_nodelists", ())]
    held = [value for value in vars(node).values() if isinstance(value, NodeList)]
    found = {id(nodelist): nodelist for nodelist in (*named, *held) if nodelist}
    return iter(found.values())


def _copied(value: Any) -> Any:
    if isinstance(value, BlockContext):
        duplicate = copy(value)
        duplicate.blocks = defaultdict(list, {name: list(blocks) for name, blocks in value.blocks.items()})
        return duplicate
    return list(value) if isinstance(value, list) else value
