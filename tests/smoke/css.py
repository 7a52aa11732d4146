"""What a stylesheet asks for."""

from collections.abc import Iterable, Iterator

import tinycss2
from tinycss2.ast import Node

_IMAGE_SETS = {"image-set", "-webkit-image-set"}
# Functions and rules whose strings and URLs name something other than a file to load.
_SILENT_FUNCTIONS = {"type", "format", "tech", "attr", "local", "supports"}
_SILENT_RULES = {"namespace", "charset", "layer"}


def stylesheet_urls(text: str) -> Iterator[str]:
    """Every url(), image-set() string and @import of a stylesheet, as written."""
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    for rule in rules:
        yield from _rule_urls(rule)


def style_urls(text: str) -> Iterator[str]:
    """The same of a ``style`` attribute."""
    yield from _value_urls(tinycss2.parse_component_value_list(text, skip_comments=True))


def _rule_urls(rule: Node) -> Iterator[str]:
    if rule.type == "at-rule":
        keyword = rule.lower_at_keyword
        if keyword in _SILENT_RULES:
            return
        if keyword == "import":
            first = next((node for node in rule.prelude if node.type != "whitespace"), None)
            if first is not None and first.type == "string":
                yield first.value
        yield from _value_urls(rule.prelude)
        yield from _value_urls(rule.content or ())
    elif rule.type == "qualified-rule":
        yield from _value_urls(rule.content)


def _value_urls(nodes: Iterable[Node], *, strings: bool = False) -> Iterator[str]:
    namespace = False
    for node in nodes:
        if node.type == "at-keyword":
            namespace = node.lower_value in _SILENT_RULES
        elif node.type == "literal" and node.value == ";":
            namespace = False
        if namespace:
            continue
        if node.type == "url" or (node.type == "string" and strings):
            yield node.value
        elif node.type == "function":
            name = node.lower_name
            if name in ("url", "src"):
                yield from (part.value for part in node.arguments if part.type == "string")
            elif name not in _SILENT_FUNCTIONS:
                yield from _value_urls(node.arguments, strings=name in _IMAGE_SETS)
        elif node.type in ("{} block", "() block", "[] block"):
            yield from _value_urls(node.content)
