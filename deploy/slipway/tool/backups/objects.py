"""The objects of a bucket, page by page: as they are, as they were at a time, or in all versions.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError

from slipway.tool.aws.calls import call
from slipway.tool.aws.errors import call_failed
from slipway.tool.aws.identity import Identity
from slipway.tool.config import Site
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

# Gets the number of objects that have been listed so far, after each page of a thousand.
Progress = Callable[[int], object]
# How servers other than Amazon's reject a call that they do not have.
UNKNOWN = ("NotImplemented", "MethodNotAllowed", "501")


@dataclass(frozen=True, slots=True)
class Version:
    """An object, or with ``is_marker`` the note that it was deleted. ``id`` is "" where the current one is meant."""

    key: str
    bytes: int
    at: datetime
    id: str = ""
    is_marker: bool = False
    is_latest: bool = True


class NoVersions(SlipwayError):
    """The S3 server keeps no versions."""


def reader(site: Site, secrets: Secrets, bucket: str) -> BaseClient:
    """S3 by the restorer's key, which reads every version, or the user's own. Raises SlipwayError."""
    try:
        return Identity(secrets.restorer).client("s3", site.region, site.endpoint, addressing=site.addressing)
    except BotoCoreError as error:
        raise call_failed("s3", f"s3://{bucket}", error) from None


def current(client: BaseClient, bucket: str, prefix: str, progress: Progress | None = None) -> Iterator[Version]:
    """The objects under ``prefix``. Raises SlipwayError, as all functions here, when the bucket rejects it."""
    count = 0
    for page in _pages(client, bucket, "list_objects_v2", prefix):
        contents = page.get("Contents", [])
        count += len(contents)
        if progress:
            progress(count)
        for one in contents:
            yield Version(one["Key"], one["Size"], _utc(one))


def histories(
    client: BaseClient, bucket: str, prefix: str, progress: Progress | None = None
) -> Iterator[tuple[str, list[Version]]]:
    """Each key under ``prefix`` with all its versions, newest first."""
    count, open_key, held = 0, "", []
    for page in _pages(client, bucket, "list_object_versions", prefix):
        found: dict[str, list[Version]] = {open_key: held} if held else {}
        listed = [(one, False) for one in page.get("Versions", [])]
        listed += [(one, True) for one in page.get("DeleteMarkers", [])]
        for one, is_marker in listed:
            version = Version(one["Key"], one.get("Size", 0), _utc(one), one["VersionId"], is_marker, one["IsLatest"])
            found.setdefault(one["Key"], []).append(version)
        count += len(listed)
        if progress:
            progress(count)
        # The versions of the last key may go on in the next page.
        open_key = page.get("NextKeyMarker", "") if page.get("IsTruncated") else ""
        held = found.pop(open_key, [])
        for key, versions in found.items():
            yield key, _newest_first(versions)


def as_of(
    client: BaseClient, bucket: str, prefix: str, time: datetime, progress: Progress | None = None
) -> Iterator[Version]:
    """The objects under ``prefix`` that were there at ``time``, each as the version of then."""
    for _, versions in histories(client, bucket, prefix, progress):
        then = next((one for one in versions if one.at <= time), None)
        if then and not then.is_marker:
            yield then


def folders(client: BaseClient, bucket: str, prefix: str, *, deleted: bool = False) -> list[str]:
    """The names directly below ``prefix`` that have objects below them; ``deleted``: had any, in any version."""
    operation = "list_object_versions" if deleted else "list_objects_v2"
    pages = _pages(client, bucket, operation, prefix, Delimiter="/")
    return [one["Prefix"][len(prefix) : -1] for page in pages for one in page.get("CommonPrefixes", [])]


def read(client: BaseClient, bucket: str, version: Version) -> bytes | None:
    """The bytes of an object; None when it is gone."""
    params = {"VersionId": version.id} if version.id else {}
    absent = ("NoSuchKey", "NoSuchVersion")
    answer = call(
        client, "get_object", f"s3://{bucket}/{version.key}", absent, Bucket=bucket, Key=version.key, **params
    )
    return answer["Body"].read() if answer else None


def _utc(listed: dict[str, Any]) -> datetime:
    # botocore gives this computer's own zone.
    return listed["LastModified"].astimezone(UTC)


def _newest_first(versions: list[Version]) -> list[Version]:
    # Times have whole seconds. S3 lists a key's versions newest first, and only markers apart from the rest.
    return sorted(versions, key=lambda one: (one.at, one.is_latest, not one.is_marker), reverse=True)


def _pages(client: BaseClient, bucket: str, operation: str, prefix: str, **params: Any) -> Iterator[dict[str, Any]]:
    following: dict[str, str] = {}
    while True:
        where = f"s3://{bucket}/{prefix}"
        page = call(client, operation, where, UNKNOWN, Bucket=bucket, Prefix=prefix, **params, **following)
        if page is None:
            raise NoVersions(f"the S3 server of {where} does not support {operation}: it keeps no versions")
        yield page
        if not page.get("IsTruncated"):
            return
        if operation == "list_objects_v2":
            following = {"ContinuationToken": page["NextContinuationToken"]}
        else:
            following = {"KeyMarker": page["NextKeyMarker"]}
            if marker := page.get("NextVersionIdMarker"):
                following["VersionIdMarker"] = marker
