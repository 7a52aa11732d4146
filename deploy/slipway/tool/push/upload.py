"""Sends the objects that are missing in the bucket, in parallel; the first error stops the rest."""

import base64
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from slipway.tool.push.bucket import Bucket
from slipway.tool.push.listing import Listing, start_listing
from slipway.tool.push.plan import make_plan, other_bytes
from slipway.tool.push.s3 import CONNECTIONS, S3
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import StaticObject

# How long the first error waits for uploads in progress: a stalled one must not delay it.
GRACE = 2.0  # seconds

# The build's file with a report's ``replaced``, as a JSON list: a purge removes these from the caches.
REPLACED = "replaced.json"

# Called in the caller's thread with the number of objects done, and of all.
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class PushReport:
    """``sent`` + ``skipped`` = ``objects``; ``bytes`` were sent; ``requests`` count the listing.

    ``replaced`` are the keys of unhashed files that had other bytes or headers: caches may still have those.
    """

    objects: int
    sent: int
    skipped: int
    bytes: int
    requests: int
    replaced: tuple[str, ...] = ()


def push(
    objects: Iterable[StaticObject],
    bucket: Bucket,
    listing: Listing | None = None,
    progress: Progress | None = None,
) -> PushReport:
    """Sends every missing object, or raises SlipwayError naming the one that failed.

    Deletes nothing and overwrites no hashed name. Unhashed files go last, because such a file may
    load hashed ones. What was sent before an error stays, so that a rerun sends only the rest.
    """
    listing, objects = listing or start_listing(bucket), list(objects)
    existing = listing.result()
    plan = make_plan(objects, existing, bucket.name, headers=listing.headers(objects), md5=bucket.store.md5)
    s3 = listing.s3
    settled = plan.total - len(plan.hashed) - len(plan.unhashed)
    sent: list[int] = []
    if progress:
        progress(settled, plan.total)
    for batch in (plan.hashed, plan.unhashed):
        for size in _put_all(s3, batch):
            settled += 1
            if size is not None:
                sent.append(size)
            if progress:
                progress(settled, plan.total)
    if settled != plan.total:
        raise AssertionError(f"{settled} of {plan.total} objects settled")
    return PushReport(
        objects=plan.total,
        sent=len(sent),
        skipped=plan.total - len(sent),
        bytes=sum(sent),
        requests=s3.requests,
        replaced=tuple(obj.key for obj in plan.unhashed if obj.key in existing),
    )


def _put_all(s3: S3, objects: list[StaticObject]) -> Iterable[int | None]:
    """Yields the result of ``put`` for each, in order of completion; the largest are sent first."""
    waiting: queue.SimpleQueue[StaticObject] = queue.SimpleQueue()
    for obj in sorted(objects, key=lambda obj: len(obj.body), reverse=True):
        waiting.put(obj)
    outcomes: queue.SimpleQueue[int | BaseException | None] = queue.SimpleQueue()

    def work() -> None:
        while not s3.stop.is_set():
            try:
                outcomes.put(put(s3, waiting.get_nowait()))
            except queue.Empty:
                return
            except BaseException as error:
                outcomes.put(error)
                s3.stop.set()
                return

    # Daemons, so that neither Ctrl-C nor an error waits for a stalled connection.
    threads = [threading.Thread(target=work, name="put", daemon=True) for _ in range(min(CONNECTIONS, len(objects)))]
    for thread in threads:
        thread.start()
    try:
        for _ in objects:
            outcome = outcomes.get()
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
    except BaseException:
        s3.stop.set()
        deadline = time.monotonic() + GRACE
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        raise


def put(s3: S3, obj: StaticObject, *, replace: bool = False) -> int | None:
    """Puts one object: its size, or None where another push had put the same bytes first.

    ``replace``: it is known to exist, under an unhashed name. Raises SlipwayError when the bucket rejects it or has
    other bytes under a hashed name.
    """
    conditional = s3.conditional and not replace and (not obj.is_unhashed or obj.has_hashed_shape)
    headers = {
        "Content-Type": obj.content_type,
        "Cache-Control": obj.cache_control,
        # The bucket rejects bytes that were damaged on the way.
        "Content-MD5": base64.b64encode(bytes.fromhex(obj.md5)).decode(),
    }
    if conditional:
        headers["If-None-Match"] = "*"
    accept: tuple[int, ...] = (412, 501) if conditional else ()
    if replace:
        accept = (403,)
    answer = s3.send("put", "PUT", obj.key, headers=headers, body=obj.body, accept=accept)
    if answer.status == 501:
        # A server without conditional writes: rely on the listing alone.
        s3.conditional = False
        return put(s3, obj)
    if answer.status == 403:
        raise SlipwayError(
            f"cannot replace s3://{s3.bucket.name}/{obj.key}: its name looks like one with a hash, which this key may "
            "only create; delete that object with a key of your own, and run it again"
        )
    if answer.status == 412 and obj.is_unhashed:
        return put(s3, obj, replace=True)
    md5 = s3.bucket.store.md5
    if answer.status == 412:
        there = s3.send("check", "HEAD", obj.key)
        size = there.headers.get("Content-Length")
        if (there.etag != obj.md5) if md5 else (size != str(len(obj.body))):
            raise other_bytes(obj, s3.bucket.name, there.etag)
        return None
    if md5 and answer.etag != obj.md5:
        raise SlipwayError(
            f"s3://{s3.bucket.name}/{obj.key}: the bucket answers ETag {answer.etag or 'none'} "
            f"where the MD5 is {obj.md5}; encrypt it with SSE-S3 (KMS hides the MD5)"
        )
    return len(obj.body)
