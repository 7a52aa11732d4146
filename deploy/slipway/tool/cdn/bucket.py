"""A private bucket: its creation, configuration and lifecycle, and the policy of who reads it."""

import json
from dataclasses import dataclass
from typing import Any

from slipway.tool.aws import policies
from slipway.tool.cdn.account import GLOBAL, TAG, Account, is_https
from slipway.tool.cdn.bucket_extras import foreign, repair, tell
from slipway.tool.cdn.drift import ECHO, UNSET, overlay, without_markers
from slipway.tool.cdn.edges import Edge, Place
from slipway.tool.config import Site
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import INCOMING_PREFIX

PUBLIC_ACCESS_BLOCK = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
OWNERSHIP = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
# AWS rejects a KMS key beside AES256.
BY_DEFAULT = {"SSEAlgorithm": "AES256", "KMSMasterKeyID": UNSET}
ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": BY_DEFAULT}]}
VERSIONING = {"Status": "Enabled"}
# What a lifecycle rule can do, and what it can be limited to: another action on one of our rules could delete uploads.
ACTIONS = (
    "AbortIncompleteMultipartUpload",
    "Expiration",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransitions",
    "Transitions",
)
LIMITS = ("And", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "Tag")


def _rule(name: str, prefix: str = "", **actions: dict[str, Any]) -> dict[str, Any]:
    limits = {"Prefix": prefix, **dict.fromkeys(LIMITS, UNSET)}
    # `Prefix` is the former name of the filter.
    return {
        "ID": name,
        "Status": "Enabled",
        "Filter": limits,
        "Prefix": ECHO,
        **dict.fromkeys(ACTIONS, UNSET),
        **actions,
    }


ABORT_UPLOADS = _rule("abort-incomplete-uploads", AbortIncompleteMultipartUpload={"DaysAfterInitiation": 1})
# An unpublished upload, and each version of it: a form can be posted repeatedly for five minutes. Where two rules match
# a version, the shorter time applies.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
EXPIRE_INCOMING = _rule(
    "expire-incoming",
    INCOMING_PREFIX,
    Expiration={"Days": 1, "Date": UNSET, "ExpiredObjectDeleteMarker": ECHO},
    NoncurrentVersionExpiration={"NoncurrentDays": 1, "NewerNoncurrentVersions": UNSET},
)
# A deleted or replaced object can be restored for a month.
EXPIRE_NONCURRENT = _rule(
    "expire-noncurrent", NoncurrentVersionExpiration={"NoncurrentDays": 30, "NewerNoncurrentVersions": UNSET}
)
# Whoever has the server's key can delete and replace backups: that long they can be had back as they were. What
# pgBackRest itself let expire stays as long; then its delete marker goes too.
BACKUPS_STAY = 35  # days
EXPIRE_DELETED_BACKUPS = _rule(
    "expire-noncurrent",
    Expiration={"Days": UNSET, "Date": UNSET, "ExpiredObjectDeleteMarker": True},
    NoncurrentVersionExpiration={"NoncurrentDays": BACKUPS_STAY, "NewerNoncurrentVersions": UNSET},
)
RULES = {
    "static": [ABORT_UPLOADS],
    "media": [ABORT_UPLOADS, EXPIRE_INCOMING, EXPIRE_NONCURRENT],
    "backups": [ABORT_UPLOADS, EXPIRE_DELETED_BACKUPS],
}
KEYS = {"static": "bucket", "media": "media_bucket", "backups": "backup_bucket"}


@dataclass(frozen=True)
class Setting:
    """One part of a bucket's configuration: how boto3 reads and writes it."""

    label: str
    get: str
    put: str
    # The parameter of the Put call; the Get call returns it whole or by its members.
    member: str
    wanted: dict[str, Any]
    absent: tuple[str, ...] = ()

    def read(self, account: Account, bucket: str) -> dict[str, Any] | None:
        answer = account.call(account.s3, self.get, f"bucket {bucket}", self.absent, Bucket=bucket)
        if answer is None:
            return None
        known = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
        return known.get(self.member, known) or None


def settings(site: Site, place: Place) -> list[Setting]:
    """The bucket's settings, in the order in which they are applied."""
    # A static file can be rebuilt from its release, an upload and a backup cannot: their buckets keep old versions.
    versioning = [
        Setting("versioning", "get_bucket_versioning", "put_bucket_versioning", "VersioningConfiguration", VERSIONING)
    ]
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
        *(versioning if place.kind != "static" else []),
        Setting(
            "lifecycle",
            "get_bucket_lifecycle_configuration",
            "put_bucket_lifecycle_configuration",
            "LifecycleConfiguration",
            {"Rules": RULES[place.kind]},
            ("NoSuchLifecycleConfiguration",),
        ),
        *([_cors(site, place)] if isinstance(place, Edge) else []),
    ]


def _cors(site: Site, edge: Edge) -> Setting:
    # The distribution asks for every object as the site's origin, and passes preflights on.
    reads = {
        "ID": "reads",
        "AllowedOrigins": [*site.readers],
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": UNSET,
        "MaxAgeSeconds": 86_400,
    }
    # The browser posts an upload's form straight to the bucket.
    uploads = {
        "ID": "uploads",
        "AllowedOrigins": [*site.origins],
        "AllowedMethods": ["POST"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "Location"],
        "MaxAgeSeconds": 3600,
    }
    rules = [uploads, reads] if edge.kind == "media" else [reads]
    absent = ("NoSuchCORSConfiguration",)
    return Setting("cors", "get_bucket_cors", "put_bucket_cors", "CORSConfiguration", {"CORSRules": rules}, absent)


def ensure_bucket(account: Account, site: Site, place: Place) -> None:
    """Makes the bucket and corrects its configuration."""
    is_new = _ensure_exists(account, site, place)
    name = f"bucket {place.bucket}"
    if not is_new:
        repair(account, place.bucket)
        tell(account, place)
    for setting in settings(site, place):
        # A new bucket has AWS's defaults of today; ours are set whatever those are.
        current = None if is_new else setting.read(account, place.bucket)
        merged, drifts = overlay(current, setting.wanted)
        if drifts:
            lines = [f"change {name}: {setting.label}: {drift}" for drift in drifts]
            lines = lines if current else [f"create {name}: {setting.label}"]
            # A response may have members that the Put call does not accept.
            value = {part: merged[part] for part in setting.wanted} if current else without_markers(setting.wanted)
            account.change(account.s3, setting.put, name, lines, Bucket=place.bucket, **{setting.member: value})


def ensure_policy(account: Account, place: Place, wanted: dict[str, Any]) -> None:
    """Makes ``wanted`` the bucket's policy."""
    name, current = f"bucket {place.bucket}", read_policy(account, place.bucket)
    if policies.same(current, wanted):
        return
    lines = [f"create {name}: policy"]
    if current is not None:
        lines = [f"change {name}: policy: {line}" for line in policies.differences(current, wanted)]
    account.change(account.s3, "put_bucket_policy", name, lines, Bucket=place.bucket, Policy=json.dumps(wanted))


def read_policy(account: Account, bucket: str) -> dict[str, Any] | None:
    absent = ("NoSuchBucketPolicy", "NoSuchBucket")
    answer = account.call(account.s3, "get_bucket_policy", f"bucket {bucket}", absent, Bucket=bucket)
    return json.loads(answer["Policy"]) if answer else None


def policy(site: Site, edge: Edge, distribution_arn: str) -> dict[str, Any]:
    """The bucket policy: one distribution reads the prefix that it serves.

    ListBucket makes a missing key a 404 rather than a 403. It lists nothing: every request is for a key under the
    prefix, queries are not forwarded, and the bare host is the default root object.
    """
    arn = f"arn:aws:s3:::{edge.bucket}"
    reader = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
    }
    statements: list[dict[str, Any]] = [
        {"Sid": "Read", **reader, "Action": "s3:GetObject", "Resource": f"{arn}/{edge.prefix}*"},
        {"Sid": "TellWhatIsMissing", **reader, "Action": "s3:ListBucket", "Resource": arn},
    ]
    return {"Version": "2012-10-17", "Statement": statements + (_tls_only(edge) if is_https(site) else [])}


def backups_policy(place: Place) -> dict[str, Any]:
    """The policy of the bucket of backups: nobody but the account's own users, and they over TLS alone."""
    return {"Version": "2012-10-17", "Statement": _tls_only(place)}


def _tls_only(place: Place) -> list[dict[str, Any]]:
    arn = f"arn:aws:s3:::{place.bucket}"
    return [
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def describe_bucket(account: Account, site: Site, edge: Edge) -> dict[str, Any] | None:
    """The bucket as S3 describes it, or None when there is none."""
    # Not by HeadBucket, which requires the permission to list all of it.
    if (
        account.call(account.s3, "get_bucket_location", f"bucket {edge.bucket}", ("NoSuchBucket",), Bucket=edge.bucket)
        is None
    ):
        return None
    described = {
        setting.label.replace(" ", "_"): setting.read(account, edge.bucket) for setting in settings(site, edge)
    }
    return {
        "name": edge.bucket,
        "region": site.region,
        "bucket_url": _url(account, edge.bucket),
        **described,
        "policy": read_policy(account, edge.bucket),
        "tags": tags(account, edge.bucket),
    }


def _ensure_exists(account: Account, site: Site, place: Place) -> bool:
    """Creates the bucket if it is missing; whether it is new. Raises SlipwayError for one that is not ours."""
    name = f"bucket {place.bucket}"
    if exists(account, place):
        _check_ours(account, site, place)
        return False
    # us-east-1 is S3's default, and S3 rejects it as a LocationConstraint.
    constraint = {} if site.region == GLOBAL else {"LocationConstraint": site.region}
    params = {"CreateBucketConfiguration": constraint} if constraint else {}
    # From an interrupted run, a moment ago: it is there, and not listed everywhere yet.
    there = ("BucketAlreadyOwnedByYou",)
    made = [f"create {name} in {site.region}"]
    answer = account.change(account.s3, "create_bucket", name, made, there, Bucket=place.bucket, **params)
    if answer is None and not account.dry:
        _check_ours(account, site, place)
        return False
    _tag(account, site, place, {}, [])
    return True


def _check_ours(account: Account, site: Site, place: Place) -> None:
    """Raises SlipwayError for a bucket that holds anything of somebody else.

    An interrupted run leaves a bucket without tags, settings and objects. Such a bucket is taken.
    """
    name = f"bucket {place.bucket}"
    held = tags(account, place.bucket)
    if held.get(TAG) == site.name:
        account.existing.append(name)
        return
    whose = f"it belongs to the site {held[TAG]}" if TAG in held else foreign(account, place.bucket)
    if whose or held:
        raise SlipwayError(
            f"{name} is not ours: {whose or 'it has tags of its own'}; name another `{key_of(place)}` in site.yml, "
            f"or tag it {TAG}={site.name} to have it used"
        )
    _tag(account, site, place, held, [f"create {name}: ours from now on, it is empty"])


def key_of(place: Place) -> str:
    """The key of site.yml that names the bucket."""
    return KEYS[place.kind]


def exists(account: Account, place: Place) -> bool:
    other = f"name another `{key_of(place)}`"
    current = account.call(
        account.s3,
        "head_bucket",
        f"bucket {place.bucket}",
        absent=("404", "NoSuchBucket"),
        denied=f"allow it to these credentials, or {other} in site.yml: this one may be a stranger's",
        Bucket=place.bucket,
    )
    region = current and current.get("BucketRegion")
    if region and region != account.region:
        raise SlipwayError(
            f"bucket {place.bucket} is in {region}, and site.yml says {account.region}; correct `region`, or {other}"
        )
    return current is not None


def tags(account: Account, bucket: str) -> dict[str, str]:
    answer = account.call(account.s3, "get_bucket_tagging", f"bucket {bucket}", ("NoSuchTagSet",), Bucket=bucket)
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]} if answer else {}


def _tag(account: Account, site: Site, place: Place, held: dict[str, str], lines: list[str]) -> None:
    tag_set = [{"Key": key, "Value": value} for key, value in (held | {TAG: site.name}).items()]
    name = f"bucket {place.bucket}"
    account.change(account.s3, "put_bucket_tagging", name, lines, Bucket=place.bucket, Tagging={"TagSet": tag_set})


def _url(account: Account, bucket: str) -> str:
    """The bucket's URL, without credentials."""
    params = {"Bucket": bucket, "Key": "x"}
    signed = account.s3.generate_presigned_url("get_object", Params=params)
    return signed.partition("?")[0].removesuffix("/x")
