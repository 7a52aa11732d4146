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
from moto.iam.access_control import IAMPolicyStatement, IAMRequest, S3IAMRequest

from deploy.cdn.policies import deployer, pruner, web

BUCKET = "example-com"
KEYS = {"aws_access_key_id": "setup", "aws_secret_access_key": "setup", "region_name": "us-east-1"}


class World:
    """A bucket, two distributions and a user for each identity."""

    def __init__(self) -> None:
        s3 = boto3.client("s3", **KEYS)
        s3.create_bucket(Bucket=BUCKET)
        for prefix in ("static", "releases", "media/incoming", "media/public"):
            s3.put_object(Bucket=BUCKET, Key=f"{prefix}/a", Body=b"a")
        self.static, self.media = (self._distribution(name) for name in ("static", "media"))
        arn = f"arn:aws:cloudfront::123456789012:distribution/{self.static}"
        self.keys = {
            name: self._user(name, policy)
            for name, policy in {
                "deployer": deployer(BUCKET, arn),
                "pruner": pruner(BUCKET),
                "web": web(BUCKET),
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
        asked["prefix"] = parse_qs(urlsplit(self._path).query).get("prefix", [""])[0]
        check(self, resource)

    def holds(self: IAMPolicyStatement, _: object) -> bool:
        patterns = self._statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix")
        return patterns is None or any(fnmatchcase(asked["prefix"], pattern) for pattern in patterns)

    monkeypatch.setattr(S3IAMRequest, "check_action_permitted", remember)
    monkeypatch.setattr(IAMPolicyStatement, "_check_conditions", holds)


def may(call, **params: object) -> bool:
    try:
        call(**params)
    except ClientError as error:
        # moto words CloudFront's refusal as another protocol would.
        said = error.response.get("Errors", error.response)["Error"]
        assert said["Code"] == "AccessDenied"
        return False
    return True


@pytest.mark.parametrize(
    ("identity", "prefix", "allowed"),
    [
        ("deployer", "static/", {"get", "put", "list"}),
        ("deployer", "releases/", {"get", "put", "list"}),
        ("deployer", "media/incoming/", set()),
        ("deployer", "media/public/", set()),
        ("pruner", "static/", {"delete", "list"}),
        ("pruner", "releases/", {"get", "list"}),
        ("pruner", "media/public/", set()),
        ("web", "media/incoming/", {"get", "put", "delete"}),
        ("web", "media/public/", {"get", "put", "delete"}),
        ("web", "static/", set()),
        ("web", "releases/", set()),
    ],
)
def test_an_identity_may_do_its_part_on_a_prefix(world: World, identity: str, prefix: str, allowed: set[str]):
    s3 = world.client("s3", identity)
    done = {
        "get": may(s3.get_object, Bucket=BUCKET, Key=f"{prefix}a"),
        "put": may(s3.put_object, Bucket=BUCKET, Key=f"{prefix}b", Body=b"b"),
        "delete": may(s3.delete_object, Bucket=BUCKET, Key=f"{prefix}a"),
        "list": may(s3.list_objects_v2, Bucket=BUCKET, Prefix=prefix),
    }
    assert {action for action, worked in done.items() if worked} == allowed


@pytest.mark.parametrize("identity", ["deployer", "pruner", "web"])
def test_nobody_lists_the_whole_bucket_or_changes_its_configuration(world: World, identity: str):
    s3 = world.client("s3", identity)
    assert not may(s3.list_objects_v2, Bucket=BUCKET)
    assert not may(s3.delete_bucket_policy, Bucket=BUCKET)
    assert not may(s3.delete_public_access_block, Bucket=BUCKET)
    assert not may(s3.put_bucket_versioning, Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


def test_the_deployer_purges_the_static_distribution_alone(world: World):
    cloudfront = world.client("cloudfront", "deployer")
    batch = {"CallerReference": "1", "Paths": {"Quantity": 1, "Items": ["/*"]}}
    assert may(cloudfront.list_distributions)
    assert may(cloudfront.create_invalidation, DistributionId=world.static, InvalidationBatch=batch)
    assert not may(cloudfront.create_invalidation, DistributionId=world.media, InvalidationBatch=batch)
    assert not may(cloudfront.get_distribution_config, Id=world.static)


@pytest.mark.parametrize("identity", ["pruner", "web"])
def test_nobody_else_purges(world: World, identity: str):
    cloudfront = world.client("cloudfront", identity)
    batch = {"CallerReference": "1", "Paths": {"Quantity": 1, "Items": ["/*"]}}
    assert not may(cloudfront.create_invalidation, DistributionId=world.static, InvalidationBatch=batch)
