"""django-compressor's filter for scripts."""

import re

from compressor.filters import FilterBase

from slipway.tool.assets.blocks import whitespace
from slipway.tool.assets.scripts import javascript, source_maps
from slipway.tool.assets.shown import shown
from slipway.web.errors import SlipwayError

# What may begin a comment that ends with its line.
COMMENT = re.compile("//|<!--|-->")
HASH = re.compile(r"\.[0-9a-f]{12}(?=\.[^./]+$)")


class JsFilter(FilterBase):
    """Checks each script of a block and shortens it, then checks the whole bundle.

    A script called ``*.min.js`` stays as it is, without its source map, which would be wrong for the
    bundle. Raises SlipwayError with file and line for a syntax error.
    """

    def input(self, basename: str | None = None, filename: str | None = None, **kwargs) -> str:
        name = shown(filename) if filename else "the inline script"
        error = javascript.syntax_error(self.content)
        if error:
            raise SlipwayError(f"{name}:{error[0]}: {error[1]}")
        content = javascript.without_hashbang(self.content)
        minified = HASH.sub("", basename or "").lower().endswith(".min.js")
        script = (_without_source_map(content) if minified else whitespace.shorten(content)).rstrip()
        # The compressor appends a semicolon to each script; it must not end up in a comment.
        return script + "\n" if COMMENT.search(script.rpartition("\n")[2]) else script

    def output(self, **kwargs) -> str:
        error = javascript.syntax_error(self.content)
        if error:
            raise SlipwayError(f"the bundle does not parse, its line {error[0]}: {error[1]}")
        return self.content


def _without_source_map(script: str) -> str:
    body = script.encode()
    for reference in source_maps.references(body):
        body = body[: body.rfind(b"//", 0, reference.start)] + body[reference.end :]
    return body.decode()
