"""The generated policies, enforced by the S3 stand-in."""

import pytest
from botocore.exceptions import ClientError

from tests.integration.aws.conftest import Calls

PREFIXES = ("static/", "releases/", "media/incoming/", "media/public/")
# Identity → action → the prefixes on which it is allowed.
RIGHTS = {
    "deployer": {"get": PREFIXES[:2], "put": PREFIXES[:2], "delete": (), "list": PREFIXES[:2]},
    "pruner": {"get": ("releases/",), "put": (), "delete": ("static/",), "list": PREFIXES[:2]},
    "web": {"get": PREFIXES[2:], "put": PREFIXES[2:], "delete": PREFIXES[2:], "list": PREFIXES[2:3]},
    "cdn": {"get": ("static/", "media/public/"), "put": (), "delete": (), "list": PREFIXES},
}
CALLS = {
    "get": lambda s3, bucket, prefix: s3.get_object(Bucket=bucket, Key=f"{prefix}a"),
    "put": lambda s3, bucket, prefix: s3.put_object(Bucket=bucket, Key=f"{prefix}b", Body=b"b", IfNoneMatch="*"),
    "delete": lambda s3, bucket, prefix: s3.delete_object(Bucket=bucket, Key=f"{prefix}b"),
    "list": lambda s3, bucket, prefix: s3.list_objects_v2(Bucket=bucket, Prefix=prefix),
}


@pytest.mark.parametrize("identity", RIGHTS)
def test_an_identity_may_do_its_part_alone(calls: Calls, bucket: str, identity: str):
    admin, s3 = calls.client("s3"), calls.client("s3", identity)
    for prefix in PREFIXES:
        admin.put_object(Bucket=bucket, Key=f"{prefix}a", Body=b"a")
    for action, call in CALLS.items():
        allowed = tuple(prefix for prefix in PREFIXES if _may(call, s3, bucket, prefix))
        assert (action, allowed) == (action, RIGHTS[identity][action])


@pytest.mark.parametrize("identity", ["deployer", "pruner", "web"])
def test_no_working_identity_lists_the_whole_bucket(calls: Calls, bucket: str, identity: str):
    with pytest.raises(ClientError, match="AccessDenied"):
        calls.client("s3", identity).list_objects_v2(Bucket=bucket)


def test_the_web_process_publishes_by_a_copy_inside_the_bucket(calls: Calls, bucket: str):
    web = calls.client("s3", "web")
    web.put_object(Bucket=bucket, Key="media/incoming/a", Body=b"photo")
    source = {"Bucket": bucket, "Key": "media/incoming/a"}
    web.copy_object(Bucket=bucket, Key="media/public/a", CopySource=source)
    assert calls.client("s3", "cdn").get_object(Bucket=bucket, Key="media/public/a")["Body"].read() == b"photo"
    with pytest.raises(ClientError, match="AccessDenied"):
        web.copy_object(Bucket=bucket, Key="static/a", CopySource=source)


def test_the_deployer_replaces_no_name_with_a_hash_and_no_release(calls: Calls, bucket: str):
    s3 = calls.client("s3", "deployer")
    for key in ("static/js/app.0123456789ab.js", "releases/1.json"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"a", IfNoneMatch="*")
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"b")
        with pytest.raises(ClientError, match="PreconditionFailed"):
            s3.put_object(Bucket=bucket, Key=key, Body=b"b", IfNoneMatch="*")
        upload = {"Bucket": bucket, "Key": key}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": s3.upload_part(**upload, PartNumber=1, Body=b"b")["ETag"]}]}
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.complete_multipart_upload(**upload, MultipartUpload=parts)
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"a"
    for body in (b"a", b"b"):
        s3.put_object(Bucket=bucket, Key="static/favicon.ico", Body=body)


def test_an_upload_in_parts_is_conditional_at_its_end(calls: Calls, bucket: str):
    s3, where = calls.client("s3"), {"Bucket": bucket, "Key": "static/large"}

    def complete():
        upload = s3.create_multipart_upload(**where)["UploadId"]
        tag = s3.upload_part(**where, UploadId=upload, PartNumber=1, Body=b"x")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
        s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts, IfNoneMatch="*")

    complete()
    with pytest.raises(ClientError, match="PreconditionFailed"):
        complete()
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.put_object(**where, Body=b"y", IfNoneMatch='"0123"')


def _may(call, s3, bucket: str, prefix: str) -> bool:
    try:
        call(s3, bucket, prefix)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied"
        return False
    return True
