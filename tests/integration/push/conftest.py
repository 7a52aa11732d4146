import http.client
import itertools
import os
from urllib.parse import urlsplit

import pytest
from botocore.session import get_session

from slipway.tool.push import Bucket, pace, s3
from slipway.web.static_objects import StaticObject
from tests.unit.push.wire import Answered, wire

_numbers = itertools.count()


@pytest.fixture
def act_as(aws, monkeypatch):
    """Gives this process the environment of one of the stand-in's identities."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)

    def act_as(identity):
        for name, value in aws.env_of(identity).items():
            monkeypatch.setenv(name, value)

    return act_as


@pytest.fixture
def admin(act_as):
    """The administrator's own client, past the line and the deployer's rights."""
    act_as("admin")
    return get_session().create_client("s3")


@pytest.fixture
def bucket(admin, act_as):
    """A bucket of this test's own; from here on the process is the deployer."""
    name = f"push-{os.getpid()}-{next(_numbers)}"
    admin.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    act_as("deployer")
    return Bucket(name)


@pytest.fixture
def held(admin, bucket):
    """Tells every key that the bucket holds now, with the MD5 of its bytes."""

    def held():
        pages = admin.get_paginator("list_objects_v2").paginate(Bucket=bucket.name)
        entries = [entry for page in pages for entry in page.get("Contents", [])]
        return {entry["Key"]: entry["ETag"].strip('"') for entry in entries}

    return held


@pytest.fixture
def line(aws, bucket, monkeypatch):
    """The way to the bucket through a server that ``line.fault(asked)`` may let fail.

    A fault is an answer in S3's place; False breaks the connection; None lets the request pass.
    """
    monkeypatch.setattr(s3, "BACKOFF", 0.01)
    monkeypatch.setattr(pace, "PAUSE", 0.01)
    monkeypatch.setattr(pace, "LONGEST_PAUSE", 0.05)
    target = urlsplit(aws.s3_url).netloc

    def pass_on(asked):
        fault = line.fault(asked)
        if fault is not None:
            return fault or None
        connection = http.client.HTTPConnection(target)
        try:
            # The headers go through as they are: the signature covers Host.
            connection.request(asked.method, asked.path, asked.body, asked.headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        headers = {k: v for k, v in answer.getheaders() if k.lower() not in ("connection", "content-length")}
        return Answered(answer.status, body, headers)

    with wire(pass_on) as line:
        line.fault = lambda asked: None
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", line.url)
        yield line


@pytest.fixture
def release():
    """Sixty hashed objects and two unhashed ones."""
    hashed = [StaticObject.hashed(f"js/{n}.{n:012x}.js", b"//%d\n" % n * (n + 1)) for n in range(60)]
    return [
        StaticObject.unhashed("robots.txt", b"User-agent: *"),
        *hashed,
        StaticObject.unhashed("favicon.ico", b"icon"),
    ]


def as_held(objects):
    return {obj.key: obj.md5 for obj in objects}
