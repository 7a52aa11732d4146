"""Runs COMPRESS_PRECOMPILERS as django-compressor does: Sass, Less, PostCSS, TypeScript.

A compiler reads the file where it is in the checkout, so that it finds what is beside the file, in a folder above it
and in node_modules. STATIC_ROOT has all collected files, as it has for stock compressor: what another app's folder
holds is found there.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from compressor.exceptions import FilterError
from compressor.filters import CompilerFilter
from django.conf import settings

from slipway.tool.assets import text
from slipway.tool.assets.collect import Source
from slipway.tool.assets.shown import shown
from slipway.web.errors import SlipwayError

DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
# How a shell and npx say that there is no such command, and the packages that npm has it in.
NOT_FOUND = re.compile(
    r"^\S*sh: (?:(?:line )?\d+: )?(\S+?): (?:command )?not found|could not determine executable|npx canceled",
    re.MULTILINE,
)
NPX = re.compile(r"\bnpx (?:-\S+ )*(\S+)")
PACKAGES = {"lessc": "less", "postcss": "postcss postcss-cli", "tsc": "typescript", "coffee": "coffeescript"}
# What a terminal would show: colours, and the frame around a line of source.
DECORATION = re.compile(r"\x1b\[[0-9;]*m|[│╷╵┌└─━▶✘]+|^\s*at .*$|[\^~]{2,}|^\s*[\^~-]\s*$", re.MULTILINE)
# Node's own report, of a script that started the compiler.
NODE = re.compile(r"^node:\w+.*", re.MULTILINE | re.DOTALL)
# Where compressor lets a command write.
OUTPUT = re.compile(re.escape(tempfile.gettempdir()) + r"/tmp\w+(\.\w+)?")
# A command may be npm's, whose packages' code gets no secret of a deploy.
SECRET = re.compile(r"^AWS_|SECRET|PASSW|TOKEN|CREDENTIAL|_KEY$|DATABASE_URL|_DSN$")
UNSET = re.compile(r"\bunset [\w ]+; ")
LONGEST = 400  # characters of a compiler's message
LARGE = 10_000_000  # bytes; a film is no input of a compiler


class Precompilers:
    """The compilers of one build; ``sources`` are all its files. Each file is compiled once."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._sources = list(sources)
        self._done: dict[tuple, str] = {}
        self._collected = False

    def compile(self, command: str, source: Source | None, content: str, attributes: dict[str, str], kind: str) -> str:
        """The result for a file, or for an inline part where ``source`` is None; ``kind`` is css or js.

        Raises SlipwayError, the compiler's own words in one line.
        """
        key = (command, source.path if source else content, kind, *sorted(attributes.items()))
        if key not in self._done:
            self._done[key] = self._result(command, source, content, attributes, kind)
        return self._done[key]

    def _result(self, command: str, source: Source | None, content: str, attributes: dict, kind: str) -> str:
        if source is None:
            return _attempt(command, "the inline part", content, attributes, kind, None)
        self._collect()
        collected = Path(settings.STATIC_ROOT) / source.name
        places = [source.path, str(collected)]
        if self._is_replaced_beside(source):
            places.reverse()
        first: SlipwayError | None = None
        for place in places:
            try:
                return _attempt(command, shown(source.path), content, attributes, kind, place)
            except SlipwayError as error:
                first = first or error
        raise SlipwayError(self._translated(str(first)))

    def _collect(self) -> None:
        """Writes the files into STATIC_ROOT, where a command may look for them too."""
        if self._collected:
            return
        self._collected = True
        for source in self._sources:
            path = Path(settings.STATIC_ROOT) / source.name
            if len(source.body) > LARGE or (path.is_file() and path.read_bytes() == source.body):
                continue
            if path.resolve() == Path(source.path).resolve():
                continue  # STATIC_ROOT is a folder of sources
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.body)

    def _is_replaced_beside(self, source: Source) -> bool:
        """Whether a file of its static folder is replaced by an earlier folder's: STATIC_ROOT has the right one."""
        root = source.path.removesuffix(source.name)
        suffix = Path(source.name).suffix
        return root == source.path or any(
            other.path != root + other.name and Path(root, other.name).exists()
            for other in self._sources
            if other.name.endswith(suffix)
        )

    def _translated(self, message: str) -> str:
        """The message with the checkout's paths in place of STATIC_ROOT's."""
        for source in self._sources:
            if source.name in message:
                pattern = rf"(?:[^\s'\"(]*/)?{re.escape(Path(settings.STATIC_ROOT).name)}/{re.escape(source.name)}"
                message = re.sub(pattern, lambda _, path=source.path: shown(path), message)
        return message


def _runner(command: str) -> Callable[..., str]:
    """A function that compiles. Raises SlipwayError for a class that cannot be imported."""
    if DOTTED.fullmatch(command) and not shutil.which(command):
        module, _, name = command.rpartition(".")
        try:
            compiler = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            package = module.partition(".")[0].replace("_", "-")
            raise SlipwayError(
                f"COMPRESS_PRECOMPILERS names {command}, which cannot be imported ({_words(str(error))}); add its "
                f"package, {package}, to project/requirements.in and run `make lock`"
            ) from None
        return lambda content, **options: compiler(content, **options).input(method="input")

    names = [name for name in os.environ if SECRET.search(name)]
    without_secrets = f"unset {' '.join(names)}; " if names else ""

    def run(content: str, attrs: dict[str, str], **options: Any) -> str:
        # Not compressor's caching one: its key knows nothing of partials, and a cache outlives the build.
        return CompilerFilter(content=content, command=without_secrets + command, **options).input()

    return run


def _attempt(command: str, name: str, content: str, attributes: dict[str, str], kind: str, place: str | None) -> str:
    charset = attributes.get("charset", settings.DEFAULT_CHARSET)
    run = _runner(command)
    try:
        result = run(content, attrs=attributes, filter_type=kind, charset=charset, filename=place)
    except FilterError as error:
        if missing := NOT_FOUND.search(str(error)):
            by_npx = NPX.search(command)
            program = missing[1] or (by_npx[1] if by_npx else command)
            tool = Path(program).name
            raise SlipwayError(
                f"{name}: {program}, which COMPRESS_PRECOMPILERS names, is not installed here; "
                f"`npm install {PACKAGES.get(tool, tool)}` in project/ installs it, as project/node_modules/.bin/{tool}"
            ) from None
        raise SlipwayError(f"{name}: {_words(str(error))}") from None
    except Exception as error:  # a compiler may raise anything
        raise SlipwayError(f"{name}: {_words(str(error)) or type(error).__name__}") from None
    return result.removeprefix(text.MARK)


def _words(message: str) -> str:
    message = UNSET.sub("", message)
    message = OUTPUT.sub("a temporary file", NODE.sub("", message) or message)
    line = " ".join(DECORATION.sub(" ", message).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} …"
