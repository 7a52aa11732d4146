"""The generated IAM documents; their effect is tested where an API enforces them."""

import json

import pytest

from slipway.tool.cdn.iam_policies import backup, deployer, pruner, restorer, web

BUCKET = "example-com"
ACCOUNT = "arn:aws:cloudfront::123456789012"
ARN, MEDIA_ARN = f"{ACCOUNT}:distribution/E1", f"{ACCOUNT}:distribution/E2"
DOCUMENTS = {
    "deployer": deployer(BUCKET, "example-com-media", ARN, MEDIA_ARN),
    "pruner": pruner(BUCKET),
    "web": web("example-com-media"),
    "backup": backup("example-com-backups"),
    "restorer": restorer("example-com-backups", "example-com-media"),
}
BACKUPS = "arn:aws:s3:::example-com-backups"


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


def test_the_server_writes_backups_and_touches_no_older_version_and_no_setting():
    assert allowed("backup", "s3:PutObject") == [f"{BACKUPS}/{each}/*" for each in ("database", "dumps", "generations")]
    assert allowed("backup", "s3:DeleteObject") == [f"{BACKUPS}/{each}/*" for each in ("database", "dumps")]
    actions = {action for one in DOCUMENTS["backup"]["Statement"] for action in one["Action"]}
    assert actions == {f"s3:{each}" for each in ("GetObject", "PutObject", "DeleteObject", "ListBucket")} | {
        "s3:AbortMultipartUpload"
    }


def test_the_server_makes_its_claim_of_a_generation_once():
    (denied,) = [one for one in DOCUMENTS["backup"]["Statement"] if one["Effect"] == "Deny"]
    assert (denied["Action"], denied["Resource"]) == (["s3:PutObject"], [f"{BACKUPS}/generations/*"])
    assert denied["Condition"]["Null"] == {"s3:if-none-match": "true"}


def test_the_restorer_reads_every_version_and_replaces_nothing_that_a_server_wrote():
    public = "arn:aws:s3:::example-com-media/media/public/*"
    assert allowed("restorer", "s3:GetObjectVersion") == [f"{BACKUPS}/*", public]
    assert allowed("restorer", "s3:PutObject") == [f"{BACKUPS}/database/*-at-*", f"{BACKUPS}/drills/*", public]
    assert allowed("restorer", "s3:DeleteObject") == [f"{BACKUPS}/database/*-at-*"]
    assert allowed("restorer", "s3:DeleteObjectVersion") == []


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
    longest = {
        "deployer": deployer("b" * 63, "m" * 63, arn, arn),
        "pruner": pruner("b" * 63),
        "web": web("m" * 63),
        "backup": backup("b" * 63),
        "restorer": restorer("b" * 63, "m" * 63),
    }
    assert longest.keys() == DOCUMENTS.keys()
    lengths = {name: len(json.dumps(document, separators=(",", ":"))) for name, document in longest.items()}
    assert max(lengths.values()) <= 2048, lengths
