"""The identities of the S3 stand-in and their permissions.

Their policies are those that ``slipway.tool.cdn`` generates, for any bucket, so that a key used in the wrong
place fails here as it would on AWS. The keys are public: they are good for the stand-in only.
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from slipway.tool.cdn import iam_policies
from slipway.web.prefixes import PUBLIC_PREFIX, STATIC_PREFIX

ANY = "*"
# They read a whole bucket, which must be none of the others.
ANY_BACKUPS = "*-backups"
# CloudFront itself; a distribution needs the bucket's policy too.
_CDN = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [f"arn:aws:s3:::*/{prefix}*" for prefix in (STATIC_PREFIX, PUBLIC_PREFIX)],
        },
        # The edge evaluates the bucket's policy itself: who may read, and who gets a 404 for a missing key.
        {"Effect": "Allow", "Action": ["s3:GetBucketPolicy", "s3:ListBucket"], "Resource": ["arn:aws:s3:::*"]},
    ],
}


def _identity(name: str, policy: dict[str, Any] | None) -> dict[str, Any]:
    """Keys in AWS's form. ``policy`` is an IAM document, None for an administrator."""
    return {
        "access_key": f"AKIASLIPWAY{name.upper()}".ljust(20, "0")[:20],
        "secret_key": f"rehearsal-{name}-secret-key-".ljust(40, "0"),
        "policy": policy,
    }


IDENTITIES = {
    "admin": _identity("admin", None),
    "deployer": _identity("deployer", iam_policies.deployer(ANY, ANY, ANY, ANY)),
    "pruner": _identity("pruner", iam_policies.pruner(ANY)),
    "web": _identity("web", iam_policies.web(ANY)),
    "backup": _identity("backup", iam_policies.backup(ANY_BACKUPS)),
    "restorer": _identity("restorer", iam_policies.restorer(ANY_BACKUPS, ANY)),
    "cdn": _identity("cdn", _CDN),
}


def by_access_key(access_key: str) -> dict[str, Any] | None:
    """The identity that signs with ``access_key``."""
    return next((i for i in IDENTITIES.values() if i["access_key"] == access_key), None)


def may_list(identity: dict[str, Any]) -> bool:
    """Whether a missing key is a 404 for it; without ListBucket it is a 403.

    A GetObject has no prefix, so a ListBucket with a condition on one does not apply.
    """
    policy = identity["policy"]
    return policy is None or any(
        "s3:ListBucket" in one["Action"] and "Condition" not in one for one in policy["Statement"]
    )


def may(identity: dict[str, Any], action: str) -> bool:
    """Whether its policy allows ``action`` on any bucket."""
    policy = identity["policy"]
    return policy is None or any(action in one["Action"] for one in policy["Statement"])


def must_not_replace(identity: dict[str, Any], bucket: str, key: str, *, creates: bool) -> bool:
    """Whether its policy denies a PutObject of that key without If-None-Match.

    ``creates``: the request creates an object, and is no start and no part of a multipart upload.
    """
    policy = identity["policy"] or {"Statement": []}
    denied = [one for one in policy["Statement"] if one["Effect"] == "Deny" and "s3:PutObject" in one["Action"]]
    if not creates:
        denied = [one for one in denied if "s3:ObjectCreationOperation" not in one["Condition"].get("Bool", {})]
    named = [each.removeprefix("arn:aws:s3:::").partition("/") for one in denied for each in one["Resource"]]
    return any(fnmatchcase(bucket, where) and fnmatchcase(key, what) for where, _, what in named)


def seaweed_config() -> str:
    """The ``-s3.config`` document: every identity with its policy."""
    identities, documents = [], []
    for name, identity in IDENTITIES.items():
        keys = {"accessKey": identity["access_key"], "secretKey": identity["secret_key"]}
        entry: dict[str, Any] = {"name": name, "credentials": [keys]}
        if identity["policy"] is None:
            entry["actions"] = ["Admin", "Read", "Write", "List", "Tagging"]
        else:
            entry["policyNames"] = [name]
            # SeaweedFS knows no conditions on headers: the proxy applies a policy's Deny.
            allowed = [one for one in identity["policy"]["Statement"] if one["Effect"] == "Allow"]
            documents.append({"name": name, "content": json.dumps(identity["policy"] | {"Statement": allowed})})
        identities.append(entry)
    return json.dumps({"identities": identities, "policies": documents}, indent=1)
