"""An upload by plain HTTP: what the bucket rejects, what the server reads, what becomes public."""

import base64
import json
import time
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
import requests
from botocore.exceptions import ClientError

from slipway.web.media import client
from slipway.web.media.errors import DOWN, GONE, UploadError
from slipway.web.media.limits import FORM_SECONDS
from slipway.web.media.object_bytes import WINDOW
from slipway.web.media.review import check
from slipway.web.media.seeding import store_image
from tests.integration.media.conftest import SITE, post
from tests.unit.media.pictures import exif, picture, said_to_be, with_far_dimensions, with_segment
from tests.unit.media.pictures import upload as files_of

KEY = "media/incoming/folder/original.jpg"


@pytest.fixture
def sent(store):
    """Sizes of the answers to the web process's reads, as the bucket gave them."""
    sizes = []
    client.s3_client().meta.events.register(
        "after-call.s3.GetObject", lambda parsed, **_: sizes.append(parsed["ContentLength"])
    )
    return sizes


def test_an_upload_is_checked_and_published_inside_the_bucket(upload, admin, bucket):
    files = files_of(2000, 1500)
    image = check(upload(files)).publish()
    assert [each.width for each in image.variants] == [480, 960, 1600]
    for key, name, kind in zip(image.keys, ("original", "480", "960", "1600"), ["jpeg", *["webp"] * 3], strict=True):
        stored = admin.get_object(Bucket=bucket, Key=key)
        assert stored["Body"].read() == files[name]
        assert stored["ContentType"] == f"image/{kind}"
        assert stored["CacheControl"] == "s-maxage=60, public, max-age=31536000, immutable"
    assert image.url == image.key.replace("media/public/", "https://media.example.com/", 1)


def test_the_policy_names_key_type_size_and_five_minutes(store):
    fields = store.sign(KEY, "image/jpeg", 1000).fields
    policy = json.loads(base64.b64decode(fields["policy"]))
    assert {"key": KEY} in policy["conditions"]
    assert {"Content-Type": "image/jpeg"} in policy["conditions"]
    assert ["content-length-range", 1, 1000] in policy["conditions"]
    left = datetime.fromisoformat(policy["expiration"]) - datetime.now(UTC)
    assert left.total_seconds() <= FORM_SECONDS == 300
    assert fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def tampered(fields):
    policy = json.loads(base64.b64decode(fields["policy"]))
    policy["conditions"] = [["content-length-range", 1, 10**9], ["starts-with", "$key", ""]]
    return {"policy": base64.b64encode(json.dumps(policy).encode()).decode()}


REJECTED = {
    "oversize": (lambda fields: {}, 1001, "EntityTooLarge"),
    "empty": (lambda fields: {}, 0, "EntityTooSmall"),
    "wrong type": (lambda fields: {"Content-Type": "text/html"}, 100, "AccessDenied"),
    "other key": (lambda fields: {"key": "media/incoming/folder/other.jpg"}, 100, "AccessDenied"),
    "public key": (lambda fields: {"key": "media/public/x.jpg"}, 100, "AccessDenied"),
    "tampered": (tampered, 100, "SignatureDoesNotMatch"),
}


@pytest.mark.parametrize(("changes", "size", "code"), REJECTED.values(), ids=REJECTED)
def test_the_bucket_rejects_what_the_form_does_not_allow(store, admin, bucket, changes, size, code):
    form = store.sign(KEY, "image/jpeg", 1000)
    answer = post(form, b"z" * size, **changes(form.fields))
    assert ElementTree.fromstring(answer.content).findtext("Code") == code
    # Without it the page's script could not read the reason.
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "Contents" not in admin.list_objects_v2(Bucket=bucket)


def test_the_bucket_rejects_an_expired_form(store, monkeypatch):
    monkeypatch.setattr("slipway.web.media.bucket.FORM_SECONDS", -1)
    answer = post(store.sign(KEY, "image/jpeg", 1000), b"z" * 100)
    assert answer.status_code == 403
    assert "expired" in answer.text


def test_each_object_leaves_the_bucket_once_and_in_windows(upload, sent):
    start = with_far_dimensions(picture(exif=exif(1)), 200_000)
    large = start[:-2] + bytes(3_000_000) + start[-2:]
    check(upload({"original": large}))
    assert max(sent) <= WINDOW
    assert len(large) <= sum(sent) <= len(large) + 8


LOCATION = with_segment(b"\xff\xd8", 0xE1, exif(gps=True))[2:]
WRONG = {
    "a location behind the scan": (picture()[:-2] + LOCATION + b"\xff\xd9", "has its location"),
    "huge dimensions": (said_to_be(16_000, 16_000), "at most 89 million"),
    "cut off": (picture()[:-100], "cut off"),
    "wrong extension": (picture(kind="PNG"), "not of the type"),
    "markup": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "not a JPEG"),
}


@pytest.mark.parametrize(("body", "sentence"), WRONG.values(), ids=WRONG)
def test_what_the_bucket_cannot_see_is_rejected_afterwards(upload, sent, admin, bucket, body, sentence):
    ticket = upload({"original": body})
    with pytest.raises(UploadError, match=sentence):
        check(ticket)
    assert "Contents" not in admin.list_objects_v2(Bucket=bucket, Prefix="media/public/")


def test_an_object_that_changed_after_the_check_is_not_published(store, upload, admin, bucket):
    ticket = upload({"original": picture()})
    pending = check(ticket)
    post(store.sign(ticket.key("original"), "image/jpeg", 1000), b"<script>alert(1)</script>")
    with pytest.raises(UploadError, match=GONE):
        pending.publish()
    assert "Contents" not in admin.list_objects_v2(Bucket=bucket, Prefix="media/public/")


def test_a_missing_upload_is_distinguished_from_a_bucket_that_is_down(store, upload, monkeypatch):
    ticket = upload({"original": picture()})
    with pytest.raises(UploadError, match=GONE):
        store.read_range(ticket.key("original") + "x", 0, 10)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setattr(client, "_client", None)
    with pytest.raises(UploadError, match=DOWN):
        check(ticket)


def test_a_deleted_image_leaves_nothing_behind(store, upload, admin, bucket):
    image = check(upload(files_of())).publish()
    store.delete(image.keys)
    assert "Contents" not in admin.list_objects_v2(Bucket=bucket, Prefix="media/public/")


def test_the_server_can_publish_images_of_its_own(store, admin, bucket):
    image = store_image(picture(1000, 500))
    stored = admin.head_object(Bucket=bucket, Key=image.variants[0].key)
    assert (stored["ContentType"], stored["CacheControl"][-9:]) == ("image/webp", "immutable")


def test_an_older_upload_gets_the_headers_of_a_new_one_once(store, admin, bucket):
    key = store_image(picture(300, 200)).key
    before = admin.get_object(Bucket=bucket, Key=key)
    old = {"Body": before["Body"].read(), "ContentType": "image/jpeg", "Metadata": {"kept": "yes"}}
    admin.put_object(Bucket=bucket, Key=key, CacheControl="public, max-age=31536000, immutable", **old)
    assert (store.renew(key), store.renew(key)) == (True, False)
    renewed = admin.get_object(Bucket=bucket, Key=key)
    assert renewed["CacheControl"] == before["CacheControl"]
    assert (renewed["Body"].read(), renewed["ContentType"], renewed["Metadata"]) == tuple(old.values())
    with pytest.raises(UploadError, match=GONE):
        store.renew(key + "x")


def test_the_web_process_clears_what_nobody_finished(store, upload, admin, bucket):
    kept = store_image(picture(300, 200)).key
    upload({"original": picture()})
    assert store.clear_incoming(time.time() - 60) == 0
    assert store.clear_incoming(time.time() + 60) == 1
    assert "Contents" not in admin.list_objects_v2(Bucket=bucket, Prefix="media/incoming/")
    assert admin.head_object(Bucket=bucket, Key=kept)


def test_the_web_process_may_touch_media_alone(store):
    with pytest.raises(ClientError, match="AccessDenied"):
        client.s3_client().put_object(Bucket=store.bucket, Key="static/css/base.css", Body=b"")


def test_nobody_else_can_read_an_upload(store, upload):
    form = store.sign(upload({"original": picture()}).key("original"), "image/jpeg", 10)
    assert requests.get(f"{form.url}/{form.fields['key']}", timeout=30).status_code == 403
