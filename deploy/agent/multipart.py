"""Writes an object of any size to the bucket, part by part: it is there once all of it is.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

import contextlib
import re
from collections.abc import Callable
from typing import IO

from agent.paths import HostError
from agent.s3 import Bucket

# Two of them are in memory. S3 takes 10,000: 80 GB.
PART = 8 << 20


def upload(bucket: Bucket, key: str, stream: IO[bytes], whole: Callable[[], None]) -> int:
    """Writes ``stream`` to its end; returns its bytes. ``whole`` raises HostError if that was not all of it.

    Raises HostError too when the bucket does not take it; there is no object then.
    """
    identity = re.search(rb"<UploadId>(.+?)</UploadId>", bucket.ask("POST", key, query={"uploads": ""}).body)
    if not identity:
        raise HostError(f"{bucket} does not take an object in parts")
    query, size, tags = {"uploadId": identity[1].decode()}, 0, []
    try:
        while part := stream.read(PART):
            number = {"partNumber": str(len(tags) + 1)}
            tags.append(bucket.ask("PUT", key, part, query=query | number).headers["ETag"])
            size += len(part)
        whole()
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>" for number, tag in enumerate(tags, 1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        answer = bucket.ask("POST", key, body, query=query)
        # S3 may find an error after it has begun to answer 200.
        if b"<Error>" in answer.body:
            raise HostError(f"{bucket} did not put the parts of {key} together")
    except BaseException:
        # What is left over of it the bucket's own rule removes.
        with contextlib.suppress(HostError):
            bucket.ask("DELETE", key, query=query, accepted=(204, 404))
        raise
    return size
