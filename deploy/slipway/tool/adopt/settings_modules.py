"""Edits the settings of a project that was copied: what serves or stores elsewhere out, the settings line in."""

import re
from collections.abc import Iterator
from pathlib import Path

from slipway.web.guard import LINE

# An element of a list that stands in a line of its own.
WHITENOISE = re.compile(r"^[ \t]*[\"']whitenoise\.[\w.]+[\"'],?[ \t]*(#.*)?\n", re.M)
BACKEND = r"[\"']BACKEND[\"']\s*:\s*[\"']"
# The backends of packages → what takes their place: Django's own storages, which the settings line replaces, and a
# cache that needs no server.
REPLACED = {
    re.compile(rf"(?<=[\"']staticfiles[\"'])\s*:\s*\{{\s*{BACKEND}((?!django\.|slipway\.)[\w.]+)"): (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    ),
    re.compile(rf"(?<=[\"']default[\"'])\s*:\s*\{{\s*{BACKEND}(storages\.[\w.]+)"): (
        "django.core.files.storage.FileSystemStorage"
    ),
    re.compile(rf"{BACKEND}(django_redis\.cache\.RedisCache|django\.core\.cache\.backends\.redis\.RedisCache)"): (
        "django.core.cache.backends.locmem.LocMemCache"
    ),
}


def take_out(project: Path, folder: Path) -> Iterator[str]:
    """Edits the settings modules in ``folder``; yields what was changed, with file and line."""
    for file in sorted(folder.glob("*.py")):
        text = file.read_text()
        shown = f"project/{file.relative_to(project)}"
        for match in WHITENOISE.finditer(text):
            yield f"{shown}:{_line(text, match.start())}: {match[0].strip().rstrip(',')} was taken out: the CDN serves"
        text = WHITENOISE.sub("", text)
        for pattern, other in REPLACED.items():
            while match := pattern.search(text):
                yield f"{shown}:{_line(text, match.start(1))}: {match[1]} is {other} now"
                text = text[: match.start(1)] + other + text[match.end(1) :]
        file.write_text(text)


def add_line(project: Path, module: str, before: str = "") -> Iterator[str]:
    """Ends the module with the settings line, and ``before`` it; yields what was done, nothing where it stands."""
    file = path_of(project, module)
    text = file.read_text()
    if re.search(rf"^{re.escape(LINE)}", text, re.M):
        return
    file.write_text(f"{text.rstrip()}\n\n{before}{LINE}\n")
    yield f"project/{file.relative_to(project)}: ends with `{LINE}`"


def path_of(project: Path, module: str) -> Path:
    """The file of a module of the project."""
    path = project.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
