"""Lists the bucket in a thread of its own, while the build works."""

import threading
from concurrent.futures import Future
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from slipway.tool.push.bucket import Bucket
from slipway.tool.push.s3 import S3
from slipway.web.errors import SlipwayError

Existing = dict[str, tuple[str, int]]


class Listing:
    """What the bucket holds under its prefix; on its way from the moment it is made."""

    def __init__(self, bucket: Bucket) -> None:
        self._future: Future[tuple[S3, Existing]] = Future()
        threading.Thread(target=self._run, args=(bucket,), name="listing", daemon=True).start()

    def result(self) -> Existing:
        """{key: (etag, bytes)}; waits for it. Raises SlipwayError when it could not be read."""
        return self._future.result()[1]

    @property
    def s3(self) -> S3:
        """The connections that the listing opened; waits like ``result``."""
        return self._future.result()[0]

    def _run(self, bucket: Bucket) -> None:
        try:
            s3 = S3(bucket)
            self._future.set_result((s3, _list(s3)))
        except BaseException as error:
            self._future.set_exception(error)


def start_listing(bucket: Bucket) -> Listing:
    """Starts the listing and returns at once."""
    return Listing(bucket)


def _list(s3: S3) -> Existing:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html"""
    prefix = s3.bucket.prefix
    # Encoded, because XML cannot carry every character that a key can.
    query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
    existing: Existing = {}
    while True:
        answer = s3.send("list", "GET", query=query)
        try:
            page = ElementTree.fromstring(answer.body)
        except ElementTree.ParseError:
            page = ElementTree.Element("nothing")
        if not page.tag.endswith("ListBucketResult"):
            raise SlipwayError(
                f"cannot list s3://{s3.bucket.name}/{prefix}: the answer is not S3's; check AWS_ENDPOINT_URL_S3"
            )
        for entry in page.iterfind("{*}Contents"):
            key = unquote_plus(entry.findtext("{*}Key", ""))
            etag = entry.findtext("{*}ETag", "").strip('"')
            existing[key] = etag, int(entry.findtext("{*}Size", "0"))
        token = page.findtext("{*}NextContinuationToken")
        if not token or page.findtext("{*}IsTruncated") != "true":
            return existing
        query["continuation-token"] = token
