"""Static files for a CDN that pulls them from the site itself, without a bucket; off unless site.yml enables it.

They are part of the release, and Django serves them (``middleware``); nginx has no static location. Only names with the
hash of their bytes exist, so that a CDN may keep each for ever and requests it once an edge.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from slipway.web.prefixes import PULLED_FOLDER, STATIC_PREFIX
from slipway.web.static_objects import StaticObject


def write(objects: Iterable[StaticObject]) -> int:
    """Writes the hashed objects of a build for the release, in place of older ones; returns their number."""
    folder = settings.SLIPWAY_BUILD / PULLED_FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    count = 0
    for entry in objects:
        if not entry.is_unhashed:
            path = folder / entry.key.removeprefix(STATIC_PREFIX)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(entry.body)
            count += 1
    return count


def files() -> Iterator[tuple[str, Path]]:
    """The files of the release, by name; none where the files are pushed to a bucket."""
    if settings.SLIPWAY_PULL:
        folder = settings.SLIPWAY_BUILD / PULLED_FOLDER
        yield from ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
