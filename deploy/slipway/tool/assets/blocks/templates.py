"""Lists the templates that Django can load, as its loaders list them, with the tags that matter to a build."""

import os
import posixpath
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cache, cached_property
from pathlib import Path, PurePath

from compressor.templatetags.compress import compress
from django.apps import apps
from django.template import Engine, Origin, TemplateDoesNotExist, TemplateSyntaxError, engines
from django.template.backends.django import DjangoTemplates
from django.template.base import Lexer, Token, TokenType
from django.template.loader_tags import construct_relative_path
from django.template.loaders.base import Loader
from django.template.loaders.filesystem import Loader as FilesystemLoader
from django.template.loaders.locmem import Loader as LocmemLoader

from slipway.tool.assets.collect import PACKAGE_DIRECTORIES, is_own, shown
from slipway.tool.assets.shown import absolute
from slipway.web.errors import SlipwayError


@dataclass(eq=False)
class TemplateFile:
    """A template; ``path`` is its origin, ``own`` whether it is the project's, and not an installed package's."""

    name: str
    path: str
    own: bool
    body: bytes = field(repr=False)
    engine: Engine = field(repr=False)

    @cached_property
    def text(self) -> str:
        """As Django decodes it; empty if it cannot."""
        try:
            return self.body.decode(self.engine.file_charset)
        except UnicodeDecodeError:
            return ""

    @cached_property
    def tags(self) -> list[Token]:
        """Its block tags outside of comments; none if the file is not text."""
        return list(_tags(self.text))

    def tokens(self, tags: Iterable[str]) -> list[Token]:
        """Those of this file's own tags that have one of these names."""
        if not any(tag.encode() in self.body for tag in tags):
            return []
        return [token for token in self.tags if _word(token) in tags]

    def place(self, line: int) -> str:
        return f"{shown(self.path)}:{line}"


def all_templates() -> list[TemplateFile]:
    """Every template of Django's own engines; of two with one name in an engine, the one that it loads.

    Raises SlipwayError for a file that cannot be read.
    """
    found: dict[tuple[Engine, str], TemplateFile] = {}
    for engine in _engines():
        for loader in _loaders(engine.template_loaders):
            for name, path, own in _listed(loader):
                if (engine, name) not in found:
                    body = _read(loader, name, path)
                    if body is not None:
                        found[engine, name] = TemplateFile(name, path, own, body, engine)
    return list(found.values())


def unlisted_loaders() -> list[str]:
    """Loaders that find a template only by its name, such as one that reads a database."""
    loaders = (loader for engine in _engines() for loader in _loaders(engine.template_loaders))
    return [
        f"{type(loader).__module__}.{type(loader).__qualname__}"
        for loader in loaders
        if not isinstance(loader, LocmemLoader) and not hasattr(loader, "get_dirs") and not list(_directories(loader))
    ]


@cache
def compress_tags(engine: Engine, derived: bool = False) -> frozenset[str]:
    """The names that `{% compress %}` has in an engine; ``derived``: and the tags of modules that use compressor."""
    names = set()
    for library in (*engine.template_builtins, *engine.template_libraries.values()):
        for name, tag in library.tags.items():
            module = getattr(tag, "__module__", "")
            if module == compress.__module__ or (derived and _uses_compressor(module)):
                names.add(name)
    return frozenset(names)


def reaching(templates: Iterable[TemplateFile]) -> list[TemplateFile]:
    """The templates that may render a compressed block: they use a tag for it, or extend one that may, however far up.

    The others need not be compiled. A template whose parent is named by a variable, or is not listed, counts too.
    """
    files = {(file.engine, file.name): file for file in templates}
    users = {file for file in files.values() if file.tokens(compress_tags(file.engine, derived=True))}
    if not users:
        return []
    results: dict[TemplateFile, bool] = {}

    def reaches(file: TemplateFile) -> bool:
        if file not in results:
            # One that extends its own name means the one of the next directory, which is not listed.
            results[file] = True
            parents = (files.get((file.engine, parent)) for parent in _parents(file))
            results[file] = file in users or any(parent is None or reaches(parent) for parent in parents)
        return results[file]

    return [file for file in files.values() if reaches(file)]


def _engines() -> Iterator[Engine]:
    return (backend.engine for backend in engines.all() if isinstance(backend, DjangoTemplates))


def _loaders(loaders: Iterable[Loader]) -> Iterator[Loader]:
    """Without those that only wrap others, such as the cached one."""
    for loader in loaders:
        if hasattr(loader, "loaders"):
            yield from _loaders(loader.loaders)
        else:
            yield loader


def _listed(loader: Loader) -> Iterator[tuple[str, str, bool]]:
    """Name, origin and whether it is the project's own, for each template that the loader can list."""
    if isinstance(loader, LocmemLoader):
        yield from ((name, name, True) for name in loader.templates_dict)
        return
    for directory in _directories(loader):
        listed = PurePath(directory) in map(absolute, loader.engine.dirs)
        own = is_own(directory) or (listed and PACKAGE_DIRECTORIES.isdisjoint(PurePath(directory).parts))
        for path in files_below(directory):
            yield path[len(directory) + 1 :].replace(os.sep, "/"), path, own


def _directories(loader: Loader) -> Iterator[str]:
    """The directories that a loader looks in: its own list, or the origins of the empty name, as compressor does."""
    if hasattr(loader, "get_dirs"):
        found = map(os.fspath, loader.get_dirs())
    else:
        try:
            found = [str(origin) for origin in loader.get_template_sources("")]
        except Exception:  # a loader of the project's may raise anything for a name that it does not expect
            found = []
    spelled = dict.fromkeys(str(absolute(directory)) for directory in found if directory)
    return (directory for directory in spelled if Path(directory).is_dir())


def files_below(directory: str, above: tuple[str, ...] = ()) -> Iterator[str]:
    """Files below a directory, through links too, without what an editor leaves: it is never rendered."""
    real = os.path.realpath(directory)
    if real in above:
        return
    ignored = [*apps.get_app_config("staticfiles").ignore_patterns, "#*#"]
    try:
        entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
    except OSError:  # Django finds nothing there either
        return
    for entry in entries:
        if any(fnmatch(entry.name, pattern) for pattern in ignored):
            continue
        # A link to nowhere is neither.
        if entry.is_dir():
            yield from files_below(entry.path, (*above, real))
        elif entry.is_file():
            yield entry.path


def _read(loader: Loader, name: str, path: str) -> bytes | None:
    """What the loader gives for the name, or None where it gives another file or none."""
    try:
        if type(loader).get_contents is FilesystemLoader.get_contents:
            return Path(path).read_bytes()
        return loader.get_contents(Origin(path, name, loader)).encode()
    except (FileNotFoundError, TemplateDoesNotExist):
        return None
    except OSError as error:
        raise SlipwayError(f"{shown(path)}: cannot be read: {error.strerror}") from None
    except Exception:  # a loader that changes its templates may raise anything; so it does at a request
        return b""


@cache
def _uses_compressor(module: str) -> bool:
    values = vars(sys.modules[module]).values() if module in sys.modules else ()
    sources = (getattr(value, "__module__", None) or getattr(value, "__name__", None) for value in values)
    return any(isinstance(source, str) and source.partition(".")[0] == "compressor" for source in sources)


def _tags(text: str) -> Iterator[Token]:
    if "{%" not in text:
        return
    commented = False
    for token in Lexer(text).tokenize():
        if token.token_type is not TokenType.BLOCK:
            continue
        word = _word(token)
        if word in ("comment", "endcomment"):
            commented = word == "comment"
        elif not commented:
            yield token


def _parents(file: TemplateFile) -> Iterator[str]:
    """The names of its parents as written or, for a relative one, as Django reads it; also of `{% overextends %}`."""
    if b"extends" not in file.body:
        return
    for token in file.tags:
        if "extends" in _word(token):
            name = (token.split_contents() + [""])[1]
            with suppress(TemplateSyntaxError):  # it is reported when the template is compiled
                name = construct_relative_path(file.name, name)
            # A variable, or a text with a filter, is the name of no template.
            yield posixpath.normpath(name[1:-1]) if name[:1] == name[-1:] and name[:1] in ("'", '"') else name


def _word(token: Token) -> str:
    return (token.contents.split(None, 1) or [""])[0]
