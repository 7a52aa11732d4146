"""What the server's key of the backups may do at the S3 stand-in, which enforces its policy, and the restorer's."""

import uuid
from collections.abc import Callable

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.integration.aws.conftest import Calls

SEGMENT = "database/0001/archive/site/15-1/0000000100000000/000000010000000000000001-0123.zst"
INFO = "database/0001/backup/site/backup.info"
DUMP = "dumps/20261201T030000Z.dump"
CLAIM = "generations/0001.json"
COPY = "database/0001-at-20261201T101459Z/backup/site/backup.info"


@pytest.fixture(scope="module")
def bucket(calls: Calls) -> str:
    """A versioned bucket of backups."""
    return _versioned(calls, f"site-{uuid.uuid4().hex[:12]}-backups")


@pytest.fixture(scope="module")
def media(calls: Calls) -> str:
    return _versioned(calls, f"site-{uuid.uuid4().hex[:12]}-media")


def _versioned(calls: Calls, name: str) -> str:
    s3 = calls.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def server(calls: Calls) -> BaseClient:
    return calls.client("s3", "backup")


@pytest.fixture
def restorer(calls: Calls) -> BaseClient:
    return calls.client("s3", "restorer")


def denied(call: Callable, **params: object) -> bool:
    try:
        answer = call(**params)
    except ClientError as error:
        # An ACL is rejected whoever sends it: the bucket has none.
        assert error.response["Error"]["Code"] in ("AccessDenied", "403", "AccessControlListNotSupported"), error
        return True
    # A request about many objects answers for each of them.
    return bool(answer.get("Errors"))


def test_with_the_servers_own_key_destroyed_every_older_version_is_there_for_the_restorer(
    calls: Calls, server: BaseClient, restorer: BaseClient
):
    bucket = _versioned(calls, f"site-{uuid.uuid4().hex[:12]}-backups")
    written = {
        key: server.put_object(Bucket=bucket, Key=key, Body=key.encode())["VersionId"] for key in (SEGMENT, INFO, DUMP)
    }
    written[CLAIM] = server.put_object(Bucket=bucket, Key=CLAIM, Body=CLAIM.encode(), IfNoneMatch="*")["VersionId"]

    # What it may do: replace, delete one by one, delete many at once, and hide all of it behind more versions.
    server.put_object(Bucket=bucket, Key=INFO, Body=b"")
    server.delete_object(Bucket=bucket, Key=SEGMENT)
    server.copy_object(Bucket=bucket, Key=DUMP, CopySource={"Bucket": bucket, "Key": INFO})
    server.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": INFO}, {"Key": DUMP}]})
    server.put_object(Bucket=bucket, Key=SEGMENT, Body=b"nothing")

    # What it may not.
    one = {"Bucket": bucket, "Key": SEGMENT}
    versions = [{"Key": key, "VersionId": version} for key, version in written.items()]
    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    for call, params in (
        (server.delete_object, {**one, "VersionId": written[SEGMENT]}),
        (server.delete_objects, {"Bucket": bucket, "Delete": {"Objects": versions}}),
        (server.list_object_versions, {"Bucket": bucket}),
        (server.delete_object, {"Bucket": bucket, "Key": CLAIM}),
        (server.delete_objects, {"Bucket": bucket, "Delete": {"Objects": [{"Key": CLAIM}]}}),
        (server.put_object, {"Bucket": bucket, "Key": CLAIM, "Body": b""}),
        (server.copy_object, {"Bucket": bucket, "Key": CLAIM, "CopySource": {"Bucket": bucket, "Key": SEGMENT}}),
        (server.put_bucket_versioning, {"Bucket": bucket, "VersioningConfiguration": {"Status": "Suspended"}}),
        (server.put_bucket_lifecycle_configuration, {"Bucket": bucket, "LifecycleConfiguration": {"Rules": [rule]}}),
        (server.delete_bucket_lifecycle, {"Bucket": bucket}),
        (server.put_bucket_policy, {"Bucket": bucket, "Policy": "{}"}),
        (server.delete_bucket_policy, {"Bucket": bucket}),
        (server.delete_public_access_block, {"Bucket": bucket}),
        (server.put_object_acl, {**one, "ACL": "public-read"}),
        (server.delete_bucket, {"Bucket": bucket}),
    ):
        assert denied(call, **params), (call.__name__, params)

    listed = {
        (each["Key"], each["VersionId"]) for each in restorer.list_object_versions(Bucket=bucket).get("Versions", [])
    }
    assert set(written.items()) <= listed
    for key, version in written.items():
        assert restorer.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read() == key.encode()
    assert server.get_object(Bucket=bucket, Key=CLAIM)["Body"].read() == CLAIM.encode()


def test_the_server_reads_no_older_version(bucket: str, server: BaseClient):
    version = server.put_object(Bucket=bucket, Key=INFO, Body=b"yesterday")["VersionId"]
    server.put_object(Bucket=bucket, Key=INFO, Body=b"today")
    assert denied(server.get_object, Bucket=bucket, Key=INFO, VersionId=version)
    assert denied(server.head_object, Bucket=bucket, Key=INFO, VersionId=version)
    source = {"Bucket": bucket, "Key": INFO, "VersionId": version}
    assert denied(server.copy_object, Bucket=bucket, Key=f"{INFO}.copy", CopySource=source)
    assert server.get_object(Bucket=bucket, Key=INFO)["Body"].read() == b"today"


def test_a_missing_file_is_a_404_for_the_server_and_the_whole_bucket_is_listed(bucket: str, server: BaseClient):
    server.put_object(Bucket=bucket, Key=SEGMENT, Body=b"a")
    assert SEGMENT in [one["Key"] for one in server.list_objects_v2(Bucket=bucket)["Contents"]]
    with pytest.raises(ClientError, match="NoSuchKey"):
        server.get_object(Bucket=bucket, Key="database/0001/archive/site/archive.info")


def test_of_two_servers_that_claim_a_generation_one_gets_it(bucket: str, server: BaseClient):
    claim = {"Bucket": bucket, "Key": "generations/0007.json"}
    server.put_object(**claim, Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        server.put_object(**claim, Body=b"second", IfNoneMatch="*")
    assert server.get_object(**claim)["Body"].read() == b"first"


def test_the_server_writes_no_evidence_of_a_drill_and_nothing_in_another_bucket(
    bucket: str, media: str, server: BaseClient
):
    assert denied(server.put_object, Bucket=bucket, Key="drills/20261201T101459Z.json", Body=b"{}")
    assert denied(server.put_object, Bucket=bucket, Key="elsewhere", Body=b"")
    for call in (server.get_object, server.delete_object):
        assert denied(call, Bucket=media, Key="media/public/a.jpg")
    assert denied(server.put_object, Bucket=media, Key="database/0001/a", Body=b"")
    assert denied(server.list_objects_v2, Bucket=media)


def test_the_restorer_copies_a_version_to_a_place_of_its_own_and_replaces_nothing(
    bucket: str, server: BaseClient, restorer: BaseClient
):
    version = server.put_object(Bucket=bucket, Key=INFO, Body=b"yesterday")["VersionId"]
    server.delete_object(Bucket=bucket, Key=INFO)
    source = {"Bucket": bucket, "Key": INFO, "VersionId": version}
    restorer.copy_object(Bucket=bucket, Key=COPY, CopySource=source)
    assert restorer.get_object(Bucket=bucket, Key=COPY)["Body"].read() == b"yesterday"
    restorer.put_object(Bucket=bucket, Key="drills/20261201T101459Z.json", Body=b"{}")
    for key in (INFO, CLAIM, DUMP):
        assert denied(restorer.put_object, Bucket=bucket, Key=key, Body=b"")
        assert denied(restorer.copy_object, Bucket=bucket, Key=key, CopySource=source)
        assert denied(restorer.delete_object, Bucket=bucket, Key=key)
    assert denied(restorer.delete_object, **source)
    restorer.delete_object(Bucket=bucket, Key=COPY)


def test_the_restorer_puts_back_a_deleted_upload_and_reads_none_that_is_not_public(
    calls: Calls, media: str, restorer: BaseClient
):
    web, photo = calls.client("s3", "web"), {"Bucket": media, "Key": "media/public/a.jpg"}
    version = web.put_object(**photo, Body=b"photo")["VersionId"]
    web.delete_object(**photo)
    web.put_object(Bucket=media, Key="media/incoming/b.jpg", Body=b"unpublished")
    assert restorer.list_object_versions(Bucket=media, Prefix="media/public/")["DeleteMarkers"]
    restorer.copy_object(**photo, CopySource={**photo, "VersionId": version})
    assert web.get_object(**photo)["Body"].read() == b"photo"
    assert denied(restorer.get_object, Bucket=media, Key="media/incoming/b.jpg")
    for prefix in ("", "media/incoming/", "static/"):
        assert denied(restorer.list_object_versions, Bucket=media, Prefix=prefix)
        assert denied(restorer.list_objects_v2, Bucket=media, Prefix=prefix)
    assert denied(restorer.delete_object, **photo)
    assert denied(restorer.put_object, Bucket=media, Key="media/incoming/c.jpg", Body=b"")
