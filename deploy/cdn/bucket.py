"""The one private bucket: made, closed, versioned, swept, and opened to two distributions alone."""

import json
from dataclasses import dataclass, field
from typing import Any

from deploy.cdn.account import GLOBAL, TAG, Account, Site, ask, is_https
from deploy.cdn.drift import overlay
from deploy.cdn.names import INCOMING_PREFIX
from deploy.errors import SlipwayError

PUBLIC_ACCESS_BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
OWNERSHIP = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
VERSIONING = {"Status": "Enabled"}
LIFECYCLE = {
    "Rules": [
        {
            "ID": "abort-incomplete-uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        },
        {
            # An upload that nobody published.
            "ID": "expire-incoming",
            "Status": "Enabled",
            "Filter": {"Prefix": INCOMING_PREFIX},
            "Expiration": {"Days": 1},
        },
        {
            "ID": "expire-noncurrent",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        },
    ]
}


@dataclass(frozen=True)
class Setting:
    """One part of a bucket's configuration: how boto3 reads and writes it."""

    label: str
    get: str
    put: str
    # The member of the Put call that carries it; the Get call answers it whole or by its members.
    member: str
    wanted: dict[str, Any]
    absent: tuple[str, ...] = field(default=())

    def read(self, account: Account, bucket: str) -> dict[str, Any] | None:
        answer = ask(account.s3, self.get, f"bucket {bucket}", self.absent, Bucket=bucket)
        if answer is None:
            return None
        known = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        return known.get(self.member, known) or None

    def write(self, account: Account, bucket: str, value: dict[str, Any]) -> None:
        params = {"Bucket": bucket, self.member: value}
        ask(account.s3, self.put, f"bucket {bucket}", **params)


def settings(site: Site) -> list[Setting]:
    """What every bucket of ours has, in the order in which it is set."""
    cors = {
        "CORSRules": [
            {
                # The browser posts an upload's form straight to the bucket.
                "ID": "uploads",
                "AllowedOrigins": [site.site_url],
                "AllowedMethods": ["POST"],
                "AllowedHeaders": ["*"],
                "ExposeHeaders": ["ETag", "Location"],
                "MaxAgeSeconds": 3600,
            }
        ]
    }
    return [
        Setting(
            "public access block",
            "get_public_access_block",
            "put_public_access_block",
            "PublicAccessBlockConfiguration",
            PUBLIC_ACCESS_BLOCK,
            ("NoSuchPublicAccessBlockConfiguration",),
        ),
        Setting(
            "ownership",
            "get_bucket_ownership_controls",
            "put_bucket_ownership_controls",
            "OwnershipControls",
            OWNERSHIP,
            ("OwnershipControlsNotFoundError",),
        ),
        Setting(
            "encryption",
            "get_bucket_encryption",
            "put_bucket_encryption",
            "ServerSideEncryptionConfiguration",
            ENCRYPTION,
            ("ServerSideEncryptionConfigurationNotFoundError",),
        ),
        Setting(
            "versioning",
            "get_bucket_versioning",
            "put_bucket_versioning",
            "VersioningConfiguration",
            VERSIONING,
        ),
        Setting(
            "lifecycle",
            "get_bucket_lifecycle_configuration",
            "put_bucket_lifecycle_configuration",
            "LifecycleConfiguration",
            LIFECYCLE,
            ("NoSuchLifecycleConfiguration",),
        ),
        Setting(
            "cors",
            "get_bucket_cors",
            "put_bucket_cors",
            "CORSConfiguration",
            cors,
            ("NoSuchCORSConfiguration",),
        ),
    ]


def ensure_bucket(account: Account, site: Site) -> list[str]:
    """Makes the bucket and puts its configuration right. Returns what it changed."""
    changes = _ensure_exists(account, site)
    for setting in settings(site):
        current = setting.read(account, site.bucket)
        merged, drifts = overlay(current, setting.wanted)
        if drifts:
            setting.write(account, site.bucket, merged)
            changes.append(f"bucket {site.bucket}: {setting.label} {_said(current, drifts)}")
    return changes


def ensure_policy(account: Account, site: Site, readers: dict[str, str]) -> list[str]:
    """Lets each distribution ARN in ``readers`` read its prefix, and nobody else anything."""
    wanted = policy(site, readers)
    current = read_policy(account, site.bucket)
    if current == wanted:
        return []
    name = f"bucket {site.bucket}"
    ask(account.s3, "put_bucket_policy", name, Bucket=site.bucket, Policy=json.dumps(wanted))
    return [f"{name}: policy {'added' if current is None else 'repaired'}"]


def read_policy(account: Account, bucket: str) -> dict[str, Any] | None:
    answer = ask(account.s3, "get_bucket_policy", f"bucket {bucket}", ("NoSuchBucketPolicy",), Bucket=bucket)
    return json.loads(answer["Policy"]) if answer else None


def policy(site: Site, readers: dict[str, str]) -> dict[str, Any]:
    """The bucket policy. ``readers`` maps a distribution's ARN to the prefix that it serves.

    No ListBucket, so a missing key is a 403 and the CDN learns no names.
    """
    arn = f"arn:aws:s3:::{site.bucket}"
    statements: list[dict[str, Any]] = [
        {
            "Sid": f"Read{prefix.strip('/').title().replace('/', '')}",
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": "s3:GetObject",
            "Resource": f"{arn}/{prefix}*",
            "Condition": {"StringEquals": {"AWS:SourceArn": distribution}},
        }
        for distribution, prefix in readers.items()
    ]
    if is_https(site):
        statements.append(
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def describe_bucket(account: Account, site: Site) -> dict[str, Any] | None:
    """The bucket as S3 describes it, or None when there is none."""
    if not _exists(account, site.bucket):
        return None
    described = {setting.label.replace(" ", "_"): setting.read(account, site.bucket) for setting in settings(site)}
    return {
        "name": site.bucket,
        "region": site.region,
        "bucket_url": _url(account, site.bucket),
        **described,
        "policy": read_policy(account, site.bucket),
        "tags": _tags(account, site.bucket),
    }


def _ensure_exists(account: Account, site: Site) -> list[str]:
    name = f"bucket {site.bucket}"
    if _exists(account, site.bucket):
        owner = _tags(account, site.bucket).get(TAG)
        if owner == site.name:
            return []
        if owner or _holds_objects(account, site.bucket):
            whose = f"it belongs to the site {owner}" if owner else "it holds objects of its own"
            raise SlipwayError(f"{name} is not ours: {whose}; name another `bucket` in site.yml")
        _tag(account, site)
        return [f"{name}: taken over, it was empty"]
    # us-east-1 is S3's default, and it refuses to be named.
    place = {} if site.region == GLOBAL else {"LocationConstraint": site.region}
    params = {"CreateBucketConfiguration": place} if place else {}
    ask(account.s3, "create_bucket", name, Bucket=site.bucket, **params)
    _tag(account, site)
    return [f"{name}: created in {site.region}"]


def _exists(account: Account, bucket: str) -> bool:
    found = ask(
        account.s3,
        "head_bucket",
        f"bucket {bucket}",
        absent=("404", "NoSuchBucket"),
        denied="allow it to these credentials, or name another `bucket` in site.yml: this one may be a stranger's",
        Bucket=bucket,
    )
    return found is not None


def _holds_objects(account: Account, bucket: str) -> bool:
    listing = ask(account.s3, "list_objects_v2", f"bucket {bucket}", Bucket=bucket, MaxKeys=1)
    return bool(listing.get("Contents"))


def _tags(account: Account, bucket: str) -> dict[str, str]:
    answer = ask(account.s3, "get_bucket_tagging", f"bucket {bucket}", ("NoSuchTagSet",), Bucket=bucket)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]} if answer else {}


def _tag(account: Account, site: Site) -> None:
    tags = _tags(account, site.bucket) | {TAG: site.name}
    tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
    name = f"bucket {site.bucket}"
    ask(account.s3, "put_bucket_tagging", name, Bucket=site.bucket, Tagging={"TagSet": tag_set})


def _url(account: Account, bucket: str) -> str:
    """Where a visitor without credentials would ask for an object."""
    params = {"Bucket": bucket, "Key": "x"}
    signed = account.s3.generate_presigned_url("get_object", Params=params)
    return signed.partition("?")[0].removesuffix("/x")


def _said(current: dict[str, Any] | None, drifts: list[str]) -> str:
    return f"repaired ({'; '.join(drifts)})" if current else "set"
