"""A bucket's configuration in the stand-in, read back without boto3."""

import json

import pytest
from botocore.exceptions import ClientError

from rehearsal.aws import LocalAws, start
from tests.integration.aws.conftest import Calls
from tests.integration.aws.raw import ask, signed

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DOCUMENTS = {
    "publicAccessBlock": f'<PublicAccessBlockConfiguration xmlns="{NAMESPACE}">'
    "<BlockPublicAcls>true</BlockPublicAcls><RestrictPublicBuckets>false</RestrictPublicBuckets>"
    "</PublicAccessBlockConfiguration>",
    "ownershipControls": f'<OwnershipControls xmlns="{NAMESPACE}"><Rule>'
    "<ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>",
    "encryption": f'<ServerSideEncryptionConfiguration xmlns="{NAMESPACE}"><Rule>'
    "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
    "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
    "cors": f'<CORSConfiguration xmlns="{NAMESPACE}"><CORSRule><AllowedMethod>POST</AllowedMethod>'
    "<AllowedOrigin>https://www.example.com</AllowedOrigin></CORSRule></CORSConfiguration>",
    "lifecycle": f'<LifecycleConfiguration xmlns="{NAMESPACE}"><Rule><Expiration><Days>1</Days></Expiration>'
    "<ID>x</ID><Filter><Prefix>media/incoming/</Prefix></Filter><Status>Enabled</Status></Rule>"
    "</LifecycleConfiguration>",
}


@pytest.mark.parametrize("subresource", DOCUMENTS)
def test_a_document_is_read_back_exactly_as_it_was_sent(aws: LocalAws, bucket: str, subresource: str):
    path, document = f"/{bucket}?{subresource}=", DOCUMENTS[subresource].encode()
    assert signed(aws, "PUT", path, document).status == 200
    assert signed(aws, "GET", path).body == document


@pytest.mark.parametrize("host", ["", "s3.example.test"], ids=["by address", "by name"])
def test_a_policy_is_read_back_exactly_as_it_was_sent(aws: LocalAws, bucket: str, host: str):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/static/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/E1"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=3).encode()
    assert signed(aws, "PUT", f"/{bucket}?policy=", policy, host=host).status == 204
    assert signed(aws, "GET", f"/{bucket}?policy=", host=host).body == policy


@pytest.mark.parametrize(
    ("subresource", "sent", "wrong"),
    [
        ("publicAccessBlock", ">true<", ">yes<"),
        ("publicAccessBlock", "RestrictPublicBuckets", "RestrictPublicBukkets"),
        ("ownershipControls", "ObjectWriter", "Nobody"),
        ("encryption", "AES256", "ROT13"),
        ("cors", "<AllowedMethod>POST</AllowedMethod>", ""),
        ("lifecycle", ">Enabled<", ">Perhaps<"),
        ("lifecycle", "<Days>1<", "<Days>soon<"),
        ("lifecycle", "</LifecycleConfiguration>", ""),
    ],
)
def test_a_document_out_of_shape_is_rejected_and_not_kept(
    aws: LocalAws, bucket: str, subresource: str, sent: str, wrong: str
):
    path = f"/{bucket}?{subresource}="
    before = signed(aws, "GET", path).body
    answer = signed(aws, "PUT", path, DOCUMENTS[subresource].replace(sent, wrong).encode())
    assert (answer.status, answer.code) == (400, "MalformedXML")
    same = signed(aws, "GET", path).body
    assert same == before or b"<Code>No" in same


@pytest.mark.parametrize(
    ("subresource", "code"),
    [
        ("publicAccessBlock", "NoSuchPublicAccessBlockConfiguration"),
        ("ownershipControls", "OwnershipControlsNotFoundError"),
        ("cors", "NoSuchCORSConfiguration"),
        ("lifecycle", "NoSuchLifecycleConfiguration"),
        ("policy", "NoSuchBucketPolicy"),
    ],
)
def test_what_was_deleted_is_not_there(aws: LocalAws, bucket: str, subresource: str, code: str):
    path = f"/{bucket}?{subresource}="
    assert signed(aws, "DELETE", path).status == 204
    answer = signed(aws, "GET", path)
    assert (answer.status, answer.code) == (404, code)


@pytest.mark.parametrize("subresource", [*DOCUMENTS, "policy", "tagging", "location", "versioning"])
def test_the_deployer_sees_every_setting(aws: LocalAws, bucket: str, subresource: str):
    path = f"/{bucket}?{subresource}="
    shown, all_of_it = signed(aws, "GET", path, b"", "deployer"), signed(aws, "GET", path)
    assert (shown.status, shown.code) == (all_of_it.status, all_of_it.code)
    assert signed(aws, "GET", path, b"", "pruner").status == 403


@pytest.mark.parametrize(
    ("identity", "method"),
    [
        (who, how)
        for who in ("deployer", "web", "cdn")
        for how in ("GET", "PUT", "DELETE")
        if (who, how) != ("deployer", "GET")
    ],
)
def test_only_the_administrator_changes_it(aws: LocalAws, bucket: str, identity: str, method: str):
    body = DOCUMENTS["publicAccessBlock"].encode() if method == "PUT" else b""
    path = f"/{bucket}?publicAccessBlock="
    before = signed(aws, "GET", path).body
    assert signed(aws, method, path, body, identity).status == 403
    assert signed(aws, "GET", path).body == before


def test_a_bucket_that_does_not_exist_has_no_configuration(aws: LocalAws):
    assert signed(aws, "GET", "/never-made?publicAccessBlock=").code == "NoSuchBucket"


def test_a_new_bucket_is_closed(calls: Calls, bucket: str):
    s3 = calls.client("s3")
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True} and len(block) == 4
    (rule,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}


def test_a_public_policy_is_rejected_while_the_block_prevents_it(aws: LocalAws, calls: Calls, bucket: str):
    s3 = calls.client("s3")
    s3.put_object(Bucket=bucket, Key="static/a", Body=b"a")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_bucket_policy(Bucket=bucket, Policy=_public(bucket))
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=_public(bucket))
    assert ask("GET", f"{aws.s3_url}/{bucket}/static/a").body == b"a"


def test_the_block_shuts_a_public_bucket_again(aws: LocalAws, calls: Calls, bucket: str):
    s3 = calls.client("s3")
    s3.put_object(Bucket=bucket, Key="static/a", Body=b"a")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=_public(bucket))
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert ask("GET", f"{aws.s3_url}/{bucket}/static/a").status == 403
    assert s3.get_object(Bucket=bucket, Key="static/a")["Body"].read() == b"a"


def test_a_canned_acl_is_rejected_while_the_owner_owns_every_object(calls: Calls, bucket: str):
    s3 = calls.client("s3")
    with pytest.raises(ClientError, match="AccessControlListNotSupported"):
        s3.put_object(Bucket=bucket, Key="static/a", Body=b"a", ACL="public-read")


def test_a_public_acl_is_rejected_by_the_block_where_acls_are_on(calls: Calls, bucket: str):
    s3 = calls.client("s3")
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="static/a", Body=b"a", ACL="public-read")


def test_objects_and_configuration_outlive_a_restart(tmp_path):
    block = DOCUMENTS["publicAccessBlock"].encode()
    with start(tmp_path) as aws:
        s3 = Calls(aws).client("s3")
        s3.create_bucket(Bucket="example-com", CreateBucketConfiguration={"LocationConstraint": aws.region})
        s3.put_object(Bucket="example-com", Key="static/a", Body=b"kept")
        signed(aws, "PUT", "/example-com?publicAccessBlock=", block)
    with start(tmp_path) as aws:
        s3 = Calls(aws).client("s3")
        assert s3.get_object(Bucket="example-com", Key="static/a")["Body"].read() == b"kept"
        assert signed(aws, "GET", "/example-com?publicAccessBlock=").body == block


def test_a_deleted_buckets_configuration_is_forgotten(aws: LocalAws, calls: Calls, bucket: str):
    s3 = calls.client("s3")
    s3.delete_public_access_block(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    assert s3.get_public_access_block(Bucket=bucket)


def _public(bucket: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/static/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
