import base64
import hashlib
import threading

import pytest

from slipway.tool.push import Bucket, push, upload
from slipway.tool.push.pace import FIRST, MOST
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import IMMUTABLE, StaticObject
from slipway.web.stores import STORES
from tests.unit.push.wire import Answered, wire

EMPTY = Answered(body=b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
BUCKET = Bucket("bucket")


def stored(asked):
    """What S3 answers to a PUT that it took."""
    return Answered(headers={"ETag": f'"{hashlib.md5(asked.body).hexdigest()}"'})


@pytest.fixture
def served(monkeypatch):
    """An empty bucket; ``served.put`` answers the PUTs and ``served.head`` the HEADs."""

    def answer(asked):
        return {"GET": lambda _: EMPTY, "PUT": served.put, "HEAD": served.head}[asked.method](asked)

    with wire(answer) as served:
        served.put, served.head = stored, lambda asked: Answered(404)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", served.url)
        yield served


def hashed(count):
    return [StaticObject.hashed(f"{n}.{n:012x}.css", b"%d" % n) for n in range(count)]


def test_an_object_goes_up_with_its_exact_headers(served):
    body = "a{content:'ü'}".encode()
    push([StaticObject.hashed("css/a.0123456789ab.css", body)], BUCKET)
    (asked,) = served.of("PUT")
    assert asked.path == "/bucket/static/css/a.0123456789ab.css"
    assert asked.body == body
    assert asked.headers["Content-Type"] == "text/css; charset=utf-8"
    assert asked.headers["Cache-Control"] == IMMUTABLE
    assert asked.headers["Content-MD5"] == base64.b64encode(hashlib.md5(body).digest()).decode()
    assert asked.headers["If-None-Match"] == "*"


def test_an_unhashed_file_may_be_overwritten(served):
    push([StaticObject.unhashed("robots.txt", b"new")], BUCKET)
    assert "If-None-Match" not in served.of("PUT")[0].headers


# What a policy cannot tell from a name with a hash.
ALIKE = StaticObject.unhashed("handsontable-6.2.2.full.min.js", b"new")


def test_an_unhashed_file_that_looks_hashed_is_created_as_those_are_and_then_replaced(served):
    assert push([ALIKE], BUCKET).sent == 1
    assert [asked.headers.get("If-None-Match") for asked in served.of("PUT")] == ["*"]
    served.asked.clear()
    served.put = lambda asked: Answered(412) if "If-None-Match" in asked.headers else stored(asked)
    assert push([ALIKE], BUCKET).sent == 1
    assert [asked.headers.get("If-None-Match") for asked in served.of("PUT")] == ["*", None]


def test_one_that_the_key_may_not_replace_is_one_line_with_the_way_out(served):
    served.put = lambda asked: Answered(412 if "If-None-Match" in asked.headers else 403)
    with pytest.raises(SlipwayError, match=r"looks like one with a hash, .*; delete that object") as rejected:
        push([ALIKE], BUCKET)
    assert "\n" not in str(rejected.value)


def test_unhashed_files_wait_until_every_hashed_one_is_there(served):
    answered = []

    def put(asked):
        answer = stored(asked)
        answered.append(asked.path)
        return answer

    served.put = put
    push([StaticObject.unhashed(f"{n}.js", b"s" * 9_000) for n in range(9)] + hashed(200), BUCKET)
    assert len(answered) == 209
    assert all(path.endswith(".js") for path in answered[200:])


def test_the_report_and_the_progress_add_up(served):
    seen, objects = [], hashed(30)
    size = sum(len(obj.body) for obj in objects)
    report = push(objects, BUCKET, progress=seen.append)
    assert (report.objects, report.sent, report.skipped) == (30, 30, 0)
    assert report.bytes == size
    assert report.requests == len(served.asked) == 31
    assert sorted({one.done for one in seen}) == list(range(31))
    assert seen == sorted(seen, key=lambda one: one.done)
    assert {(one.total, one.bytes) for one in seen} == {(30, size)}
    assert (seen[0].sent, seen[-1].sent) == (0, size)


def test_the_same_bytes_put_first_by_another_push_are_fine(served):
    (obj,) = hashed(1)
    served.put = lambda asked: Answered(412)
    served.head = lambda asked: Answered(headers={"ETag": f'"{obj.md5}"'})
    report = push([obj], BUCKET)
    assert (report.sent, report.skipped, report.requests) == (0, 1, 3)


def test_other_bytes_put_first_by_another_push_stop_this_one(served):
    served.put = lambda asked: Answered(412)
    served.head = lambda asked: Answered(headers={"ETag": '"0123"'})
    with pytest.raises(SlipwayError, match=r"s3://bucket/static/0\.0{12}\.css exists with other bytes"):
        push(hashed(1), BUCKET)


@pytest.mark.parametrize(
    "answer",
    [
        Answered(501),
        Answered(501, b"<Error><Code>NotImplemented</Code></Error>"),
        Answered(400, b"<Error><Code>InvalidArgument</Code></Error>"),
        Answered(405, b"<Error><Code>NotImplemented</Code></Error>"),
    ],
    ids=["501", "NotImplemented", "InvalidArgument", "405"],
)
def test_a_server_without_conditional_writes_gets_plain_ones(served, answer):
    served.put = lambda asked: answer if "If-None-Match" in asked.headers else stored(asked)
    report = push(hashed(300), BUCKET)
    assert report.sent == 300
    # Only those under way when the first answer came were conditional.
    rejected = [asked for asked in served.of("PUT") if "If-None-Match" in asked.headers]
    assert 1 <= len(rejected) <= MOST
    assert report.requests == 1 + 300 + len(rejected)


def test_another_bad_request_is_shown_and_costs_one_attempt_more(served):
    body = b"<Error><Code>InvalidArgument</Code><Message>no such type</Message></Error>"
    served.put = lambda asked: Answered(400, body)
    with pytest.raises(SlipwayError, match=r"400 InvalidArgument.*no such type"):
        push(hashed(1), BUCKET)
    assert len(served.of("PUT")) == 2


@pytest.mark.parametrize("etag", ['"0123"', ""], ids=["another", "none"])
def test_an_upload_whose_etag_is_not_its_md5_is_no_success(served, etag):
    served.put = lambda asked: Answered(headers={"ETag": etag} if etag else {})
    with pytest.raises(SlipwayError, match=r"s3://bucket/static/0\.0{12}\.css: .*SSE-S3"):
        push(hashed(1), BUCKET)


def test_the_first_error_stops_the_rest(served):
    served.put = lambda asked: Answered(403) if asked.number == 5 else stored(asked)
    with pytest.raises(SlipwayError, match="403 AccessDenied: allow s3:PutObject"):
        push(hashed(1000), BUCKET)
    assert len(served.of("PUT")) < 5 + 3 * MOST


def test_an_error_does_not_wait_for_a_stalled_upload(served, monkeypatch):
    monkeypatch.setattr(upload, "GRACE", 0.2)
    release = threading.Event()

    def put(asked):
        if asked.number == 1:
            release.wait(60)
        return Answered(403)

    served.put = put
    try:
        with pytest.raises(SlipwayError, match="403"):
            push(hashed(2), BUCKET)
        assert "put" in [thread.name for thread in threading.enumerate()]
    finally:
        release.set()


def test_uploads_run_side_by_side_and_more_of_them_with_each_success(served):
    together, all_together = threading.Barrier(FIRST, timeout=20), threading.Barrier(MOST, timeout=20)

    def put(asked):
        # What grows the number is a success; each of the first ones lets one more start.
        if asked.number <= FIRST:
            together.wait()
        elif asked.number > MOST:
            all_together.wait()
        return stored(asked)

    served.put = put
    assert push(hashed(2 * MOST), BUCKET).sent == 2 * MOST


def test_an_etag_that_is_no_md5_stops_no_push_where_the_store_has_such(served):
    served.put = lambda asked: Answered(headers={"ETag": '"f00"'})
    report = push(hashed(3), Bucket("bucket", store=STORES["fastly"]))
    assert (report.sent, report.skipped) == (3, 0)
    # What tells the server of damage in its stead is signed with the request.
    assert all(
        asked.headers["X-Amz-Content-SHA256"] == hashlib.sha256(asked.body).hexdigest() for asked in served.of("PUT")
    )


@pytest.mark.parametrize(("size", "fine"), [("1", True), ("2", False)])
def test_where_an_etag_is_no_md5_the_size_says_what_another_push_has_put(served, size, fine):
    served.put = lambda asked: Answered(412)
    served.head = lambda asked: Answered(headers={"ETag": '"f00"', "Content-Length": size})
    bucket = Bucket("bucket", store=STORES["fastly"])
    if fine:
        assert push(hashed(1), bucket).skipped == 1
    else:
        with pytest.raises(SlipwayError, match="never overwritten"):
            push(hashed(1), bucket)


def test_the_report_names_what_was_replaced_and_not_what_is_new(served):
    robots, icon = StaticObject.unhashed("robots.txt", b"new"), StaticObject.unhashed("favicon.ico", b"icon")
    listed = b"<ListBucketResult><Contents><Key>static/robots.txt</Key><ETag>x</ETag><Size>9</Size></Contents>"
    served.answering = lambda asked: (
        Answered(body=listed + b"</ListBucketResult>") if asked.method == "GET" else stored(asked)
    )
    assert push([robots, icon, *hashed(2)], BUCKET).replaced == ("static/robots.txt",)
