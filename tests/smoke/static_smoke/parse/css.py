"""The URLs in a stylesheet."""

import re
from collections.abc import Iterable, Iterator

import tinycss2
from tinycss2.ast import Node

# Functions whose strings are URLs.
_IMAGE_SETS = {"image-set", "-webkit-image-set", "image"}
# Functions and rules whose strings and URLs name something other than a file to load.
_SILENT_FUNCTIONS = {"type", "format", "tech", "attr", "local", "supports"}
_SILENT_RULES = {"namespace", "charset"}
# Properties whose images a browser fetches with CORS, from any host.
_CORS_PROPERTIES = re.compile(r"(-webkit-)?mask(-image|-border(-source)?|-box-image)?|shape-outside|filter|clip-path")


class Written(str):
    """A URL as written. ``cors``: whether the browser fetches it with CORS."""

    cors = False

    @classmethod
    def under(cls, text: str, name: str) -> "Written":
        written = cls(text)
        written.cors = bool(_CORS_PROPERTIES.fullmatch(name))
        return written


def stylesheet_urls(text: str) -> Iterator[Written]:
    """Every url(), image-set() string and @import of a stylesheet, as written."""
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    for rule in rules:
        yield from _rule_urls(rule)


def style_urls(text: str) -> Iterator[Written]:
    """The same of a ``style`` attribute."""
    yield from _value_urls(tinycss2.parse_component_value_list(text, skip_comments=True))


def _rule_urls(rule: Node) -> Iterator[Written]:
    if rule.type == "at-rule":
        keyword = rule.lower_at_keyword
        if keyword in _SILENT_RULES:
            return
        if keyword == "import":
            first = next((node for node in rule.prelude if node.type != "whitespace"), None)
            if first is not None and first.type == "string":
                yield Written(first.value)
        yield from _value_urls(rule.prelude)
        yield from _value_urls(rule.content or ())
    elif rule.type == "qualified-rule":
        yield from _value_urls(rule.content)


def _value_urls(nodes: Iterable[Node], *, strings: bool = False, name: str = "") -> Iterator[Written]:
    """``name``: the property that is being set, once its colon has been read."""
    namespace, word = False, name
    for node in nodes:
        if node.type == "at-keyword":
            namespace = node.lower_value in _SILENT_RULES
        elif node.type == "literal" and node.value == ";":
            namespace, name, word = False, "", ""
        elif node.type == "ident" and not name:
            word = node.lower_value
        elif node.type == "literal" and node.value == ":" and not name:
            name = word
        if namespace:
            continue
        if node.type == "url" or (node.type == "string" and strings):
            yield Written.under(node.value, name)
        elif node.type == "function":
            function = node.lower_name
            if function in ("url", "src"):
                yield from (Written.under(part.value, name) for part in node.arguments if part.type == "string")
            elif function not in _SILENT_FUNCTIONS:
                yield from _value_urls(node.arguments, strings=function in _IMAGE_SETS, name=name)
        elif node.type in ("{} block", "() block", "[] block"):
            yield from _value_urls(node.content)
