"""Push, prune, upload and deletion at another S3 server than the local AWS: moto's."""

import json
import os

import boto3
import pytest
import requests
from django.test.utils import override_settings
from moto.server import ThreadedMotoServer

from slipway.tool.prune import Prune
from slipway.tool.push import Bucket, push, put_manifest
from slipway.web import stores
from slipway.web.media import client
from slipway.web.media.backends import media
from slipway.web.media.errors import GONE, UploadError
from slipway.web.media.limits import byte_limit
from slipway.web.media.review import check
from slipway.web.media.ticket import Ticket
from tests.unit.media.pictures import picture


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def environ(endpoint, monkeypatch):
    """What `provider: s3` gives each process."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    variables = {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_STORAGE_BUCKET_NAME": "uploads",
        stores.VARIABLE: "s3",
        stores.ADDRESSING: "path",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "_client", None)


@pytest.fixture
def admin(environ, endpoint):
    return boto3.client("s3", endpoint_url=endpoint)


def test_a_release_is_pushed_once_and_pruned_when_nothing_needs_it(admin, release):
    admin.create_bucket(Bucket="files")
    bucket = Bucket("files")
    assert push(release, bucket).sent == len(release)
    assert push(release, bucket).sent == 0
    stored = admin.get_object(Bucket="files", Key=release[1].key)
    assert (stored["ContentType"], stored["CacheControl"]) == release[1].headers
    described = {obj.key: dict(zip(("content_type", "cache_control"), obj.headers, strict=True)) for obj in release[1:]}
    put_manifest(bucket, "20260101-1", json.dumps({"version": 2, "objects": described}).encode())
    prune = Prune("files", admin)
    plan = prune.plan(1, ["20260101-1"])
    assert (plan.kept, plan.to_delete) == (("20260101-1",), ())  # nothing is a day old
    prune.carry_out(type(plan)(plan.kept, (release[0].key,), 1))
    assert release[0].key not in {each["Key"] for each in admin.list_objects_v2(Bucket="files")["Contents"]}


def test_a_photo_is_uploaded_checked_published_and_deleted(admin):
    admin.create_bucket(Bucket="uploads")
    body = picture()
    with override_settings(
        SLIPWAY_OFFLOAD=True, SLIPWAY_MEDIA_BUCKET="uploads", MEDIA_URL="https://media.example.com/"
    ):
        media.cache_clear()
        store, ticket = media(), Ticket.issue("1", {"original": "image/jpeg"})
        form = store.sign(ticket.key("original"), "image/jpeg", byte_limit("original"), len(body))
        assert form.method == "PUT"
        assert requests.put(form.url, body, headers=form.fields, timeout=30).status_code == 200
        image = check(ticket).publish()
        assert admin.get_object(Bucket="uploads", Key=image.key)["Body"].read() == body
        store.delete(image.keys)
        with pytest.raises(UploadError, match=GONE):
            store.read_range(image.key, 0, 10)
    media.cache_clear()
