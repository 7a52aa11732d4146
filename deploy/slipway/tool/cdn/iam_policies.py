"""IAM policies of the five identities, each limited to its own tasks.

A missing object is a 403 for an identity without ListBucket; listing is allowed by prefix.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from slipway.web.prefixes import INCOMING_PREFIX, PUBLIC_PREFIX, RELEASES_PREFIX, STATIC_PREFIX
from slipway.web.static_objects import HASHED_SHAPE

# The objects of the bucket of backups: what pgBackRest writes, a folder for each generation; who has which generation;
# the dumps of a database elsewhere; what a restore drill found.
DATABASE_PREFIX = "database/"
GENERATIONS_PREFIX = "generations/"
DUMPS_PREFIX = "dumps/"
DRILLS_PREFIX = "drills/"
# The host that signs a GitHub job's token.
GITHUB = "token.actions.githubusercontent.com"
# The `environment` of the workflow's deploy job: GitHub's token then contains it in place of the branch.
ENVIRONMENT = "production"


# What the proof reads: the settings of both buckets and both distributions, and no object.
BUCKET_SETTINGS = (
    "s3:GetBucketCORS",
    "s3:GetBucketLocation",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    # Not for the proof: a push looks for the parts of a large object. A user's policy has room for no statement more.
    "s3:ListBucketMultipartUploads",
)
# Each reads one kind of resource, so that its ARN needs no kind: three of them would be too long for a user's policy.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html
DISTRIBUTION_SETTINGS = (
    "cloudfront:GetCachePolicyConfig",
    "cloudfront:GetOriginAccessControlConfig",
    "cloudfront:GetResponseHeadersPolicyConfig",
)


def deployer(bucket: str, media_bucket: str, static_arn: str, media_arn: str) -> dict[str, Any]:
    """Pushes static files, writes manifests, purges the static host and reads all settings; deletes nothing."""
    account = static_arn.partition(":distribution/")[0]
    return _document(
        # A push that was interrupted goes on with a large object's parts.
        _objects(
            bucket,
            ["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts"],
            [STATIC_PREFIX, RELEASES_PREFIX],
        ),
        _create_only(bucket, [HASHED_SHAPE, f"{RELEASES_PREFIX}*"]),
        _listing(bucket, [STATIC_PREFIX, RELEASES_PREFIX]),
        _allow(["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"], [static_arn]),
        # A purge finds its distribution by the alias; this call has no resource to name.
        _allow(["cloudfront:ListDistributions"], ["*"]),
        _allow(BUCKET_SETTINGS, [f"arn:aws:s3:::{name}" for name in (bucket, media_bucket)]),
        _allow(["cloudfront:GetDistribution"], [static_arn, media_arn]),
        _allow(DISTRIBUTION_SETTINGS, [f"{account}:*/*"]),
    )


def pruner(bucket: str) -> dict[str, Any]:
    """Reads the releases' manifests and deletes static files that are in none of them."""
    return _document(
        _objects(bucket, ["s3:GetObject"], [RELEASES_PREFIX]),
        _objects(bucket, ["s3:DeleteObject"], [STATIC_PREFIX]),
        _listing(bucket, [STATIC_PREFIX, RELEASES_PREFIX]),
    )


def web(media_bucket: str) -> dict[str, Any]:
    """Signs, reads and publishes uploads, and clears those that nobody finished; has access to media only."""
    return _document(
        _objects(
            media_bucket,
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            [INCOMING_PREFIX, PUBLIC_PREFIX],
        ),
        _listing(media_bucket, [INCOMING_PREFIX]),
    )


def backup(bucket: str) -> dict[str, Any]:
    """Writes the server's backups; an older version of an object it neither reads nor deletes.

    Its claims of a generation, ``generations/*``, are made once and stay. It lists the whole bucket: so a file that is
    missing is a 404 for pgBackRest, and no 403.
    """
    return _document(
        _objects(bucket, ["s3:GetObject"], [""]),
        _objects(bucket, ["s3:PutObject"], [DATABASE_PREFIX, DUMPS_PREFIX, GENERATIONS_PREFIX]),
        _create_only(bucket, [f"{GENERATIONS_PREFIX}*"]),
        _objects(bucket, ["s3:DeleteObject", "s3:AbortMultipartUpload"], [DATABASE_PREFIX, DUMPS_PREFIX]),
        _allow(["s3:ListBucket"], [f"arn:aws:s3:::{bucket}"]),
    )


def restorer(bucket: str, media_bucket: str) -> dict[str, Any]:
    """Reads backups and uploads in every version, and puts back what was deleted.

    Versions of backups are copied to a place of their own, ``database/<generation>-at-<time>/``: it can neither replace
    nor delete what a server wrote.
    """
    copies = f"{DATABASE_PREFIX}*-at-*"
    return _document(
        _objects(bucket, ["s3:GetObject", "s3:GetObjectVersion"], [""]),
        _allow(["s3:PutObject"], [f"arn:aws:s3:::{bucket}/{copies}", f"arn:aws:s3:::{bucket}/{DRILLS_PREFIX}*"]),
        _allow(["s3:DeleteObject", "s3:AbortMultipartUpload"], [f"arn:aws:s3:::{bucket}/{copies}"]),
        _allow(["s3:ListBucket", "s3:ListBucketVersions"], [f"arn:aws:s3:::{bucket}"]),
        _objects(media_bucket, ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], [PUBLIC_PREFIX]),
        _listing(media_bucket, [PUBLIC_PREFIX], ["s3:ListBucket", "s3:ListBucketVersions"]),
    )


def _objects(bucket: str, actions: Sequence[str], prefixes: Sequence[str]) -> dict[str, Any]:
    return _allow(actions, [f"arn:aws:s3:::{bucket}/{prefix}*" for prefix in prefixes])


def _create_only(bucket: str, keys: Sequence[str]) -> dict[str, Any]:
    """Denies to create an object without If-None-Match, so that none is replaced.

    The start and the parts of a multipart upload create none, and cannot send it; its completion does.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    return {
        "Effect": "Deny",
        "Action": ["s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/{key}" for key in keys],
        "Condition": {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}},
    }


def _listing(bucket: str, prefixes: Sequence[str], actions: Sequence[str] = ("s3:ListBucket",)) -> dict[str, Any]:
    condition = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
    return _allow(actions, [f"arn:aws:s3:::{bucket}"]) | {"Condition": condition}


def _allow(actions: Iterable[str], resources: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def github(site_github: str, provider_arn: str) -> dict[str, Any]:
    """Trusts only jobs in one repository's protected environment to assume the deployer's role.

    The environment's branches are set at GitHub. https://docs.github.com/en/actions/reference/security/oidc
    """
    audience_and_subject = {
        f"{GITHUB}:aud": "sts.amazonaws.com",
        f"{GITHUB}:sub": f"repo:{site_github}:environment:{ENVIRONMENT}",
    }
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": audience_and_subject},
    }
    return _document(trust)
