import hashlib
import itertools
import json
import threading
from dataclasses import replace

import pytest

from slipway.tool.push import Bucket, push, put_manifest, start_listing
from slipway.web.errors import SlipwayError
from slipway.web.static_objects import MANIFEST_VERSION, StaticObject
from tests.integration.push.conftest import as_held


def test_a_cold_push_makes_one_request_an_object_and_the_listing(bucket, held, release):
    report = push(release, bucket)
    assert (report.sent, report.skipped, report.requests) == (62, 0, 63)
    assert held() == as_held(release)


def test_what_the_bucket_serves_has_the_bytes_and_headers_that_were_meant(bucket, admin, release):
    push(release, bucket)
    for obj in (release[0], release[1], release[-1]):
        got = admin.get_object(Bucket=bucket.name, Key=obj.key)
        assert got["Body"].read() == obj.body
        assert (got["ContentType"], got["CacheControl"]) == (obj.content_type, obj.cache_control)


def test_an_unchanged_push_makes_the_listings_alone(bucket, release):
    push(release, bucket)
    report = push(release, bucket)
    # Two listings; without a manifest an icon and a text are asked for their headers.
    assert (report.sent, report.skipped, report.requests) == (0, 62, 4)


def test_a_change_sends_what_changed_and_deletes_nothing(bucket, held, release):
    push(release, bucket)
    changed = StaticObject.hashed("js/0.ffffffffffff.js", b"changed")
    robots = StaticObject.unhashed("robots.txt", b"User-agent: x")
    report = push([robots, changed, *release[2:]], bucket)
    assert (report.sent, report.requests) == (2, 6)
    assert held() == as_held((*release, changed, robots))


def test_a_listing_started_early_is_the_one_that_is_used(bucket, release):
    listing = start_listing(bucket)
    assert push(release, bucket, listing).requests == 63


def test_a_listing_of_several_pages_is_read_to_its_end(bucket):
    many = [StaticObject.hashed(f"{n % 7}/{n}.{n:012x}.css", b"%d" % n) for n in range(1205)]
    assert push(many, bucket).requests == 1206
    report = push(many, bucket)
    assert (report.sent, report.requests) == (0, 3)


def test_any_name_arrives_and_is_known_again(bucket, held):
    names = ["a b", "a+b", "ü", "50%", "a&b", "a'b", "a~b", "(a)[b]", "a,b;c=d", "@2x", "a#b", "a?b", "<a>"]
    objects = [StaticObject.hashed(f"{name}/{name}.0123456789ab.css", b"a{}") for name in names]
    assert push(objects, bucket).sent == len(names)
    assert held() == as_held(objects)
    assert push(objects, bucket).sent == 0


def test_an_empty_file_and_a_large_one_arrive(bucket, held):
    objects = [
        StaticObject.hashed("empty.d41d8cd98f00.css", b""),
        StaticObject.hashed("large.0123456789ab.wasm", bytes(range(256)) * 40_000),
    ]
    assert push(objects, bucket).bytes == 10_240_000
    assert held() == as_held(objects)


def test_a_hashed_name_in_the_bucket_is_never_overwritten(bucket, held, admin, release):
    key = release[5].key
    admin.put_object(Bucket=bucket.name, Key=key, Body=b"not ours")
    with pytest.raises(SlipwayError, match=f"s3://{bucket.name}/{key} exists with other bytes"):
        push(release, bucket)
    assert held() == {key: hashlib.md5(b"not ours").hexdigest()}


def test_two_pushes_of_one_release_at_the_same_time_both_succeed(bucket, held, release):
    listings = [start_listing(bucket), start_listing(bucket)]
    for listing in listings:
        assert listing.result() == {}
    reports = []
    threads = [threading.Thread(target=lambda one=one: reports.append(push(release, bucket, one))) for one in listings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [report.objects for report in reports] == [62, 62]
    assert held() == as_held(release)


@pytest.mark.parametrize(
    ("identity", "expected"),
    [
        ("web", "cannot list .*403 AccessDenied: allow s3:ListBucket"),
        # The CDN lists, so that a missing key is a 404; it is no more a deployer for that.
        ("cdn", "cannot put .*403 AccessDenied: allow s3:PutObject"),
    ],
)
def test_an_identity_without_permission_gets_the_missing_one_named(bucket, release, act_as, identity, expected):
    act_as(identity)
    with pytest.raises(SlipwayError, match=expected):
        push(release, bucket)


def test_an_object_outside_the_deployers_rights_is_rejected_by_name(bucket):
    media = StaticObject("media/public/a.jpg", b"a", "image/jpeg", "no-store", "0cc175b9c0f1b6a831c399e269772661")
    with pytest.raises(SlipwayError, match=r"/media/public/a\.jpg: 403 AccessDenied: allow s3:PutObject"):
        push([media], bucket)


@pytest.mark.parametrize(
    ("variable", "expected"),
    [("AWS_ACCESS_KEY_ID", "403 InvalidAccessKeyId"), ("AWS_SECRET_ACCESS_KEY", "403 SignatureDoesNotMatch")],
)
def test_wrong_keys_are_distinguished(bucket, release, monkeypatch, variable, expected):
    monkeypatch.setenv(variable, "AKIAWRONGWRONGWRONG0")
    with pytest.raises(SlipwayError, match=expected):
        push(release, bucket)


def test_a_bucket_that_does_not_exist_is_named(admin, release):
    with pytest.raises(SlipwayError, match=r"s3://no-such-bucket/.*404 NoSuchBucket: .*make cdn"):
        push(release, Bucket("no-such-bucket"))


def test_a_release_is_recorded_once_and_for_all(bucket, admin):
    put_manifest(bucket, "20260101-1", b'{"version":1}')
    put_manifest(bucket, "20260101-1", b'{"version":1}')
    with pytest.raises(SlipwayError, match=r"/releases/20260101-1\.json exists with other bytes"):
        put_manifest(bucket, "20260101-1", b'{"version":2}')
    got = admin.get_object(Bucket=bucket.name, Key="releases/20260101-1.json")
    assert (got["Body"].read(), got["ContentType"]) == (b'{"version":1}', "application/json")


def record(bucket, admin, objects, name):
    """Records a release in a later second than that of its objects, as a deploy does."""
    described = {obj.key: dict(zip(("content_type", "cache_control"), obj.headers, strict=True)) for obj in objects}
    manifest = json.dumps({"version": MANIFEST_VERSION, "objects": described}).encode()
    pushed = max(one["LastModified"] for one in admin.list_objects_v2(Bucket=bucket.name)["Contents"])
    for attempt in itertools.count():
        put_manifest(bucket, f"{name}-{attempt:05}", manifest)
        key = f"releases/{name}-{attempt:05}.json"
        if admin.head_object(Bucket=bucket.name, Key=key)["LastModified"] > pushed.replace(microsecond=999_999):
            return


def test_changed_headers_of_an_unhashed_file_reach_it_and_are_purged(bucket, admin, release):
    robots, *rest = release
    other = replace(robots, content_type="text/markdown")

    def sent(objects):
        report = push(objects, bucket)
        assert admin.get_object(Bucket=bucket.name, Key=robots.key)["ContentType"] == objects[0].content_type
        return report.sent, report.replaced

    sent(release)
    record(bucket, admin, release, "20260101")
    assert sent(release) == (0, ())
    assert sent([other, *rest]) == (1, (robots.key,))
    # No release has recorded that: the push knows by its time that the manifest does not speak of it.
    assert sent(release) == (1, (robots.key,))
    assert sent([other, *rest]) == (1, (robots.key,))
    record(bucket, admin, [other, *rest], "20260102")
    assert sent([other, *rest]) == (0, ())


def test_manifests_of_an_earlier_version_may_name_headers_that_the_objects_have_not(bucket, admin, release):
    push(release, bucket)
    described = {obj.key: dict(zip(("content_type", "cache_control"), obj.headers, strict=True)) for obj in release}
    put_manifest(bucket, "20260101-1", json.dumps({"version": 1, "objects": described}).encode())
    assert push(release, bucket).sent == 2
