"""A large object is sent in parts."""

import hashlib
import threading
import time

import pytest

from slipway.tool.push import multipart, push
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import StaticObject
from tests.unit.push.wire import Answered

# The bucket takes no smaller parts but for the last one.
PART = 5 * 1024 * 1024


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(multipart, "PART", PART)
    monkeypatch.setattr("slipway.tool.push.upload.LARGE", PART)
    monkeypatch.setattr(multipart, "LARGE", PART)


@pytest.fixture
def film():
    return StaticObject.hashed("film.0123456789ab.mp4", hashlib.shake_128(b"film").digest(2 * PART + 1000))


def wait_until(holds):
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def of_parts(line):
    return [asked for asked in line.of("PUT") if "partNumber=" in asked.path]


def test_its_parts_become_one_object_with_its_bytes_and_headers(bucket, admin, film, line):
    seen = []
    report = push([film], bucket, progress=seen.append)
    assert (report.sent, report.bytes) == (1, len(film.body))
    assert [len(asked.body) for asked in sorted(of_parts(line), key=lambda one: one.path)] == [PART, PART, 1000]
    got = admin.get_object(Bucket=bucket.name, Key=film.key)
    assert got["Body"].read() == film.body
    assert (got["ContentType"], got["CacheControl"]) == film.headers
    assert seen[-1].sent == seen[-1].bytes == len(film.body)


def test_it_is_known_again(bucket, film, line):
    push([film], bucket)
    line.asked.clear()
    assert push([film], bucket).sent == 0
    assert line.of("PUT") == []


def test_one_that_was_put_whole_earlier_is_known_too(bucket, admin, film):
    admin.put_object(Bucket=bucket.name, Key=film.key, Body=film.body)
    assert push([film], bucket).sent == 0


def test_other_bytes_under_its_name_are_never_replaced(bucket, admin, film):
    admin.put_object(Bucket=bucket.name, Key=film.key, Body=b"not ours")
    with pytest.raises(SlipwayError, match="exists with other bytes"):
        push([film], bucket)


def test_a_break_costs_a_part(bucket, film, line, admin):
    broken = threading.Event()

    def fault(asked):
        if "partNumber=2" in asked.path and not broken.is_set():
            broken.set()
            return False
        return None

    line.fault = fault
    assert push([film], bucket).sent == 1
    assert len(of_parts(line)) == 4
    assert admin.get_object(Bucket=bucket.name, Key=film.key)["Body"].read() == film.body


def test_a_rerun_sends_the_parts_that_are_missing(bucket, film, line, admin):
    line.fault = lambda asked: Answered(403) if "partNumber=3" in asked.path else None
    with pytest.raises(SlipwayError, match="403 AccessDenied: allow s3:PutObject"):
        push([film], bucket)
    (upload,) = admin.list_multipart_uploads(Bucket=bucket.name)["Uploads"]
    there = {"Bucket": bucket.name, "Key": film.key, "UploadId": upload["UploadId"]}
    # What was on its way at the error may still arrive.
    wait_until(lambda: len(admin.list_parts(**there).get("Parts", ())) == 2)
    line.fault = lambda asked: None
    line.asked.clear()
    assert push([film], bucket).sent == 1
    assert [len(asked.body) for asked in of_parts(line)] == [1000]
    assert admin.get_object(Bucket=bucket.name, Key=film.key)["Body"].read() == film.body


@pytest.mark.parametrize("status", [403, 501])
def test_a_bucket_or_a_key_that_takes_no_parts_gets_it_whole(status, bucket, film, line, held):
    line.fault = lambda asked: Answered(status) if "uploads=" in asked.path else None
    report = push([film], bucket)
    assert (report.sent, report.bytes) == (1, len(film.body))
    assert of_parts(line) == []
    assert held() == {film.key: film.md5}


def test_a_completion_whose_answer_was_lost_is_no_error(bucket, film, line, admin):
    lost = threading.Event()

    def fault(asked):
        if asked.method == "POST" and "uploadId=" in asked.path and not lost.is_set():
            lost.set()
            upload = asked.path.partition("uploadId=")[2]
            parts = admin.list_parts(Bucket=bucket.name, Key=film.key, UploadId=upload)["Parts"]
            named = [{"PartNumber": one["PartNumber"], "ETag": one["ETag"]} for one in parts]
            admin.complete_multipart_upload(
                Bucket=bucket.name, Key=film.key, UploadId=upload, MultipartUpload={"Parts": named}
            )
            return False
        return None

    line.fault = fault
    report = push([film], bucket)
    assert lost.is_set()
    assert (report.sent, report.skipped) in ((1, 0), (0, 1))
    assert admin.get_object(Bucket=bucket.name, Key=film.key)["Body"].read() == film.body


def test_an_unhashed_one_is_replaced(bucket, film, admin):
    intro = StaticObject.unhashed("intro.mp4", film.body)
    push([intro], bucket)
    other = StaticObject.unhashed("intro.mp4", film.body[::-1])
    assert push([other], bucket).replaced == ("static/intro.mp4",)
    assert admin.get_object(Bucket=bucket.name, Key="static/intro.mp4")["Body"].read() == other.body
