"""The generated policies, enforced by moto's IAM.

moto knows neither the prefix of a listing nor the distribution of an invalidation as something to
authorise, and cannot work out the signature of a CloudFront call; the shims below name both to its own
policy evaluation, which takes the identity from the access key.
"""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.authorization import enable_iam_authentication
from moto.iam.access_control import IAMPolicyStatement, IAMRequest, PermissionResult, S3IAMRequest

from slipway.tool.cdn.iam_policies import backup, deployer, pruner, restorer, web

BUCKET, MEDIA, BACKUPS = "example-com", "example-com-media", "example-com-backups"
PREFIXES = ("static/", "releases/", "media/incoming/", "media/public/")
PREFIXES += ("database/", "dumps/", "generations/", "drills/", "")
KEYS = {"aws_access_key_id": "setup", "aws_secret_access_key": "setup", "region_name": "us-east-1"}


class World:
    """A bucket, two distributions and a user for each identity."""

    def __init__(self) -> None:
        s3 = boto3.client("s3", **KEYS)
        for bucket in (BUCKET, MEDIA, BACKUPS):
            s3.create_bucket(Bucket=bucket)
            versions = {"Status": "Suspended" if bucket == BUCKET else "Enabled"}
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versions)
            for prefix in PREFIXES:
                s3.put_object(Bucket=bucket, Key=f"{prefix}a", Body=b"a")
        self.versions = {
            (bucket, one["Key"]): one["VersionId"]
            for bucket in (BUCKET, MEDIA, BACKUPS)
            for one in s3.list_object_versions(Bucket=bucket)["Versions"]
        }
        self.static, self.media = (self._distribution(name) for name in ("static", "media"))
        arns = [f"arn:aws:cloudfront::123456789012:distribution/{one}" for one in (self.static, self.media)]
        self.keys = {
            name: self._user(name, policy)
            for name, policy in {
                "deployer": deployer(BUCKET, MEDIA, *arns),
                "pruner": pruner(BUCKET),
                "web": web(MEDIA),
                "backup": backup(BACKUPS),
                "restorer": restorer(BACKUPS, MEDIA),
            }.items()
        }

    def client(self, service: str, identity: str):
        return boto3.client(service, **self.keys[identity])

    def _user(self, name: str, policy: dict) -> dict[str, str]:
        iam = boto3.client("iam", **KEYS)
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return KEYS | {
            "aws_access_key_id": key["AccessKeyId"],
            "aws_secret_access_key": key["SecretAccessKey"],
        }

    def _distribution(self, name: str) -> str:
        origin = {"Id": "o", "DomainName": f"{BUCKET}.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
        config = {
            "CallerReference": name,
            "Comment": "",
            "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "https-only"},
        }
        made = boto3.client("cloudfront", **KEYS).create_distribution(DistributionConfig=config)
        return made["Distribution"]["Id"]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_CLOUDFRONT", "AWS_ENDPOINT_URL_IAM"):
        monkeypatch.delenv(name, raising=False)
    _name_the_distribution(monkeypatch)
    _name_the_prefix(monkeypatch)
    with mock_aws():
        made = World()
        with enable_iam_authentication():
            yield made


def _name_the_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    def resource(self: CloudFrontResponse) -> str:
        parts = urlsplit(self.uri).path.split("/")
        is_one = len(parts) > 3 and parts[2] == "distribution"
        return f"arn:aws:cloudfront::123456789012:distribution/{parts[3]}" if is_one else "*"

    monkeypatch.setattr(CloudFrontResponse, "_determine_resource", resource, raising=False)
    monkeypatch.setattr(IAMRequest, "check_signature", lambda self: None)


def _name_the_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, str] = {}
    check = S3IAMRequest.check_action_permitted

    def remember(self: S3IAMRequest, resource: str) -> None:
        query = parse_qs(urlsplit(self._path).query, keep_blank_values=True)
        asked["prefix"] = query.get("prefix", [""])[0]
        asked["conditional"] = "If-None-Match" in self._headers
        # s3:ObjectCreationOperation: neither the start nor a part of a multipart upload creates an object.
        asked["creates"] = not query.keys() & {"uploads", "partNumber"}
        check(self, resource)

    def holds(self: IAMPolicyStatement, _: object) -> bool:
        patterns = self._statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix")
        return patterns is None or any(fnmatchcase(asked["prefix"], pattern) for pattern in patterns)

    judge = IAMPolicyStatement.is_action_permitted

    def judged(self: IAMPolicyStatement, action: str, resource: str = "*", *more: object) -> PermissionResult:
        """moto takes any statement whose condition does not hold for a denial, and knows no ? in a resource."""
        if self._statement["Effect"] == "Allow":
            permitted = judge(self, action, resource, *more) is PermissionResult.PERMITTED
            return PermissionResult.PERMITTED if permitted else PermissionResult.NEUTRAL
        unconditional = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
        assert self._statement["Condition"] == unconditional
        concerned = any(fnmatchcase(resource, pattern) for pattern in self._statement["Resource"])
        denied = action in self._statement["Action"] and concerned and asked["creates"] and not asked["conditional"]
        return PermissionResult.DENIED if denied else PermissionResult.NEUTRAL

    monkeypatch.setattr(IAMPolicyStatement, "is_action_permitted", judged)
    monkeypatch.setattr(S3IAMRequest, "check_action_permitted", remember)
    monkeypatch.setattr(IAMPolicyStatement, "_check_conditions", holds)


def may(call, **params: object) -> bool:
    try:
        call(**params)
    except ClientError as error:
        # moto words the rejections of CloudFront and ACM as another protocol would.
        denial = error.response.get("Errors", error.response)["Error"]
        assert denial["Code"] == "AccessDenied" or "<Code>AccessDenied</Code>" in denial["Message"], denial
        return False
    return True


# Identity → bucket and prefix → what it may do there; nothing wherever else it looks.
RIGHTS = {
    "deployer": {(BUCKET, "static/"): {"get", "put", "list"}, (BUCKET, "releases/"): {"get", "put", "list"}},
    "pruner": {(BUCKET, "static/"): {"delete", "list"}, (BUCKET, "releases/"): {"get", "list"}},
    "web": {
        # A job clears what nobody finished.
        (MEDIA, "media/incoming/"): {"get", "put", "delete", "list"},
        (MEDIA, "media/public/"): {"get", "put", "delete"},
    },
    "backup": {
        **{(BACKUPS, prefix): {"get", "list"} for prefix in PREFIXES},
        (BACKUPS, "database/"): {"get", "put", "delete", "list"},
        (BACKUPS, "dumps/"): {"get", "put", "delete", "list"},
        (BACKUPS, "generations/"): {"get", "put", "list"},
    },
    "restorer": {
        **{(BACKUPS, prefix): {"get", "get version", "list", "list versions"} for prefix in PREFIXES},
        (BACKUPS, "drills/"): {"get", "get version", "put", "list", "list versions"},
        (MEDIA, "media/public/"): {"get", "get version", "put", "list", "list versions"},
    },
}


@pytest.mark.parametrize("identity", RIGHTS)
def test_an_identity_may_do_its_part_and_nothing_else_in_either_bucket(world: World, identity: str):
    s3 = world.client("s3", identity)
    done = {}
    for bucket in (BUCKET, MEDIA, BACKUPS):
        for prefix in PREFIXES:
            older = {"Bucket": bucket, "Key": f"{prefix}a", "VersionId": world.versions[bucket, f"{prefix}a"]}
            tried = {
                "get version": may(s3.get_object, **older),
                "list versions": may(s3.list_object_versions, Bucket=bucket, Prefix=prefix),
                "delete version": may(s3.delete_object, **older),
                "get": may(s3.get_object, Bucket=bucket, Key=f"{prefix}a"),
                "put": may(s3.put_object, Bucket=bucket, Key=f"{prefix}b", Body=b"b", IfNoneMatch="*"),
                "delete": may(s3.delete_object, Bucket=bucket, Key=f"{prefix}a"),
                "list": may(s3.list_objects_v2, Bucket=bucket, Prefix=prefix),
            }
            allowed = {action for action, worked in tried.items() if worked}
            if allowed:
                done[bucket, prefix] = allowed
    assert done == RIGHTS[identity]


def test_the_deployer_creates_hashed_names_and_releases_and_replaces_neither(world: World):
    s3 = world.client("s3", "deployer")
    for key in ("static/js/app.0123456789ab.js", "releases/1.json"):
        assert may(s3.put_object, Bucket=BUCKET, Key=key, Body=b"a", IfNoneMatch="*")
        assert not may(s3.put_object, Bucket=BUCKET, Key=key, Body=b"b"), key
    assert may(s3.put_object, Bucket=BUCKET, Key="static/favicon.ico", Body=b"a")
    assert may(s3.put_object, Bucket=BUCKET, Key="static/favicon.ico", Body=b"b")


def test_the_deployer_creates_a_hashed_name_of_parts_and_replaces_none_so(world: World):
    s3 = world.client("s3", "deployer")
    film = {"Bucket": BUCKET, "Key": "static/film.0123456789ab.mp4"}

    def completed(**condition: str) -> bool:
        film["UploadId"] = s3.create_multipart_upload(Bucket=BUCKET, Key=film["Key"])["UploadId"]
        etag = s3.upload_part(**film, PartNumber=1, Body=b"a")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        return may(s3.complete_multipart_upload, **film, MultipartUpload=parts, **condition)

    assert completed(IfNoneMatch="*")
    assert not completed()
    assert may(s3.list_multipart_uploads, Bucket=BUCKET, Prefix=film["Key"])


# A call of every kind that an account's owner may make, and none of these identities.
REJECTED = {
    "list all buckets": ("s3", "list_buckets", {}),
    "list old versions": ("s3", "list_object_versions", {"Bucket": MEDIA}),
    "make a bucket": ("s3", "create_bucket", {"Bucket": "more"}),
    "delete the bucket": ("s3", "delete_bucket", {"Bucket": BUCKET}),
    "delete its policy": ("s3", "delete_bucket_policy", {"Bucket": BUCKET}),
    "change its policy": ("s3", "put_bucket_policy", {"Bucket": BUCKET, "Policy": "{}"}),
    "open it": ("s3", "delete_public_access_block", {"Bucket": BUCKET}),
    "keep no versions": (
        "s3",
        "put_bucket_versioning",
        {"Bucket": MEDIA, "VersioningConfiguration": {"Status": "Suspended"}},
    ),
    "make an object public": ("s3", "put_object_acl", {"Bucket": BUCKET, "Key": "static/a", "ACL": "public-read"}),
    "make a user": ("iam", "create_user", {"UserName": "more"}),
    "make itself a key": ("iam", "create_access_key", {"UserName": "web"}),
    "allow itself more": (
        "iam",
        "put_user_policy",
        {"UserName": "web", "PolicyName": "web", "PolicyDocument": json.dumps({"Version": "2012-10-17"})},
    ),
    "list users": ("iam", "list_users", {}),
    "ask for a certificate": ("acm", "request_certificate", {"DomainName": "example.com"}),
    "list certificates": ("acm", "list_certificates", {}),
}


@pytest.mark.parametrize("identity", RIGHTS)
def test_nobody_does_what_an_owner_does(world: World, identity: str):
    for what, (service, operation, params) in REJECTED.items():
        assert not may(getattr(world.client(service, identity), operation), **params), what


def test_the_deployer_purges_the_static_distribution_alone(world: World):
    cloudfront = world.client("cloudfront", "deployer")
    batch = {"CallerReference": "1", "Paths": {"Quantity": 1, "Items": ["/*"]}}
    assert may(cloudfront.list_distributions)
    assert may(cloudfront.create_invalidation, DistributionId=world.static, InvalidationBatch=batch)
    assert not may(cloudfront.create_invalidation, DistributionId=world.media, InvalidationBatch=batch)
    assert not may(cloudfront.get_distribution_config, Id=world.static)


def test_the_deployer_alone_reads_how_buckets_and_distributions_are_set(world: World):
    for identity in RIGHTS:
        s3, cloudfront = world.client("s3", identity), world.client("cloudfront", identity)
        answers = [may(s3.get_bucket_location, Bucket=bucket) for bucket in (BUCKET, MEDIA)]
        answers += [may(s3.get_bucket_versioning, Bucket=bucket) for bucket in (BUCKET, MEDIA)]
        answers += [may(cloudfront.get_distribution, Id=one) for one in (world.static, world.media)]
        assert set(answers) == {identity == "deployer"}, identity


@pytest.mark.parametrize("identity", ["pruner", "web"])
def test_nobody_else_purges(world: World, identity: str):
    cloudfront = world.client("cloudfront", identity)
    batch = {"CallerReference": "1", "Paths": {"Quantity": 1, "Items": ["/*"]}}
    assert not may(cloudfront.create_invalidation, DistributionId=world.static, InvalidationBatch=batch)
