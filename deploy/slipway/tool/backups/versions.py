"""Copies a generation as it was at a time, from the bucket's versions, to a place of its own that is restored from.

Whoever has the server's key can delete and replace what is current, and no older version. S3 copies by itself: no byte
comes here. https://docs.aws.amazon.com/AmazonS3/latest/userguide/RestoringPreviousVersions.html
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.client import BaseClient

from slipway.tool.aws.calls import call
from slipway.tool.backups import objects
from slipway.tool.backups.objects import Version
from slipway.tool.cdn.iam_policies import DATABASE_PREFIX
from slipway.web.errors import SlipwayError

# Copies at once; botocore keeps ten connections.
AT_ONCE = 8
# CopyObject takes no more, and a part of a multipart copy neither.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html
LARGEST, PART = 5 * 1024**3, 1024**3
# In the copy's metadata: of which version it is. The server's key cannot list versions, so it cannot forge this.
SOURCE = "slipway-version"
# Headers that a copy with metadata of its own would lose.
KEPT = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType")

# Gets how many objects are copied, and how many there are.
Copied = Callable[[int, int], object]


def copy_as_of(client: BaseClient, bucket: str, generation: str, time: datetime, progress: Copied | None = None) -> str:
    """Copies ``generation`` as it was at ``time`` (with a zone) to ``database/<generation>-at-<time>/``.

    Returns that place as pgBackRest's repo1-path. ``client`` is of S3, with the restorer's key or the user's own. Run
    again after an interruption it copies what is missing. Ask ``listing.generations(…, at=time)`` first what can be
    restored from it. Raises SlipwayError when nothing is left of that time, when S3 rejects a copy, or when the copies
    are not as many as their versions.
    """
    source, target = (
        f"{DATABASE_PREFIX}{generation}/",
        f"{DATABASE_PREFIX}{generation}-at-{time.astimezone(UTC):%Y%m%dT%H%M%SZ}/",
    )
    wanted = list(objects.as_of(client, bucket, source, time))
    if not wanted:
        raise SlipwayError(
            f"s3://{bucket}/{source} has no version of {time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC; "
            "`make backups` names what there is"
        )
    there = {one.key: one.bytes for one in objects.current(client, bucket, target)}
    _copy_all(client, bucket, [(one, target + one.key[len(source) :]) for one in wanted], there, progress)
    copied = {one.key: one.bytes for one in objects.current(client, bucket, target)}
    expected = {target + one.key[len(source) :]: one.bytes for one in wanted}
    if copied != expected:
        wrong = sorted(key for key in copied.keys() | expected.keys() if copied.get(key) != expected.get(key))
        raise SlipwayError(
            f"{len(wrong):,} objects of s3://{bucket}/{target} are not as the versions that they come from, "
            f"{wrong[0]} first; somebody writes there: take the server's key away, and give another time"
        )
    return "/" + target.rstrip("/")


def copy_version(client: BaseClient, bucket: str, version: Version, key: str) -> None:
    """Copies ``version`` to ``key`` of the same bucket, with its headers and metadata. Raises SlipwayError."""
    source = {"Bucket": bucket, "Key": version.key, "VersionId": version.id}
    where = f"s3://{bucket}/{key}"
    head = call(client, "head_object", f"s3://{bucket}/{version.key}", **source)
    headers = {name: head[name] for name in KEPT if head.get(name)}
    headers["Metadata"] = head.get("Metadata", {}) | {SOURCE: version.id}
    target = {"Bucket": bucket, "Key": key}
    if version.bytes <= LARGEST:
        call(client, "copy_object", where, **target, **headers, CopySource=source, MetadataDirective="REPLACE")
        return
    upload = call(client, "create_multipart_upload", where, **target, **headers)["UploadId"]
    try:
        parts = [
            _copy_part(client, where, target | {"UploadId": upload}, source, number, start, version.bytes)
            for number, start in enumerate(range(0, version.bytes, PART), 1)
        ]
        call(
            client,
            "complete_multipart_upload",
            where,
            **target,
            UploadId=upload,
            MultipartUpload={"Parts": parts},
        )
    except BaseException:
        # Left behind, the bucket's lifecycle removes the parts.
        with suppress(SlipwayError):
            call(client, "abort_multipart_upload", where, **target, UploadId=upload)
        raise


def _copy_part(
    client: BaseClient, where: str, target: dict[str, Any], source: dict[str, str], number: int, start: int, size: int
) -> dict[str, Any]:
    last = min(start + PART, size) - 1
    answer = call(
        client,
        "upload_part_copy",
        where,
        **target,
        PartNumber=number,
        CopySource=source,
        CopySourceRange=f"bytes={start}-{last}",
    )
    return {"ETag": answer["CopyPartResult"]["ETag"], "PartNumber": number}


def _copy_all(
    client: BaseClient,
    bucket: str,
    copies: list[tuple[Version, str]],
    there: dict[str, int],
    progress: Copied | None,
) -> None:
    def copy(version: Version, key: str) -> None:
        if there.get(key) != version.bytes or not _is_copied(client, bucket, version, key):
            copy_version(client, bucket, version, key)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(copy, *each) for each in copies]
        try:
            for count, done in enumerate(as_completed(running), 1):
                done.result()
                if progress:
                    progress(count, len(copies))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _is_copied(client: BaseClient, bucket: str, version: Version, key: str) -> bool:
    """Whether an earlier run has copied it; another object may have the size too."""
    head = call(client, "head_object", f"s3://{bucket}/{key}", ("404", "NoSuchKey"), Bucket=bucket, Key=key)
    return bool(head) and head.get("Metadata", {}).get(SOURCE) == version.id
