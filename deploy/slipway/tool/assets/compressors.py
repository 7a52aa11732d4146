"""django-compressor's compressors, changed so that a bundle works like its single files.

A bundle ends where joining would change the behavior: scripts in strict mode are separate from others,
and a stylesheet with @import begins its bundle, since a browser ignores a later @import.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from compressor.base import SOURCE_FILE, SOURCE_HUNK
from compressor.cache import get_hexdigest
from compressor.css import CssCompressor as StockCssCompressor
from compressor.js import JsCompressor as StockJsCompressor
from compressor.storage import CompressorFileStorage

from slipway.tool.assets import css, javascript, urls
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import name_digest

ABSOLUTE_FILTER = "compressor.filters.css_default.CssAbsoluteFilter"
CLASSIC_TYPES = frozenset(("", "text/javascript", "application/javascript"))


class BundleStorage(CompressorFileStorage):
    """Provides the compressor with the hashed files, written to disk on demand; keeps its output in memory."""

    def __init__(self, files: dict[str, bytes], location: str, output: dict[str, bytes]):
        super().__init__(location=location)
        self._files, self._output = files, output

    def exists(self, name: str) -> bool:
        if name not in self._files:
            return False
        path = Path(self.path(name))
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_movable(name, self._files[name]))
        return True

    def save(self, name: str, content) -> str:
        self._output[name] = content.read()
        return name


class InMemory:
    """Uses the storage of the build for the parts of a block, and regroups its files."""

    def __init__(self, *args, storage: BundleStorage, **kwargs):
        super().__init__(*args, **kwargs)
        self.storage = storage
        # A name that is not in the build is an error, never a raw file from a finder.
        self.finders = None

    def copy(self, **kwargs):
        return super().copy(storage=self.storage, **kwargs)

    def get_filepath(self, content: str, basename: str | None = None) -> str:
        """A bundle's name, with the hash that any file gets: the parent's covers the bytes alone."""
        name = super().get_filepath(content, basename)
        return name.replace(get_hexdigest(content, 12), name_digest(name, content.encode(self.charset))[:12])

    def regrouped(self, groups: Iterable[tuple[Any, "InMemory"]]) -> Iterator[tuple[Any, Any]]:
        """Each group, cut where ``is_boundary`` says that two scripts or stylesheets must not be joined."""
        for attribute, group in groups:
            previous = part = None
            for entry in group.split_content:
                content = self.text(entry)
                if part is None or self.is_boundary(previous, content):
                    part = group.copy(content=group.content)
                    yield attribute, part
                part.split_content.append(entry)
                previous = content

    def text(self, entry: tuple) -> bytes:
        kind, value = entry[:2]
        return Path(value).read_bytes() if kind == SOURCE_FILE else value.encode()


class CssCompressor(InMemory, StockCssCompressor):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # URLs are absolute already; this filter would also rewrite the src= of a selector.
        self.filters = [name for name in self.filters if name != ABSOLUTE_FILTER]

    def split_contents(self):
        if not self.split_content:
            super().split_contents()
            for kind, value, *_ in self.split_content:
                if kind == SOURCE_HUNK:
                    self._check_inline(value)
            self.media_nodes = list(self.regrouped(self.media_nodes))
        return self.split_content

    def _check_inline(self, style: str) -> None:
        """Raises SlipwayError for a URL that would resolve to another file in a bundle."""
        for reference in css.references(style.encode()):
            target = urls.target(reference.url, "")
            if target and not (urls.SCHEME.match(reference.url) and self.storage.exists(target.name)):
                raise SlipwayError(f"an inline style refers to {reference.url}; write it with {{% static %}}")

    @staticmethod
    def is_boundary(previous: bytes, sheet: bytes) -> bool:
        imports = any(reference.kind == "import" for reference in css.references(sheet))
        return imports or not css.is_balanced(previous)


class JsCompressor(InMemory, StockJsCompressor):
    def split_contents(self):
        if not self.split_content:
            for element in self.parser.js_elems():
                kind = (self.parser.elem_attribs(element).get("type") or "").lower()
                if kind not in CLASSIC_TYPES:
                    raise SlipwayError(
                        f'a script of type="{kind}" would become a classic script; move it out of the block'
                    )
            super().split_contents()
            self.extra_nodes = list(self.regrouped(self.extra_nodes))
        return self.split_content

    @staticmethod
    def is_boundary(previous: bytes, script: bytes) -> bool:
        return javascript.is_strict(previous) != javascript.is_strict(script)


COMPRESSORS = {"css": CssCompressor, "js": JsCompressor}


def _movable(name: str, body: bytes) -> bytes:
    """A stylesheet with absolute URLs, because its bundle is in another directory."""
    if not name.endswith(".css"):
        return body

    def absolute(reference: css.Reference) -> str | None:
        target = urls.target(reference.url, name)
        return urls.absolute(target.name) + target.suffix if target else None

    return css.rewrite(body, absolute)
