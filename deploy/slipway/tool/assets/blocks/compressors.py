"""django-compressor's compressors, changed so that a bundle works like its single files.

A bundle ends where joining would change the behavior: scripts in strict mode are separate from others,
and a stylesheet with @import begins its bundle, since a browser ignores a later @import.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote

from compressor.base import METHOD_INPUT, SOURCE_FILE, SOURCE_HUNK
from compressor.cache import get_hexdigest
from compressor.css import CssCompressor as StockCssCompressor
from compressor.js import JsCompressor as StockJsCompressor
from compressor.storage import CompressorFileStorage

from slipway.tool.assets import css, urls
from slipway.tool.assets.blocks.precompilers import Precompilers
from slipway.tool.assets.collect import Source
from slipway.tool.assets.hashing import Hashed, did_you_mean
from slipway.tool.assets.scripts import javascript
from slipway.tool.assets.shown import shown
from slipway.tool.assets.text import decoded, without_charset
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import name_digest

ABSOLUTE_FILTER = "compressor.filters.css_default.CssAbsoluteFilter"
SHEET_TYPES = frozenset(("", "text/css"))
CLASSIC_TYPES = frozenset(("", "text/javascript", "application/javascript"))


class BundleStorage(CompressorFileStorage):
    """The hashed files of a build, by name, and its compilers; keeps the compressor's output in memory."""

    def __init__(self, files: dict[str, Hashed], output: dict[str, bytes]):
        super().__init__()
        self._files, self._output = files, output
        # The files that are in a bundle, by plain name.
        self.bundled: set[str] = set()
        self.plain = {file.source.name: file for file in files.values()}
        self.precompilers = Precompilers(file.source for file in files.values())

    def file(self, name: str) -> Hashed:
        """The file behind the path of a URL, be it a plain name: `{{ STATIC_URL }}js/a.js`. Raises SlipwayError."""
        for each in (name, unquote(name)):
            if file := self._files.get(each) or self.plain.get(each):
                self.bundled.add(file.source.name)
                return file
        raise SlipwayError(f"{unquote(name)} does not exist{did_you_mean(unquote(name), self.plain)}")

    def exists(self, name: str) -> bool:
        return name in self._files

    def save(self, name: str, content) -> str:
        self._output[name] = content.read()
        return name


class InMemory:
    """Uses the storage of the build for the parts of a block, and regroups its files."""

    def __init__(self, *args, storage: BundleStorage, **kwargs):
        super().__init__(*args, **kwargs)
        self.storage = storage

    def copy(self, **kwargs):
        return super().copy(storage=self.storage, **kwargs)

    def get_filename(self, basename: str) -> str:
        """The path in the checkout; the parent would look in STATIC_ROOT and in the finders."""
        return self.storage.file(basename).source.path

    def hunks(self, forced: bool = False) -> Iterator[str]:
        """The filtered text of each file and each inline part."""
        for entry in self.split_contents():
            kind, value, basename, element = entry
            options = {"method": METHOD_INPUT, "elem": element, "kind": kind, "basename": basename}
            options["charset"] = self.parser.elem_attribs(element).get("charset", self.charset)
            if kind == SOURCE_FILE:
                options["filename"] = value
            yield self.filter(self.text(entry), self.cached_filters, **options)

    def text(self, entry: tuple) -> str:
        """The text of a file or an inline part, compiled where it has a type of COMPRESS_PRECOMPILERS."""
        kind, value, basename, element = entry
        attributes = self.parser.elem_attribs(element)
        charset = attributes.get("charset") or "utf-8"
        command = self.precompiler_mimetypes.get(attributes.get("type"))
        compiler = self.storage.precompilers
        if kind != SOURCE_FILE:
            return compiler.compile(command, None, value, attributes, self.resource_kind) if command else value
        file = self.storage.file(basename)
        source = file.source
        if command is None:
            return self.finished(decoded(source.path, file.body, "utf-8", charset), file)
        content = decoded(source.path, source.body, "utf-8", charset)
        return self.compiled(compiler.compile(command, source, content, attributes, self.resource_kind), source)

    def finished(self, content: str, file: Hashed) -> str:
        """A file's text as it works in a bundle, which is in another folder."""
        return content

    def compiled(self, content: str, source: Source) -> str:
        """What a compiler made of a file, as it works in a bundle."""
        return content

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


class CssCompressor(InMemory, StockCssCompressor):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # URLs are absolute already; this filter would also rewrite the src= of a selector.
        self.filters = [name for name in self.filters if name != ABSOLUTE_FILTER]

    def split_contents(self):
        if not self.split_content:
            super().split_contents()
            for entry in self.split_content:
                self._check_type(self.parser.elem_attribs(entry[3]).get("type") or "")
                if entry[0] == SOURCE_HUNK:
                    self._check_inline(self.text(entry))
            self.media_nodes = list(self.regrouped(self.media_nodes))
        return self.split_content

    def finished(self, content: str, file: Hashed) -> str:
        def absolute(reference: css.Reference) -> str | None:
            target = urls.target(reference.url, file.name)
            return urls.absolute(target.name) + target.suffix if target else None

        return without_charset(css.rewrite(content.encode(), absolute).decode())

    def compiled(self, content: str, source: Source) -> str:
        """With the URLs of the hashed files: a compiler's are relative to the file that it read, as in the browser."""

        def absolute(reference: css.Reference) -> str | None:
            target = urls.target_among(self.storage.plain, reference.url, source.name)
            if target is None:
                return None
            if reference.kind == "map":
                return ""
            if target.name in self.storage.plain:
                return urls.absolute(self.storage.plain[target.name].name) + target.suffix
            if source.own:
                at = source.body.find(reference.url.encode())
                line = source.body.count(b"\n", 0, max(at, 0)) + 1
                place = f"{shown(source.path)}:{line}" if at >= 0 else shown(source.path)
                if target.name.startswith("/"):
                    raise SlipwayError(
                        f"{place}: {reference.url} would be requested from the CDN host; write it relative to this file"
                    )
                raise SlipwayError(
                    f"{place}: {reference.url} points to {target.name}, which does not exist"
                    + did_you_mean(target.name, self.storage.plain)
                )
            return urls.absolute(target.name) + target.suffix

        return without_charset(css.rewrite(content.encode(), absolute).decode())

    def _check_type(self, kind: str) -> None:
        if kind.partition(";")[0].strip().lower() not in SHEET_TYPES and kind not in self.precompiler_mimetypes:
            raise SlipwayError(
                f'a stylesheet of type="{kind}" has no compiler in COMPRESS_PRECOMPILERS; name one there'
            )

    def _check_inline(self, style: str) -> None:
        """Raises SlipwayError for a URL that would resolve to another file in a bundle."""
        for reference in css.references(style.encode()):
            target = urls.target(reference.url, "")
            if target and not (urls.SCHEME.match(reference.url) and self.storage.exists(target.name)):
                raise SlipwayError(f"an inline style refers to {reference.url}; write it with {{% static %}}")

    @staticmethod
    def is_boundary(previous: str, sheet: str) -> bool:
        imports = any(reference.kind == "import" for reference in css.references(sheet.encode()))
        namespaces = css.has_namespace(sheet.encode()) or css.has_namespace(previous.encode())
        return imports or namespaces or not css.is_balanced(previous.encode())


class JsCompressor(InMemory, StockJsCompressor):
    def split_contents(self):
        if not self.split_content:
            for element in self.parser.js_elems():
                kind = self.parser.elem_attribs(element).get("type") or ""
                if kind.lower() not in CLASSIC_TYPES and kind not in self.precompiler_mimetypes:
                    raise SlipwayError(
                        f'a script of type="{kind}" would become a classic script; move it out of the block'
                    )
            super().split_contents()
            self.extra_nodes = list(self.regrouped(self.extra_nodes))
        return self.split_content

    @staticmethod
    def is_boundary(previous: str, script: str) -> bool:
        return javascript.is_strict(previous.encode()) != javascript.is_strict(script.encode())


COMPRESSORS = {"css": CssCompressor, "js": JsCompressor}
