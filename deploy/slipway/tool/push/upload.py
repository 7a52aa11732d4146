"""Sends the objects that are missing in the bucket, in parallel; the first error stops the rest."""

import base64
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from slipway.tool.aws.errors import Rejection
from slipway.tool.push.bucket import Bucket
from slipway.tool.push.connection import Sent
from slipway.tool.push.listing import Listing, start_listing
from slipway.tool.push.multipart import LARGE, Upload, is_ours
from slipway.tool.push.pace import Pace
from slipway.tool.push.plan import make_plan, other_bytes
from slipway.tool.push.s3 import S3, Failed
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import StaticObject

# How often an object is tried. The pauses between add up to a minute, since the listing has shown that the line works:
# it may be a laptop that wakes up and looks for its network.
ATTEMPTS = 10
# How long the first error waits for uploads in progress: a stalled one must not delay it.
GRACE = 2.0  # seconds
# What servers without conditional writes call them, beside the status 501.
UNSUPPORTED = frozenset(("NotImplemented", "InvalidArgument", "InvalidRequest", "UnsupportedHeader"))
# How often the progress is told while no object ends.
TICK = 0.5  # seconds

# The build's file with a report's ``replaced``, as a JSON list: a purge removes these from the caches.
REPLACED = "replaced.json"


@dataclass(frozen=True, slots=True)
class Progress:
    """Of ``total`` objects ``done`` are in the bucket; of ``bytes`` to send ``sent`` are on their way or there."""

    done: int
    total: int
    sent: int
    bytes: int


# Called in the caller's thread.
Progressing = Callable[[Progress], object]


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
    progress: Progressing | None = None,
) -> PushReport:
    """Sends every missing object, or raises SlipwayError naming the one that failed.

    Deletes nothing and overwrites no hashed name. Unhashed files go last, because such a file may
    load hashed ones. What was sent before an error stays, so that a rerun sends only the rest.
    """
    listing, objects = listing or start_listing(bucket), list(objects)
    existing = listing.result()
    plan = make_plan(objects, existing, bucket.name, headers=listing.headers(objects), md5=bucket.store.md5)
    s3 = listing.s3
    skipped = plan.total - len(plan.hashed) - len(plan.unhashed)
    size = sum(len(obj.body) for obj in plan.hashed + plan.unhashed)
    outcomes: list[int | None] = []
    pace, before = Pace(), 0
    for batch in (plan.hashed, plan.unhashed):
        sending = _Sending(s3, pace, batch)
        for _ in sending.run():
            if progress:
                done = skipped + len(outcomes) + len(sending.outcomes)
                progress(Progress(done, plan.total, before + sending.sent, size))
        outcomes += sending.outcomes
        before += sending.sent
    settled = skipped + len(outcomes)
    if settled != plan.total:
        raise AssertionError(f"{settled} of {plan.total} objects settled")
    sent = [outcome for outcome in outcomes if outcome is not None]
    return PushReport(
        objects=plan.total,
        sent=len(sent),
        skipped=plan.total - len(sent),
        bytes=sum(sent),
        requests=s3.requests,
        replaced=tuple(obj.key for obj in plan.unhashed if obj.key in existing),
    )


@dataclass(slots=True)
class _Task:
    """An object on its way, whole or one of its parts; 0 is their completion.

    ``sent`` and ``outcome`` are written by its worker, and the rest by the caller's thread.
    """

    obj: StaticObject
    size: int
    upload: Upload | None = None
    part: int = 0
    attempts: int = 0
    era: int = 0
    sent: int = 0
    outcome: int | BaseException | None = None

    @classmethod
    def of(cls, s3: S3, obj: StaticObject) -> "list[_Task]":
        if len(obj.body) <= LARGE:
            return [cls(obj, len(obj.body))]
        upload = Upload(s3, obj)
        return [cls(obj, len(part), upload, number) for number, part in enumerate(upload.parts, 1)]

    def run(self, s3: S3) -> int | None:
        if self.upload and self.upload.start(attempts=1):
            if self.part:
                return self.upload.put_part(self.part, attempts=1, sent=self.report)
            return put(s3, self.obj, upload=self.upload, attempts=1)
        if self.part:
            # The bucket takes no parts: the completion puts the whole.
            return 0
        return put(s3, self.obj, attempts=1, sent=self.report)

    def report(self, sent: int) -> None:
        self.sent = sent


@dataclass(slots=True)
class _Sending:
    """Sends ``objects``, the largest first. ``outcomes`` are those of ``put``, in order of completion.

    ``_missing`` counts the parts of each upload that are not there yet.
    """

    s3: S3
    pace: Pace
    objects: list[StaticObject]
    outcomes: list[int | None] = field(default_factory=list)
    _done: int = 0
    _missing: Counter[Upload] = field(default_factory=Counter)
    _under_way: dict[int, _Task] = field(default_factory=dict)
    _to_workers: queue.SimpleQueue[_Task | None] = field(default_factory=queue.SimpleQueue)
    _from_workers: queue.SimpleQueue[_Task] = field(default_factory=queue.SimpleQueue)
    _workers: int = 0

    @property
    def sent(self) -> int:
        """The bytes that are there, or on their way."""
        return self._done + sum(task.sent for task in self._under_way.values())

    def run(self) -> Iterator[None]:
        """Yields at the start, after each object, and at least every TICK. Raises the first error."""
        largest_first = sorted(self.objects, key=lambda obj: len(obj.body), reverse=True)
        waiting = deque(task for obj in largest_first for task in _Task.of(self.s3, obj))
        self._missing.update(task.upload for task in waiting if task.upload)
        try:
            yield
            while waiting or self._under_way:
                while waiting and self.pace.admits(waiting[0].size):
                    self._start(waiting.popleft())
                try:
                    task = self._from_workers.get(timeout=self._patience())
                except queue.Empty:
                    yield
                    continue
                del self._under_way[id(task)]
                if isinstance(task.outcome, BaseException):
                    self._failed(task)
                    waiting.appendleft(task)
                else:
                    self.pace.succeeded(task.size)
                    if task.part:
                        self._done += task.outcome
                        self._missing[task.upload] -= 1
                        if not self._missing[task.upload]:
                            size = 0 if task.upload.start() else len(task.obj.body)
                            waiting.appendleft(_Task(task.obj, size, task.upload))
                    else:
                        self._done += task.size
                        self.outcomes.append(task.outcome)
                    yield
        except BaseException:
            self.s3.stop.set()
            self._drain(time.monotonic() + GRACE)
            raise
        finally:
            for _ in range(self._workers):
                self._to_workers.put(None)

    def _start(self, task: _Task) -> None:
        task.era, task.sent = self.pace.started(task.size), 0
        task.attempts += 1
        self._under_way[id(task)] = task
        if self._workers < len(self._under_way):
            self._workers += 1
            # Daemons, so that neither Ctrl-C nor an error waits for a stalled connection.
            threading.Thread(target=self._work, name="put", daemon=True).start()
        self._to_workers.put(task)

    def _work(self) -> None:
        while task := self._to_workers.get():
            try:
                task.outcome = task.run(self.s3)
            except BaseException as error:
                task.outcome = error
            self._from_workers.put(task)

    def _failed(self, task: _Task) -> None:
        """Raises the error unless another attempt may help and is left."""
        self.pace.failed(task.size, task.era)
        error = task.outcome
        if not isinstance(error, Failed):
            raise error
        if not error.transient or task.attempts >= ATTEMPTS:
            raise error.after(task.attempts)

    def _patience(self) -> float:
        pause = self.pace.resumes - self.pace.clock()
        return min(TICK, pause) if pause > 0 else TICK

    def _drain(self, deadline: float) -> None:
        while self._under_way and (left := deadline - time.monotonic()) > 0:
            try:
                self._under_way.pop(id(self._from_workers.get(timeout=left)))
            except queue.Empty:
                return


def put(
    s3: S3,
    obj: StaticObject,
    *,
    upload: Upload | None = None,
    replace: bool = False,
    attempts: int | None = None,
    sent: Sent | None = None,
) -> int | None:
    """Puts one object: its size, or None where another push had put the same bytes first.

    ``upload``: its parts are there, and only have to become the object. ``replace``: it is known to exist, under an
    unhashed name. ``attempts`` and ``sent`` are those of ``S3.send``. Raises SlipwayError when the bucket rejects it or
    has other bytes under a hashed name.
    """
    conditional = s3.conditional and not replace and (not obj.is_unhashed or obj.has_hashed_shape)
    condition = {"If-None-Match": "*"} if conditional else {}
    accept: tuple[int, ...] = (412,) if conditional else ()
    if replace:
        accept = (403,)
    headers = {
        "Content-Type": obj.content_type,
        "Cache-Control": obj.cache_control,
        # The bucket rejects bytes that were damaged on the way.
        "Content-MD5": base64.b64encode(bytes.fromhex(obj.md5)).decode(),
        **condition,
    }
    try:
        if upload:
            answer = upload.complete(condition, accept, attempts)
        else:
            answer = s3.send(
                "put", "PUT", obj.key, headers=headers, body=obj.body, accept=accept, attempts=attempts, sent=sent
            )
    except Failed as error:
        if not (conditional and _is_unsupported(error)):
            raise
        # Rely on the listing alone. If the condition was not the reason, the error comes again.
        s3.conditional = False
        return put(s3, obj, upload=upload, attempts=attempts, sent=sent)
    if answer.status == 403:
        raise SlipwayError(
            f"cannot replace s3://{s3.bucket.name}/{obj.key}: its name looks like one with a hash, which this key may "
            "only create; delete that object with a key of your own, and run it again"
        )
    if answer.status == 412 and obj.is_unhashed:
        return put(s3, obj, upload=upload, replace=True, attempts=attempts, sent=sent)
    md5 = s3.bucket.store.md5
    if answer.status in (404, 412):
        there = s3.send("check", "HEAD", obj.key, attempts=attempts)
        size = there.headers.get("content-length")
        if not is_ours(obj, there.etag) if md5 else (size != str(len(obj.body))):
            raise other_bytes(obj, s3.bucket.name, there.etag)
        return None
    if md5 and not is_ours(obj, answer.etag):
        raise SlipwayError(
            f"s3://{s3.bucket.name}/{obj.key}: the bucket answers ETag {answer.etag or 'none'} "
            f"where the MD5 is {obj.md5}; encrypt it with SSE-S3 (KMS hides the MD5)"
        )
    return len(obj.body)


def _is_unsupported(error: Failed) -> bool:
    """Whether the server may have no conditional writes."""
    failure = error.failure
    return isinstance(failure, Rejection) and (failure.status == 501 or failure.code in UNSUPPORTED)
