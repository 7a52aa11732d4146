"""Static files for a CDN that pulls them from the site itself: for who has no bucket; off unless site.yml says so.

The release carries them, Django answers for them (``middleware``), and nginx still knows of none. Only names that carry
the hash of their bytes are there, so that a CDN may keep each for ever and asks for it once an edge.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings

from slipway.web.objects import StaticObject
from slipway.web.prefixes import PULLED_FOLDER, STATIC_PREFIX


def write(objects: Iterable[StaticObject]) -> int:
    """Lays the hashed objects of a build out for the release; how many they are. Older ones are removed."""
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
    """What the release is to carry, by name; nothing where the files are pushed to a bucket."""
    if settings.SLIPWAY_PULL:
        folder = settings.SLIPWAY_BUILD / PULLED_FOLDER
        yield from ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
