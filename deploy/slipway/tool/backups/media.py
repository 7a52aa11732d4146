"""Puts back uploads that a restored database names, and that were deleted since: their versions are in the bucket.

Deleting a row deletes its objects. The uploads' bucket keeps their versions for 30 days: EXPIRE_NONCURRENT in tool/cdn.
"""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.client import BaseClient

from slipway.tool.backups import objects
from slipway.tool.backups.objects import Progress
from slipway.tool.backups.versions import AT_ONCE, copy_version
from slipway.tool.config import Site
from slipway.tool.secrets import Secrets
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import PUBLIC_PREFIX


@dataclass(frozen=True, slots=True)
class Row:
    """A row that names the object ``key``; ``model`` is its label, such as photowall.Photo."""

    model: str
    pk: str
    key: str

    def __str__(self) -> str:
        return f"{self.model} {self.pk}: {self.key}"


@dataclass(frozen=True, slots=True)
class Uploads:
    """``put_back`` are the keys that are there again; ``dangling`` are rows whose object has no version any more."""

    put_back: tuple[str, ...]
    dangling: tuple[Row, ...]

    def lines(self) -> list[str]:
        """For the person who restored the database; [] where nothing was missing."""
        text = [f"{len(self.put_back):,} uploads that were deleted since are there again"] if self.put_back else []
        if self.dangling:
            text.append(f"{len(self.dangling):,} uploads are gone for good, and these rows still name them:")
        return [*text, *(f"    {row}" for row in self.dangling)]


def of_site(site: Site, secrets: Secrets, connection: Connection, progress: Progress | None = None) -> Uploads:
    """Puts back what the rows of the server's database name, by the restorer's key or the user's own.

    Ask after a restore, when the site serves. Raises SlipwayError; what was put back stays, and a second run goes on.
    """
    client = objects.reader(site, secrets, site.media_bucket)
    return restore_media(client, site.media_bucket, rows_of(connection.agent("manage", "named_media")), progress)


def rows_of(text: str) -> list[Row]:
    """The lines of the management command named_media. Raises SlipwayError for anything else."""
    try:
        return [Row(model, pk, key) for model, pk, keys in map(json.loads, text.splitlines()) for key in keys]
    except (ValueError, TypeError):
        raise SlipwayError(
            "the server did not list the uploads that its rows name; deploy this version first"
        ) from None


def restore_media(client: BaseClient, bucket: str, rows: Iterable[Row], progress: Progress | None = None) -> Uploads:
    """Puts back each object that ``rows`` name and that is deleted, from its newest version.

    ``client`` is of S3; it lists the versions under the public prefix alone. Raises SlipwayError where S3 rejects it.
    """
    missing: dict[str, list[Row]] = {}
    for row in rows:
        missing.setdefault(row.key, []).append(row)
    deleted = []
    # Without a row there is nothing to look for in a bucket that may be large.
    for key, versions in objects.histories(client, bucket, PUBLIC_PREFIX, progress) if missing else ():
        if key in missing and (newest := next((one for one in versions if not one.is_marker), None)):
            del missing[key]
            deleted += [newest] if versions[0].is_marker else []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda version: copy_version(client, bucket, version, version.key), deleted))
    dangling = sorted((row for several in missing.values() for row in several), key=str)
    return Uploads(tuple(one.key for one in deleted), tuple(dangling))
