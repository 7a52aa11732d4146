"""IAM policies of the three identities that work after provisioning; each may do its part alone.

A missing object is a 403 for an identity without ListBucket, and a listing is allowed by prefix.
"""

from collections.abc import Sequence
from typing import Any

from deploy.cdn.names import INCOMING_PREFIX, PUBLIC_PREFIX, RELEASES_PREFIX, STATIC_PREFIX


def deployer(bucket: str, distribution_arn: str) -> dict[str, Any]:
    """Pushes static files, records releases and purges the static host; deletes nothing."""
    return _document(
        _objects(bucket, ["s3:GetObject", "s3:PutObject"], [STATIC_PREFIX, RELEASES_PREFIX]),
        _listing(bucket, [STATIC_PREFIX, RELEASES_PREFIX]),
        _allow(["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"], [distribution_arn]),
        # A purge finds its distribution by the alias; this call has no resource to name.
        _allow(["cloudfront:ListDistributions"], ["*"]),
    )


def pruner(bucket: str) -> dict[str, Any]:
    """Reads the releases' manifests and deletes the static files that none of them names."""
    return _document(
        _objects(bucket, ["s3:GetObject"], [RELEASES_PREFIX]),
        _objects(bucket, ["s3:DeleteObject"], [STATIC_PREFIX]),
        _listing(bucket, [STATIC_PREFIX, RELEASES_PREFIX]),
    )


def web(media_bucket: str) -> dict[str, Any]:
    """Signs uploads, reads and publishes them; sees nothing but media."""
    return _document(
        _objects(
            media_bucket,
            ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            [INCOMING_PREFIX, PUBLIC_PREFIX],
        )
    )


def _objects(bucket: str, actions: Sequence[str], prefixes: Sequence[str]) -> dict[str, Any]:
    return _allow(actions, [f"arn:aws:s3:::{bucket}/{prefix}*" for prefix in prefixes])


def _listing(bucket: str, prefixes: Sequence[str]) -> dict[str, Any]:
    condition = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
    return _allow(["s3:ListBucket"], [f"arn:aws:s3:::{bucket}"]) | {"Condition": condition}


def _allow(actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}
