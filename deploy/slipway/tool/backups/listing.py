"""What the bucket of the backups holds, and which times can be restored from it. It asks the bucket alone, no server.

database/<generation>/      pgBackRest's repository; its stanza is `site`
generations/<generation>.json    who writes there: a server's claim
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.client import BaseClient

from slipway.tool.backups import objects
from slipway.tool.backups.generation import Generation
from slipway.tool.backups.objects import Progress, Version
from slipway.tool.backups.reading import list_repository, read_repository
from slipway.tool.cdn.iam_policies import DATABASE_PREFIX, GENERATIONS_PREFIX
from slipway.web.errors import SlipwayError

# Copies of older versions, `0001-at-…`, are no generations: nothing is written there.
GENERATION = re.compile(r"\d{4}")
SHOWN = "%Y-%m-%d %H:%M:%S UTC"


def generations(
    client: BaseClient,
    bucket: str,
    passphrase: str,
    progress: Progress | None = None,
    at: datetime | None = None,
) -> list[Generation]:
    """Every generation in the bucket, newest first; with ``at``, as the bucket was at that time, from its versions.

    ``client`` is of S3, with the restorer's key or the user's own; ``passphrase`` the backups' (BACKUP_PASSPHRASE).
    ``progress`` gets the number of objects listed so far. Raises SlipwayError, one line, when the bucket rejects it. A
    generation that cannot be read, as with a wrong passphrase, has the reason in its ``problems``, and no backups.
    """
    return list(_newest_first(client, bucket, passphrase, progress, at))


def newest(
    client: BaseClient, bucket: str, passphrase: str, progress: Progress | None = None
) -> tuple[Generation, datetime] | None:
    """The generation to restore, and the last time that can be restored from it; None without a finished backup.

    It is the newest with a backup that can be restored. Raises SlipwayError as ``generations``, and for a generation
    that is newer and cannot be read: it may have what is looked for.
    """
    for generation in _newest_first(client, bucket, passphrase, progress, None):
        if generation.backup_for():
            return generation, generation.spans[-1][1]
        if generation.problems:
            raise SlipwayError(f"generation {generation.name} in s3://{bucket}: {generation.problems[0]}")
    return None


def covers(generation: Generation, time: datetime) -> str:
    """ "" when ``time`` can be restored from ``generation``; otherwise one line why not."""
    if not generation.spans:
        why = f": {generation.problems[0]}" if generation.problems else ""
        return f"generation {generation.name} has no finished backup that can be restored{why}"
    asked, first, last = shown(time), generation.spans[0][0], generation.spans[-1][1]
    if time < first:
        return f"{asked} is before the end of the first backup, {shown(first)}; give that time or a later one"
    if time > last:
        return f"{asked} is after the last WAL in the bucket; {shown(last)} is the last time that can be restored"
    if any(start <= time <= end for start, end in generation.spans):
        return ""
    end = max(end for _, end in generation.spans if end < time)
    start = min(start for start, _ in generation.spans if start > time)
    return f"{asked} is in a gap of the WAL; give a time until {shown(end)}, or from {shown(start)} on"


def names(client: BaseClient, bucket: str, *, deleted: bool = False) -> list[str]:
    """The generations that have objects; ``deleted``: that had any, in the versions that the bucket still keeps."""
    found = objects.folders(client, bucket, DATABASE_PREFIX, deleted=deleted)
    return [name for name in found if GENERATION.fullmatch(name)]


def copies(client: BaseClient, bucket: str) -> list[str]:
    """The names of copies of older versions, such as 0001-at-20261201T101459Z."""
    return [name for name in objects.folders(client, bucket, DATABASE_PREFIX) if not GENERATION.fullmatch(name)]


def shown(time: datetime) -> str:
    return time.astimezone(UTC).strftime(SHOWN)


def _newest_first(
    client: BaseClient, bucket: str, passphrase: str, progress: Progress | None, at: datetime | None
) -> Iterator[Generation]:
    found = set(names(client, bucket, deleted=at is not None))
    claims = {one.key[len(GENERATIONS_PREFIX) :]: one for one in _listed(client, bucket, GENERATIONS_PREFIX, at)}
    found |= {name for each in claims if GENERATION.fullmatch(name := each.removesuffix(".json"))}
    before = 0

    def counted(count: int) -> None:
        if progress:
            progress(before + count)

    for name in sorted(found, reverse=True):
        listed = list_repository(_listed(client, bucket, f"{DATABASE_PREFIX}{name}/", at, counted), name)
        before += listed.count
        claim = _claim(client, bucket, claims.get(f"{name}.json"))
        if listed.count or claim:
            yield read_repository(client, bucket, name, claim, listed, passphrase)


def _listed(
    client: BaseClient, bucket: str, prefix: str, at: datetime | None, progress: Progress | None = None
) -> Iterator[Version]:
    if at is None:
        return objects.current(client, bucket, prefix, progress)
    return objects.as_of(client, bucket, prefix, at, progress)


def _claim(client: BaseClient, bucket: str, version: Version | None) -> Mapping[str, Any]:
    data = objects.read(client, bucket, version) if version else None
    try:
        claim = json.loads(data or b"{}")
    except ValueError:
        return {}
    return claim if isinstance(claim, dict) else {}
