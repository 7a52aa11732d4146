"""The packages of a project, from wherever it lists them, as lines of project/requirements.in."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slipway.tool.adopt.source import Source
from slipway.tool.requirements import files
from slipway.tool.requirements.files import Line
from slipway.web.errors import SlipwayError

# In order of preference; below the project's folder or the one that was given.
FOLDER = "requirements"
FOR_SERVERS = (
    *(f"{FOLDER}/{name}" for name in ("production.txt", "prod.txt", "production.in")),
    f"{FOLDER}.in",
    f"{FOLDER}.txt",
    *(f"{FOLDER}/{name}" for name in ("base.txt", "requirements.txt")),
)
FOR_TESTS = (
    *(f"{FOLDER}/{name}" for name in ("test.txt", "tests.txt", "local.txt", "dev.txt")),
    *(f"{FOLDER}-{name}" for name in ("test.txt", "dev.txt")),
)
# What takes their place here, in words for the report.
REPLACED = {
    "whitenoise": "the CDN serves static files",
    "gunicorn": "Slipway has its own",
    "django-compressor": "Slipway has its own",
    "psycopg": "Slipway has its own",
    "psycopg2": "Slipway has psycopg 3",
    "psycopg2-binary": "Slipway has psycopg 3",
    "psycopg-binary": "Slipway has its own",
    "psycopg-c": "Slipway has its own",
    "uwsgi": "Gunicorn serves",
}
POETRY = (
    "its packages are Poetry's: run `poetry export --without-hashes -o requirements.txt` there, then the same again "
    "(`poetry self add poetry-plugin-export`, if Poetry does not know it)"
)


@dataclass(frozen=True, slots=True)
class Packages:
    """``lines`` for project/requirements.in, ``tests`` for requirements-dev.in. ``file`` is where they come from, and
    ``out`` says of each line that was left out why."""

    file: str
    lines: tuple[str, ...]
    tests: tuple[str, ...]
    out: tuple[str, ...]


def read(source: Source) -> Packages:
    """Raises SlipwayError where no packages are listed, or where only another tool can list them."""
    places = dict.fromkeys((source.folder, source.root))
    for name in FOR_SERVERS:
        for place in places:
            if (place / name).is_file():
                return _of(source, place / name, list(_read(source, place / name)), list(_tests(source, place)))
    for place in places:
        if (place / "pyproject.toml").is_file():
            return _of_project(source, place / "pyproject.toml")
    raise SlipwayError(
        f"FROM={source.root}: no list of its packages: neither requirements.txt, requirements/ nor pyproject.toml; "
        "`pip freeze > requirements.txt` in its environment writes one"
    )


def _of_project(source: Source, file: Path) -> Packages:
    try:
        data = tomllib.loads(file.read_text())
    except tomllib.TOMLDecodeError as error:
        raise SlipwayError(f"{source.shown(file)}: {error}") from None
    listed = data.get("project", {}).get("dependencies")
    if listed is None and "poetry" in data.get("tool", {}):
        raise SlipwayError(f"{source.shown(file)}: {POETRY}")
    if listed is None:
        raise SlipwayError(f"{source.shown(file)}: it lists no packages: [project] has no `dependencies`")
    groups = data.get("dependency-groups", {})
    tests = [each for name in ("test", "tests", "dev") for each in groups.get(name, ()) if isinstance(each, str)]
    return _of(source, file, [Line(file, each) for each in listed], [Line(file, each) for each in tests])


def _read(source: Source, file: Path) -> Iterator[Line]:
    try:
        yield from files.read(file)
    except SlipwayError as error:
        raise SlipwayError(f"{source.shown(file)}: {error}") from None


def _tests(source: Source, place: Path) -> Iterator[Line]:
    """The lines of the files themselves: what they include is the server's."""
    for name in FOR_TESTS:
        file = place / name
        if file.is_file():
            yield from (line for line in _read(source, file) if line.file == file)


def _of(source: Source, file: Path, lines: list[Line], tests: list[Line]) -> Packages:
    out: list[str] = []
    return Packages(
        source.shown(file), tuple(_taken(source, lines, out)), tuple(_taken(source, tests, out)), tuple(out)
    )


def _taken(source: Source, lines: list[Line], out: list[str]) -> Iterator[str]:
    for line in lines:
        # Hashes are of the lock file, which `make lock` writes.
        text = re.sub(r"\s*--hash[= ]\S+", "", line.text).strip()
        where = source.shown(line.file)
        if text.startswith("-"):
            if text.startswith(("--no-binary", "--pre")):
                yield text
            else:
                out.append(f"{where}: `{text}` was left out: the index comes from your pip's own configuration")
        elif re.match(r"\.{0,2}/|file:", text) or re.match(r"(git|hg|svn)\+", text):
            out.append(f"{where}: `{text}` was left out: a release is made of wheels; publish one, or copy the code")
        elif why := REPLACED.get(line.name):
            out.append(f"{where}: `{text}` was left out: {why}")
        else:
            yield text
