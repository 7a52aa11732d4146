"""Uploads in the bucket. boto3 is loaded by the first call that talks to it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from slipway.web.media.client import s3_client
from slipway.web.media.contract import Part, UploadForm
from slipway.web.media.errors import DOWN, GONE, UploadError
from slipway.web.media.limits import FORM_SECONDS, cache_control
from slipway.web.prefixes import INCOMING_PREFIX, PUBLIC_PREFIX
from slipway.web.stores import current

log = logging.getLogger(__name__)

# S3's codes for a missing key: 404 with s3:ListBucket, 403 without it.
MISSING = ("NoSuchKey", "AccessDenied", "403", "404")
CHANGED = ("PreconditionFailed", "412")


class S3Media:
    """Objects under media/incoming/ and media/public/; ``url`` is the media host's, with a slash at its end."""

    def __init__(self, bucket: str, url: str) -> None:
        self.bucket = bucket
        self._url = url

    def sign(self, key: str, content_type: str, limit: int, size: int = 0) -> UploadForm:
        if not current().form:
            return self._sign_put(key, content_type, limit, size)
        with _upload_errors(key):
            signed = s3_client().generate_presigned_post(
                self.bucket,
                key,
                Fields={"Content-Type": content_type},
                Conditions=[{"Content-Type": content_type}, ["content-length-range", 1, limit]],
                ExpiresIn=FORM_SECONDS,
            )
        return UploadForm(signed["url"], signed["fields"])

    def _sign_put(self, key: str, content_type: str, limit: int, size: int) -> UploadForm:
        """Type and length are signed headers; the review checks after arrival whether the store enforced them."""
        if not 1 <= size <= limit:
            raise UploadError(f"The photo has {size} bytes; 1 to {limit} are allowed. Choose another one.")
        params = {"Bucket": self.bucket, "Key": key, "ContentType": content_type, "ContentLength": size}
        with _upload_errors(key):
            url = s3_client().generate_presigned_url("put_object", params, FORM_SECONDS, "PUT")
        return UploadForm(url, {"Content-Type": content_type}, "PUT")

    def read_range(self, key: str, start: int, stop: int) -> Part:
        with _upload_errors(key, MISSING):
            found = s3_client().get_object(Bucket=self.bucket, Key=key, Range=f"bytes={start}-{stop - 1}")
            with found["Body"] as body:
                # The bound holds even where a store ignores Range.
                data = body.read(stop - start)
        size = int(found["ContentRange"].rpartition("/")[2]) if "ContentRange" in found else found["ContentLength"]
        return Part(data, size, found["ETag"])

    def publish(self, source: str, etag: str, target: str, content_type: str) -> None:
        with _upload_errors(source, (*MISSING, *CHANGED)):
            s3_client().copy_object(
                Bucket=self.bucket,
                Key=target,
                CopySource={"Bucket": self.bucket, "Key": source},
                # A form is valid for five minutes: its object may have changed since it was checked.
                CopySourceIfMatch=etag,
                MetadataDirective="REPLACE",
                ContentType=content_type,
                CacheControl=cache_control(),
            )

    def store(self, key: str, body: bytes, content_type: str) -> None:
        with _upload_errors(key):
            s3_client().put_object(
                Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, CacheControl=cache_control()
            )

    def renew(self, key: str) -> bool:
        wanted = cache_control()
        with _upload_errors(key, MISSING):
            found = s3_client().head_object(Bucket=self.bucket, Key=key)
            if found.get("CacheControl") == wanted:
                return False
            s3_client().copy_object(
                Bucket=self.bucket,
                Key=key,
                CopySource={"Bucket": self.bucket, "Key": key},
                CopySourceIfMatch=found["ETag"],
                MetadataDirective="REPLACE",
                Metadata=found["Metadata"],
                ContentType=found["ContentType"],
                CacheControl=wanted,
            )
        return True

    def delete(self, keys: list[str]) -> None:
        for key in keys:
            with _upload_errors(key):
                s3_client().delete_object(Bucket=self.bucket, Key=key)

    def clear_incoming(self, before: float) -> int:
        removed = 0
        with _upload_errors(INCOMING_PREFIX):
            pages = s3_client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=INCOMING_PREFIX)
            for page in pages:
                for found in page.get("Contents", ()):
                    if found["LastModified"].timestamp() < before:
                        s3_client().delete_object(Bucket=self.bucket, Key=found["Key"])
                        removed += 1
        return removed

    def url(self, key: str) -> str:
        return self._url + quote(key.removeprefix(PUBLIC_PREFIX))


@contextmanager
def _upload_errors(key: str, gone: tuple[str, ...] = ()) -> Iterator[None]:
    """Turns boto3's exceptions into UploadError; the log has the key and the store's own message."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        answer: dict[str, Any] = error.response.get("Error", {})
        log.warning("%s: the bucket answered %s %s", key, answer.get("Code"), answer.get("Message"))
        raise UploadError(GONE if answer.get("Code") in gone else DOWN) from error
    except BotoCoreError as error:
        log.error("%s: no answer from the bucket: %s", key, error)
        raise UploadError(DOWN) from error
