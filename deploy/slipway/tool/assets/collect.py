"""Reads every static file once, as Django's finders list them."""

import errno
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder, get_finders
from django.core.files.storage import Storage

from slipway import ROOT
from slipway.tool.assets import reading, text
from slipway.tool.assets.shown import absolute, shown
from slipway.web.errors import SlipwayError

PACKAGE_DIRECTORIES = frozenset(("site-packages", "dist-packages", "node_modules"))
# Emacs' copies of unsaved files; Django's own patterns leave out the files of other editors.
EDITORS_FILES = ("#*#",)


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


def collect(ignore: Iterable[str] | None = None, warnings: list[str] | None = None) -> dict[str, Source]:
    """All static files by name; of two with the same name the first finder's wins, as in Django.

    ``ignore`` holds glob patterns; without it, Django's own: hidden files, CVS and backups. Raises SlipwayError, naming
    it, for what cannot be read in the project's folders; in a package's it is left out, with a warning.
    """
    patterns = apps.get_app_config("staticfiles").ignore_patterns if ignore is None else ignore
    patterns = [*patterns, *EDITORS_FILES]
    warnings = [] if warnings is None else warnings
    sources: dict[str, Source] = {}
    own: dict[str, bool] = {}
    checked: set[str] = set()
    for finder in get_finders():
        for path, storage in _listed(finder, patterns):
            prefix = getattr(storage, "prefix", None)
            name = f"{prefix}/{path}" if prefix else path
            if os.sep != "/":
                name = name.replace(os.sep, "/")
            if name in sources:
                continue
            root = os.fspath(getattr(storage, "location", ROOT))
            if root not in checked:
                checked.add(root)
                _require_no_code(root)
            folder = f"{root}{os.sep}{path}".rpartition(os.sep)[0]
            if folder not in own:
                own[folder] = _is_own_folder(root, folder)
                reading.check_circle(root, folder)
            try:
                found = reading.read(name, path, storage)
            except SlipwayError as error:
                if own[folder]:
                    raise
                warnings.append(str(error))
            else:
                if found:
                    sources[name] = Source(name, *found, own[folder])
                    if problem := text.problem(*found):
                        warnings.append(problem)
    return sources


def _require_no_code(location: str | os.PathLike[str]) -> None:
    """Raises SlipwayError for a static folder with an app or the settings in it: their code would be public."""
    code = {"the settings": sys.modules[settings.SETTINGS_MODULE].__file__}
    code |= {f"the app {app.label}": app.path for app in apps.get_app_configs()}
    for name, path in code.items():
        if absolute(path).is_relative_to(location):
            raise SlipwayError(
                f"{shown(location)}: is a static folder with the code of {name} in it, and every file of one is "
                "public; name a folder of static files alone in STATICFILES_DIRS"
            )


def names_that_are_one_elsewhere(sources: Iterable[Source]) -> Iterator[str]:
    """A warning for two files of the project that macOS and Windows keep as one: a clone there has only one of them."""
    seen: dict[str, Source] = {}
    for source in sources:
        if source.own:
            other = seen.setdefault(unicodedata.normalize("NFC", source.name).casefold(), source)
            if other is not source:
                same = unicodedata.normalize("NFC", source.name) == unicodedata.normalize("NFC", other.name)
                how = f"Unicode form (here {unicode_form(source.name)})" if same else "case"
                yield (
                    f"{shown(source.path)}: differs from {shown(other.path)} by {how} alone, and macOS and Windows "
                    "keep one of the two; rename one"
                )


def names_that_no_tag_can_have(sources: Iterable[Source]) -> Iterator[str]:
    """A warning for a file of the project that ``{% static %}`` does not find, or not by a URL that is one."""
    for source in sources:
        if source.own and (odd := next((mark for mark in "%#?" if mark in source.name), None)):
            yield f"{shown(source.path)}: its name has a {odd}, so that {{% static %}} cannot name it; rename it"


def unicode_form(name: str) -> str:
    """NFC, as keyboards write é (one character), or NFD, as some disks store it (e and an accent)."""
    return next((form for form in ("NFC", "NFD") if unicodedata.is_normalized(form, name)), "mixed")


def is_own(path: str | os.PathLike[str]) -> bool:
    """Whether the file belongs to the project and not to an installed package."""
    pure = absolute(path)
    if not PACKAGE_DIRECTORIES.isdisjoint(pure.parts):
        return False
    return pure.is_relative_to(ROOT) or any(pure.is_relative_to(d) for d in _project_directories())


def is_about_own_file(warning: str) -> bool:
    """Whether a warning, ``path:line: what``, is the project's to mend: one without a path is too."""
    return is_own(ROOT / warning.partition(":")[0])


def _project_directories() -> list[PurePath]:
    entries = (entry[1] if isinstance(entry, list | tuple) else entry for entry in settings.STATICFILES_DIRS)
    return [absolute(entry) for entry in entries]


def _listed(finder: BaseFinder, patterns: list[str]) -> Iterator[tuple[str, Storage]]:
    try:
        yield from finder.list(patterns)
    except OSError as error:
        path = Path(error.filename or "")
        if error.errno != errno.ELOOP:
            raise SlipwayError(f"{shown(path)}: cannot be read: {error.strerror}") from None
        first = next(part for part in (*reversed(path.parents), path) if part.is_symlink())
        raise SlipwayError(f"{shown(first)}: is a link in a circle; remove it") from None


def _is_own_folder(root: str, folder: str) -> bool:
    """Whether its files belong to the project: a link may point into an installed package."""
    return is_own(root) and PACKAGE_DIRECTORIES.isdisjoint(PurePath(os.path.realpath(folder)).parts)
