"""A large object's parts, with a server that a test decides."""

import hashlib
import mmap

import pytest

from slipway.tool.push import Bucket, multipart, push, upload
from slipway.tool.push.plan import make_plan
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import StaticObject
from tests.unit.push.wire import Answered, wire

PART = 100_000
BODY = hashlib.shake_128(b"film").digest(2 * PART + 10)
FILM = StaticObject.hashed("film.0123456789ab.mp4", BODY)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    for module, name in ((multipart, "PART"), (multipart, "LARGE"), (upload, "LARGE")):
        monkeypatch.setattr(module, name, PART)


@pytest.fixture
def served(monkeypatch):
    """An empty bucket that takes parts; ``served.complete`` answers their completion, and ``served.head`` a HEAD."""

    def answer(asked):
        if asked.method == "GET":
            return Answered(body=b"<ListBucketResult/>" if "list-type" in asked.path else b"<Nothing/>")
        if "uploads=" in asked.path:
            return Answered(body=b"<Result><UploadId>an/id</UploadId></Result>")
        if asked.method == "HEAD":
            return served.head(asked)
        return Answered() if asked.method == "PUT" else served.complete(asked)

    with wire(answer) as served:
        served.complete = lambda asked: Answered(
            body=f"<R><ETag>&quot;{multipart.etag(FILM)}&quot;</ETag></R>".encode()
        )
        served.head = lambda asked: Answered(headers={"ETag": f'"{multipart.etag(FILM)}"'})
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", served.url)
        yield served


def test_its_etag_is_that_of_its_parts():
    digests = [hashlib.md5(BODY[start : start + PART]).digest() for start in (0, PART, 2 * PART)]
    assert multipart.etag(FILM) == f"{hashlib.md5(b''.join(digests)).hexdigest()}-3"


def test_it_is_started_with_its_headers_and_completed_on_the_condition_that_it_is_new(served):
    assert push([FILM], Bucket("bucket")).bytes == len(BODY)
    start, end = served.of("POST")
    assert (start.headers["Content-Type"], start.headers["Cache-Control"]) == FILM.headers
    assert end.headers["If-None-Match"] == "*"
    assert "If-None-Match" not in start.headers
    assert sorted(len(asked.body) for asked in served.of("PUT")) == [10, PART, PART]


def test_a_completion_whose_answer_was_lost_is_no_error(served):
    # The first one made the object, and with that the upload was no more.
    served.complete = lambda asked: (
        None if asked.number == 2 else Answered(404, b"<Error><Code>NoSuchUpload</Code></Error>")
    )
    report = push([FILM], Bucket("bucket"))
    assert (report.sent, report.skipped) == (0, 1)


def test_a_completion_that_fails_behind_a_200_is_tried_again(served):
    complete = served.complete
    error = Answered(body=b"<Error><Code>InternalError</Code></Error>")
    served.complete = lambda asked: error if asked.number == 2 else complete(asked)
    assert push([FILM], Bucket("bucket")).sent == 1
    served.complete = lambda asked: error
    with pytest.raises(SlipwayError, match="200 InternalError"):
        push([FILM], Bucket("bucket"))


def test_other_bytes_that_came_first_are_an_error(served):
    served.complete = lambda asked: Answered(412)
    served.head = lambda asked: Answered(headers={"ETag": '"0123-3"'})
    with pytest.raises(SlipwayError, match="exists with other bytes"):
        push([FILM], Bucket("bucket"))


@pytest.mark.parametrize("found", [FILM.md5, multipart.etag], ids=["whole", "in parts"])
def test_it_is_there_whether_it_was_sent_whole_or_in_parts(found):
    found = found if isinstance(found, str) else found(FILM)
    assert make_plan([FILM], {FILM.key: (found, len(BODY))}, "bucket").hashed == []
    with pytest.raises(SlipwayError, match="exists with other bytes"):
        make_plan([FILM], {FILM.key: ("0" * 32 + "-3", len(BODY))}, "bucket")


@pytest.mark.parametrize("size", [len(BODY), PART], ids=["in parts", "whole"])
def test_a_file_that_stays_on_the_disk_is_sent_from_there(size, served, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(BODY[:size])
    with path.open("rb") as file:
        film = StaticObject.hashed("film.0123456789ab.mp4", mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    if size == PART:
        listing, put = Answered(body=b"<ListBucketResult/>"), Answered(headers={"ETag": f'"{film.md5}"'})
        served.answering = lambda asked: listing if asked.method == "GET" else put
    push([film], Bucket("bucket"))
    assert b"".join(asked.body for asked in sorted(served.of("PUT"), key=lambda one: one.path)) == BODY[:size]
