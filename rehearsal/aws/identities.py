"""Who may call the S3 stand-in, and what each may do there.

The rights are the policies that ``slipway.tool.cdn`` generates, for whatever bucket, so that a key used in
the wrong place fails here as it would on AWS. The keys are public: they open only a stand-in.
"""

import json
from fnmatch import fnmatchcase
from typing import Any

from slipway.tool.cdn import iam_policies
from slipway.web.prefixes import PUBLIC_PREFIX, STATIC_PREFIX

ANY = "*"
# What CloudFront itself may read; whether a distribution may, the bucket's policy says.
_CDN = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": [f"arn:aws:s3:::*/{prefix}*" for prefix in (STATIC_PREFIX, PUBLIC_PREFIX)],
        },
        # The edge weighs the bucket's policy itself: who may read, and who is told that a key is missing.
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
    "cdn": _identity("cdn", _CDN),
}


def by_access_key(access_key: str) -> dict[str, Any] | None:
    """The identity that signs with ``access_key``."""
    return next((i for i in IDENTITIES.values() if i["access_key"] == access_key), None)


def may_list(identity: dict[str, Any]) -> bool:
    """Whether a missing key is a 404 for it: who may not list learns nothing but 403.

    A GetObject carries no prefix, so a ListBucket that asks for one does not hold.
    """
    policy = identity["policy"]
    return policy is None or any(
        "s3:ListBucket" in one["Action"] and "Condition" not in one for one in policy["Statement"]
    )


def may(identity: dict[str, Any], action: str) -> bool:
    """Whether its policy names ``action``, whatever the bucket."""
    policy = identity["policy"]
    return policy is None or any(action in one["Action"] for one in policy["Statement"])


def must_not_replace(identity: dict[str, Any], bucket: str, key: str) -> bool:
    """Whether its policy denies a PutObject of that key which does not say If-None-Match."""
    policy = identity["policy"] or {"Statement": []}
    denied = [one for one in policy["Statement"] if one["Effect"] == "Deny" and "s3:PutObject" in one["Action"]]
    named = [each.removeprefix("arn:aws:s3:::").partition("/") for one in denied for each in one["Resource"]]
    return any(fnmatchcase(bucket, where) and fnmatchcase(key, what) for where, _, what in named)


def seaweed_config() -> str:
    """The ``-s3.config`` document: every identity with its rights."""
    identities, documents = [], []
    for name, identity in IDENTITIES.items():
        keys = {"accessKey": identity["access_key"], "secretKey": identity["secret_key"]}
        entry: dict[str, Any] = {"name": name, "credentials": [keys]}
        if identity["policy"] is None:
            entry["actions"] = ["Admin", "Read", "Write", "List", "Tagging"]
        else:
            entry["policyNames"] = [name]
            # Of conditions on headers SeaweedFS knows nothing: what a policy denies the front rejects.
            allowed = [one for one in identity["policy"]["Statement"] if one["Effect"] == "Allow"]
            documents.append({"name": name, "content": json.dumps(identity["policy"] | {"Statement": allowed})})
        identities.append(entry)
    return json.dumps({"identities": identities, "policies": documents}, indent=1)
