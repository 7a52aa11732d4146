"""Lists the bucket in a thread of its own, while the build runs."""

import json
import re
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from datetime import datetime
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from slipway.tool.push.bucket import Bucket
from slipway.tool.push.s3 import S3
from slipway.tool.push.sample import Sample
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import RELEASES_PREFIX
from slipway.web.static_objects import MANIFEST_VERSION, Headers, StaticObject

# Key → (ETag, bytes), and key → headers.
Existing = dict[str, tuple[str, int]]
KnownHeaders = dict[str, Headers]
RELEASE = re.compile(rf"{RELEASES_PREFIX}[^/]+\.json")


class Listing:
    """The bucket's objects under its prefix; the listing starts at once."""

    def __init__(self, bucket: Bucket) -> None:
        self._future: Future[tuple[S3, Existing, KnownHeaders | None, Sample | None]] = Future()
        threading.Thread(target=self._run, args=(bucket,), name="listing", daemon=True).start()

    def result(self) -> Existing:
        """{key: (etag, bytes)}; waits for the listing. Raises SlipwayError when it fails."""
        return self._future.result()[1]

    def headers(self, objects: Iterable[StaticObject] = ()) -> KnownHeaders | None:
        """The headers of these objects in the bucket, as far as they are known: a listing has none.

        They are those of the last release's manifest, or of a sample where there is no manifest yet; None where the
        bucket answers neither.
        """
        _, _, recorded, sampled = self._future.result()
        return sampled.of(objects) if recorded is None and sampled else recorded

    @property
    def s3(self) -> S3:
        """The connections that the listing opened; waits like ``result``."""
        return self._future.result()[0]

    def _run(self, bucket: Bucket) -> None:
        try:
            s3 = S3(bucket)
            modified: dict[str, datetime] = {}
            existing: Existing = {}
            for key, etag, size, at in _list(s3, bucket.prefix):
                existing[key], modified[key] = (etag, size), at
            recorded = _headers(s3, modified) if existing else None
            sampled = Sample(s3, modified) if existing and recorded is None else None
            self._future.set_result((s3, existing, recorded, sampled))
        except BaseException as error:
            self._future.set_exception(error)


def start_listing(bucket: Bucket) -> Listing:
    """Starts the listing and returns at once."""
    return Listing(bucket)


def _headers(s3: S3, modified: dict[str, datetime]) -> KnownHeaders | None:
    """The headers in the newest manifest, of the objects that were not written after it.

    A manifest is written after its push, so these objects have its headers. An id begins with its time.
    """
    releases = [(key, at) for key, *_, at in _list(s3, RELEASES_PREFIX) if RELEASE.fullmatch(key)]
    if not releases:
        return None
    newest, written = max(releases)
    try:
        manifest = json.loads(s3.send("read", "GET", newest).body)
        objects = manifest["objects"] if manifest["version"] >= MANIFEST_VERSION else {}
        return {
            key: (entry["content_type"], entry["cache_control"])
            for key, entry in objects.items()
            if key in modified and modified[key] < written
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        # A manifest of an earlier version, or no valid one: nothing is known.
        return {}


def _list(s3: S3, prefix: str) -> Iterator[tuple[str, str, int, datetime]]:
    """Key, ETag, bytes and time of each: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""
    # Encoded, because a key may have characters that XML cannot represent.
    query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
    while True:
        answer = s3.send("list", "GET", query=query)
        try:
            page = ElementTree.fromstring(answer.body)
        except ElementTree.ParseError:
            page = ElementTree.Element("nothing")
        if not page.tag.endswith("ListBucketResult"):
            raise SlipwayError(
                f"cannot list s3://{s3.bucket.name}/{prefix}: the response is not S3's; check AWS_ENDPOINT_URL_S3"
            )
        for entry in page.iterfind("{*}Contents"):
            key = unquote_plus(entry.findtext("{*}Key", ""))
            etag = entry.findtext("{*}ETag", "").strip('"')
            at = datetime.fromisoformat(entry.findtext("{*}LastModified", "1970-01-01T00:00:00Z"))
            yield key, etag, int(entry.findtext("{*}Size", "0")), at
        token = page.findtext("{*}NextContinuationToken")
        if not token or page.findtext("{*}IsTruncated") != "true":
            return
        query["continuation-token"] = token
