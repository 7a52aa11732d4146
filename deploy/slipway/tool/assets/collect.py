"""Reads every static file once, as Django's finders list them."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.files.storage import Storage

from slipway import ROOT
from slipway.web.errors import SlipwayError

PACKAGE_DIRECTORIES = frozenset(("site-packages", "dist-packages", "node_modules"))


class Naming(Enum):
    """Under which names a file is pushed."""

    HASHED = "with the hash of its bytes"
    BOTH = "with it, and plain"
    PLAIN = "plain"
    KEPT = "plain, and that name has a hash already: the object never changes"


@dataclass(slots=True)
class Source:
    """A static file before its references are resolved.

    ``name`` is the path below STATIC_URL, with slashes; ``own`` is whether it is the project's, and not
    an installed package's.
    """

    name: str
    path: str
    body: bytes
    own: bool
    naming: Naming = Naming.HASHED


def collect(ignore: Iterable[str] | None = None) -> dict[str, Source]:
    """All static files by name; of two with the same name the first finder's wins, as in Django.

    ``ignore`` holds glob patterns; without it, Django's own: hidden files, CVS and backups.
    """
    patterns = apps.get_app_config("staticfiles").ignore_patterns if ignore is None else ignore
    patterns = list(patterns)
    sources: dict[str, Source] = {}
    own: dict[Storage, bool] = {}
    for finder in get_finders():
        for path, storage in finder.list(patterns):
            if storage not in own:
                location = getattr(storage, "location", ROOT)
                _require_no_code(location)
                own[storage] = is_own(location)
            prefix = getattr(storage, "prefix", None)
            name = f"{prefix}/{path}" if prefix else path
            if os.sep != "/":
                name = name.replace(os.sep, "/")
            if name not in sources:
                sources[name] = _read(name, path, storage, own[storage])
    return sources


def _require_no_code(location: str | os.PathLike[str]) -> None:
    """Raises SlipwayError for a static folder with an app or the settings in it: their code would be public."""
    code = {"the settings": sys.modules[settings.SETTINGS_MODULE].__file__}
    code |= {f"the app {app.label}": app.path for app in apps.get_app_configs()}
    for name, path in code.items():
        if PurePath(path).is_relative_to(location):
            raise SlipwayError(
                f"{shown(location)}: is a static folder with the code of {name} in it, and every file of one is "
                "public; name a folder of static files alone in STATICFILES_DIRS"
            )


def is_own(path: str | os.PathLike[str]) -> bool:
    """Whether the file belongs to the project and not to an installed package."""
    pure = PurePath(path)
    if not PACKAGE_DIRECTORIES.isdisjoint(pure.parts):
        return False
    return pure.is_relative_to(ROOT) or any(pure.is_relative_to(d) for d in _project_directories())


def shown(path: str | os.PathLike[str]) -> str:
    """The path relative to the checkout, for messages."""
    pure = PurePath(path)
    return str(pure.relative_to(ROOT) if pure.is_relative_to(ROOT) else pure)


def is_about_own_file(warning: str) -> bool:
    """Whether a warning, ``path:line: what``, is the project's to mend: one without a path is too."""
    return is_own(ROOT / warning.partition(":")[0])


def _project_directories() -> list[str]:
    return [os.fspath(entry[1] if isinstance(entry, list | tuple) else entry) for entry in settings.STATICFILES_DIRS]


def _read(name: str, path: str, storage: Storage, own: bool) -> Source:
    try:
        full = storage.path(path)
    except NotImplementedError:
        with storage.open(path) as file:
            return Source(name, path, file.read(), own)
    return Source(name, full, Path(full).read_bytes(), own and "node_modules" not in path)
