"""Requests that the proxy passes on to SeaweedFS."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
from botocore.exceptions import ClientError

from rehearsal.aws import LocalAws
from tests.integration.aws.conftest import Calls
from tests.integration.aws.raw import ask, signed


@pytest.mark.parametrize("key", ["static/css/base.css", "static/a b/ü+%.css", "static/q?a=1&b#c"])
def test_an_object_comes_back_with_its_bytes_and_headers(calls: Calls, bucket: str, key: str):
    s3 = calls.client("s3")
    headers = {"ContentType": "text/css; charset=utf-8", "CacheControl": "public, max-age=31536000, immutable"}
    put = s3.put_object(Bucket=bucket, Key=key, Body=b"body{}", **headers)
    assert put["ETag"] == f'"{hashlib.md5(b"body{}").hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == b"body{}"
    assert {name: got[name] for name in headers} == headers
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == 6
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_a_type_that_says_nothing_is_kept_whatever_the_name_says(calls: Calls, bucket: str):
    s3 = calls.client("s3")
    s3.put_object(Bucket=bucket, Key="static/a.xml", Body=b"<a/>", ContentType="application/octet-stream")
    s3.copy_object(Bucket=bucket, Key="static/b.xml", CopySource={"Bucket": bucket, "Key": "static/a.xml"})
    for key in ("static/a.xml", "static/b.xml"):
        got = s3.head_object(Bucket=bucket, Key=key)
        assert (got["ContentType"], got["Metadata"]) == ("application/octet-stream", {})


def test_a_large_object_is_streamed_both_ways_and_read_by_range(calls: Calls, bucket: str):
    s3, body = calls.client("s3"), os.urandom(20_000_000)
    s3.put_object(Bucket=bucket, Key="media/public/large", Body=body)
    assert s3.get_object(Bucket=bucket, Key="media/public/large")["Body"].read() == body
    part = s3.get_object(Bucket=bucket, Key="media/public/large", Range="bytes=5-9")
    assert part["Body"].read() == body[5:10]
    assert part["ContentRange"] == "bytes 5-9/20000000"


def test_many_objects_at_once(calls: Calls, bucket: str):
    s3 = calls.client("s3")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: s3.put_object(Bucket=bucket, Key=f"static/{n}", Body=b"x" * n), range(60)))
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="static/")["Contents"]
    assert sorted(item["Size"] for item in listed) == list(range(60))


def test_a_bucket_that_encrypts_takes_objects_and_keeps_md5_as_etag(calls: Calls, bucket: str):
    s3 = calls.client("s3")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    put = s3.put_object(Bucket=bucket, Key="static/a", Body=b"secret")
    assert put["ServerSideEncryption"] == "AES256"
    assert put["ETag"] == f'"{hashlib.md5(b"secret").hexdigest()}"'
    assert s3.get_object(Bucket=bucket, Key="static/a")["Body"].read() == b"secret"


def test_versions_are_kept(calls: Calls, bucket: str):
    s3 = calls.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="static/a", Body=body)
    assert s3.get_object(Bucket=bucket, Key="static/a")["Body"].read() == b"two"
    assert len(s3.list_object_versions(Bucket=bucket)["Versions"]) == 2


def test_no_bucket_is_made_by_a_put(calls: Calls):
    with pytest.raises(ClientError, match="NoSuchBucket"):
        calls.client("s3").put_object(Bucket="never-made", Key="a", Body=b"")


def test_us_east_1_is_not_a_location_constraint(aws: LocalAws):
    constraint = (
        b"<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>"
    )
    answer = signed(aws, "PUT", "/never-made", constraint)
    assert (answer.status, answer.code) == (400, "InvalidLocationConstraint")


def test_a_wrong_secret_is_rejected(aws: LocalAws, bucket: str):
    key = aws.env["AWS_ACCESS_KEY_ID"]
    s3 = boto3.client(
        "s3", endpoint_url=aws.s3_url, aws_access_key_id=key, aws_secret_access_key="wrong", region_name=aws.region
    )
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        s3.put_object(Bucket=bucket, Key="static/a", Body=b"")


def test_a_missing_key_is_404_for_who_may_list_and_403_for_who_may_not(calls: Calls, bucket: str):
    for identity, code in (("admin", "NoSuchKey"), ("cdn", "NoSuchKey"), ("deployer", "AccessDenied")):
        with pytest.raises(ClientError, match=code):
            calls.client("s3", identity).get_object(Bucket=bucket, Key="static/missing")


def test_an_anonymous_get_is_rejected(aws: LocalAws, calls: Calls, bucket: str):
    calls.client("s3").put_object(Bucket=bucket, Key="static/a", Body=b"a")
    answer = ask("GET", f"{aws.s3_url}/{bucket}/static/a")
    assert (answer.status, answer.code) == (403, "AccessDenied")
