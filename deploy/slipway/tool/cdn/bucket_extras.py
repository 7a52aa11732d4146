"""What somebody added to a bucket beside the settings that it needs: repaired, or named, as it may be meant."""

from slipway.tool.cdn.account import Account
from slipway.tool.cdn.edges import Place

EVERYBODY = "http://acs.amazonaws.com/groups/"


def repair(account: Account, bucket: str) -> None:
    """Undoes what opens the bucket, or closes it to the CDN."""
    _repair_acl(account, bucket)
    s3, name = account.s3, f"bucket {bucket}"
    if account.call(s3, "get_bucket_website", name, ("NoSuchWebsiteConfiguration",), Bucket=bucket):
        line = f"change {name}: website is there, should not be: the bucket is private"
        account.change(s3, "delete_bucket_website", name, [line], Bucket=bucket)
    if account.call(s3, "get_bucket_request_payment", name, Bucket=bucket).get("Payer") == "Requester":
        line = f"change {name}: requester pays, should not: nobody who reads it would"
        owner = {"Payer": "BucketOwner"}
        account.change(s3, "put_bucket_request_payment", name, [line], Bucket=bucket, RequestPaymentConfiguration=owner)


def tell(account: Account, place: Place) -> None:
    """Notes what costs money, keeps or copies objects, and may be the owner's wish."""
    s3, bucket, name = account.s3, place.bucket, f"bucket {place.bucket}"
    for rule in _replication(account, bucket):
        target = rule.get("Destination", {}).get("Bucket", "another bucket")
        account.note(
            f"{name}: replication copies its objects to {target}; delete the rule (S3, Management, Replication rules) "
            "if that is not your backup"
        )
    sent = account.call(s3, "get_bucket_notification_configuration", name, Bucket=bucket)
    if kinds := sorted(kind for kind in sent if kind.endswith(("Configuration", "Configurations"))):
        account.note(
            f"{name}: notifications ({', '.join(kinds)}) tell others of each object; remove them "
            "(S3, Properties, Event notifications) if nothing of yours needs them"
        )
    if account.call(s3, "get_bucket_accelerate_configuration", name, Bucket=bucket).get("Status") == "Enabled":
        account.note(f"{name}: transfer acceleration is on, which costs and is not used; suspend it (S3, Properties)")
    missing = ("ObjectLockConfigurationNotFoundError",)
    if account.call(s3, "get_object_lock_configuration", name, missing, Bucket=bucket):
        account.note(
            f"{name}: object lock keeps deleted and replaced objects; `make prune` and `make destroy` may be rejected. "
            "It cannot be taken off; remove its default retention (S3, Properties, Object Lock)"
        )
    logging = account.call(s3, "get_bucket_logging", name, Bucket=bucket).get("LoggingEnabled", {})
    if logging:
        account.note(
            f"{name}: access logs go to {logging.get('TargetBucket')}; stop them (S3, Properties, Server access "
            "logging) if you do not read them"
        )
    if place.kind == "static":
        status = account.call(s3, "get_bucket_versioning", name, Bucket=bucket).get("Status")
        if status == "Enabled":
            account.note(
                f"{name}: versioning is on, so `make prune` frees nothing; suspend it (S3, Properties, Bucket "
                "Versioning): each release can be built again"
            )


def foreign(account: Account, bucket: str) -> str:
    """What shows that an untagged bucket is somebody's, or ""."""
    s3, name = account.s3, f"bucket {bucket}"
    if account.call(s3, "list_object_versions", name, Bucket=bucket, MaxKeys=1).keys() & {"Versions", "DeleteMarkers"}:
        return "it holds objects of its own"
    if account.call(s3, "list_objects_v2", name, Bucket=bucket, MaxKeys=1).get("Contents"):
        return "it holds objects of its own"
    settings = {
        "policy": ("get_bucket_policy", "NoSuchBucketPolicy"),
        "website": ("get_bucket_website", "NoSuchWebsiteConfiguration"),
        "lifecycle": ("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
        "CORS": ("get_bucket_cors", "NoSuchCORSConfiguration"),
        "replication": ("get_bucket_replication", "ReplicationConfigurationNotFoundError"),
    }
    for label, (operation, missing) in settings.items():
        if account.call(s3, operation, name, (missing,), Bucket=bucket):
            return f"it has a {label} configuration of its own"
    if account.call(s3, "get_bucket_versioning", name, Bucket=bucket).get("Status"):
        return "it has versions"
    return ""


def _repair_acl(account: Account, bucket: str) -> None:
    """Takes back what an ACL gives to others. Until then AWS rejects the ownership that switches ACLs off."""
    name = f"bucket {bucket}"
    answer = account.call(account.s3, "get_bucket_acl", name, Bucket=bucket)
    owner = answer.get("Owner", {}).get("ID")
    others = [
        f"{one['Permission']} to {one['Grantee'].get('URI', '').removeprefix(EVERYBODY) or one['Grantee'].get('ID')}"
        for one in answer.get("Grants", [])
        if one["Grantee"].get("ID") != owner or "URI" in one["Grantee"]
    ]
    if others:
        lines = [f"change {name}: ACL gives {', '.join(others)}, should give nothing to others"]
        account.change(account.s3, "put_bucket_acl", name, lines, Bucket=bucket, ACL="private")


def _replication(account: Account, bucket: str) -> list[dict]:
    missing = ("ReplicationConfigurationNotFoundError",)
    answer = account.call(account.s3, "get_bucket_replication", f"bucket {bucket}", missing, Bucket=bucket)
    return answer["ReplicationConfiguration"]["Rules"] if answer else []
