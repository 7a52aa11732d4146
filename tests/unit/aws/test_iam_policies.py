"""The generated IAM documents; their effect is tested where an API enforces them."""

import json

import pytest

from slipway.tool.cdn.iam_policies import deployer, pruner, web

BUCKET = "example-com"
ACCOUNT = "arn:aws:cloudfront::123456789012"
ARN, MEDIA_ARN = f"{ACCOUNT}:distribution/E1", f"{ACCOUNT}:distribution/E2"
DOCUMENTS = {
    "deployer": deployer(BUCKET, "example-com-media", ARN, MEDIA_ARN),
    "pruner": pruner(BUCKET),
    "web": web("example-com-media"),
}


def allowed(name: str, action: str) -> list[str]:
    """The resources on which the identity ``name`` may do ``action``."""
    statements = [one for one in DOCUMENTS[name]["Statement"] if one["Effect"] == "Allow"]
    return [resource for s in statements if action in s["Action"] for resource in s["Resource"]]


def test_the_deployer_writes_static_files_and_releases_and_deletes_nothing():
    objects = ["arn:aws:s3:::example-com/static/*", "arn:aws:s3:::example-com/releases/*"]
    assert allowed("deployer", "s3:PutObject") == objects
    assert allowed("deployer", "s3:GetObject") == objects
    assert allowed("deployer", "s3:DeleteObject") == []
    assert allowed("deployer", "cloudfront:CreateInvalidation") == [ARN]


def test_the_deployer_reads_how_both_hosts_are_set_and_changes_none_of_it():
    assert allowed("deployer", "cloudfront:GetDistribution") == [ARN, MEDIA_ARN]
    assert allowed("deployer", "cloudfront:GetOriginAccessControlConfig") == [f"{ACCOUNT}:*/*"]
    buckets = ["arn:aws:s3:::example-com", "arn:aws:s3:::example-com-media"]
    assert allowed("deployer", "s3:GetBucketPublicAccessBlock") == buckets
    actions = {action.partition(":")[2] for one in DOCUMENTS["deployer"]["Statement"] for action in one["Action"]}
    writes = {action for action in actions if not action.startswith(("Get", "List"))}
    assert writes == {"PutObject", "CreateInvalidation"}


def test_the_pruner_deletes_static_files_and_reads_releases_alone():
    assert allowed("pruner", "s3:DeleteObject") == ["arn:aws:s3:::example-com/static/*"]
    assert allowed("pruner", "s3:GetObject") == ["arn:aws:s3:::example-com/releases/*"]
    assert allowed("pruner", "s3:PutObject") == []


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_the_web_process_touches_media_alone(action: str):
    prefixes = ["media/incoming/*", "media/public/*"]
    assert allowed("web", action) == [f"arn:aws:s3:::example-com-media/{prefix}" for prefix in prefixes]


@pytest.mark.parametrize("name", ["deployer", "pruner"])
def test_a_listing_is_bound_to_prefixes(name: str):
    (listing,) = [s for s in DOCUMENTS[name]["Statement"] if "s3:ListBucket" in s["Action"]]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["static/*", "releases/*"]}}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_action_is_a_wildcard_and_only_a_listing_of_distributions_has_no_resource(name: str):
    for statement in DOCUMENTS[name]["Statement"]:
        assert not any("*" in action for action in statement["Action"])
        if "*" in statement["Resource"]:
            assert statement["Action"] == ["cloudfront:ListDistributions"]


def test_a_policy_fits_into_a_user_whatever_the_bucket_is_called():
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: inline policies of a user, no spaces.
    arn = f"{ACCOUNT}:distribution/E1ABCDEFGHIJKL"
    document = deployer("b" * 63, "m" * 63, arn, arn)
    assert len(json.dumps(document, separators=(",", ":"))) <= 2048
