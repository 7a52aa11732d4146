"""Sends a large object in parts: a line that breaks costs a part, and a rerun goes on behind the parts that are there.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

import base64
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote_plus
from xml.etree import ElementTree

from slipway.tool.push.connection import Response, Sent
from slipway.tool.push.s3 import S3, Failed, rejection
from slipway.web.static_objects import StaticObject

# The least that S3 takes is 5 MiB. On a line of 250 kB/s a part takes half a minute.
PART = 8 * 1024 * 1024
# Two parts are not worth two requests more.
LARGE = 2 * PART
# What a server answers that has no such uploads, or whose key may not make one: then the object is put whole.
WITHOUT = (403, 405, 501)


def etag(obj: StaticObject) -> str:
    """The ETag of an object that was sent in our parts: the MD5 of their MD5s, and their number."""
    digests = [hashlib.md5(part, usedforsecurity=False).digest() for part in _parts(obj)]
    return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"


def is_ours(obj: StaticObject, found: str) -> bool:
    """Whether ``found`` is the ETag of the object's bytes, sent whole or in parts."""
    return found == obj.md5 or ("-" in found and len(obj.body) > LARGE and found == etag(obj))


def _parts(obj: StaticObject) -> Iterator[memoryview]:
    body = memoryview(obj.body)
    return (body[start : start + PART] for start in range(0, len(body), PART))


class Upload:
    """One object's upload. Its parts may be sent from several threads; the first of them starts or finds it."""

    def __init__(self, s3: S3, obj: StaticObject) -> None:
        self.s3, self.obj = s3, obj
        self.parts = list(_parts(obj))
        self._lock = threading.Lock()
        self._id: str | None = None
        # The MD5 of each part that is there, by its number from 1.
        self._there: dict[int, str] = {}

    def start(self, attempts: int | None = None) -> bool:
        """Whether the bucket takes the object in parts; once it is started that is known. Raises Failed."""
        with self._lock:
            if self._id is None:
                # Headers are given at the start: an unhashed file may have other ones now.
                found = None if self.obj.is_unhashed else self._unfinished(attempts)
                self._id = found or self._created(attempts)
            return bool(self._id)

    def put_part(self, number: int, attempts: int | None = None, sent: Sent | None = None) -> int:
        """Sends the part unless it is there already: its size. Raises Failed."""
        part = self.parts[number - 1]
        digest = hashlib.md5(part, usedforsecurity=False)
        if self._there.get(number) != digest.hexdigest():
            self.s3.send(
                "put",
                "PUT",
                self.obj.key,
                query={"partNumber": str(number), "uploadId": self._id},
                headers={"Content-MD5": base64.b64encode(digest.digest()).decode()},
                body=part,
                attempts=attempts,
                sent=sent,
            )
            self._there[number] = digest.hexdigest()
        return len(part)

    def complete(self, headers: dict[str, str], accept: tuple[int, ...], attempts: int | None = None) -> Response:
        """Makes the object of its parts; ``headers`` are a condition or none. Raises Failed.

        Its status is 404 where the upload is no more: completed, if an earlier answer was lost.
        """
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{self._there[number]}&quot;</ETag></Part>"
            for number in range(1, len(self.parts) + 1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        response = self.s3.send(
            "put",
            "POST",
            self.obj.key,
            query={"uploadId": self._id},
            headers={"Content-Type": "application/xml", **headers},
            body=body,
            accept=(404, *accept),
            attempts=attempts,
        )
        if b"<Error>" in response.body and response.status == 200:
            # The status is sent before the work is done.
            raise Failed("put", self.s3.bucket, self.obj.key, rejection(response), transient=True)
        found = _xml(response).findtext("{*}ETag", "")
        return replace(response, headers={**response.headers, "etag": found})

    def _created(self, attempts: int | None) -> str:
        """A new upload's id; "" where the bucket takes none."""
        headers = {"Content-Type": self.obj.content_type, "Cache-Control": self.obj.cache_control}
        answer = self.s3.send(
            "put", "POST", self.obj.key, query={"uploads": ""}, headers=headers, accept=WITHOUT, attempts=attempts
        )
        return "" if answer.status in WITHOUT else _xml(answer).findtext("{*}UploadId", "")

    def _unfinished(self, attempts: int | None) -> str | None:
        """The id of an earlier push's upload: parts with other bytes are replaced. The permission may be missing."""
        query = {"uploads": "", "prefix": self.obj.key, "encoding-type": "url"}
        answer = self.s3.send("list", "GET", query=query, accept=(*WITHOUT, 404), attempts=attempts)
        found = _xml(answer).iterfind("{*}Upload") if answer.status == 200 else ()
        for upload in found:
            if unquote_plus(upload.findtext("{*}Key", "")) != self.obj.key:
                continue
            name = upload.findtext("{*}UploadId", "")
            parts = self.s3.send(
                "list", "GET", self.obj.key, query={"uploadId": name}, accept=(*WITHOUT, 404), attempts=attempts
            )
            if parts.status == 200:
                for part in _xml(parts).iterfind("{*}Part"):
                    self._there[int(part.findtext("{*}PartNumber", "0"))] = part.findtext("{*}ETag", "").strip('"')
                return name
        return None


def _xml(response: Response) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(response.body)
    except ElementTree.ParseError:
        return ElementTree.Element("nothing")
