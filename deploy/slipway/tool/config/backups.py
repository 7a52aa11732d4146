"""The bucket of the database's backups, and how many of them it keeps."""

from slipway.tool.config.forms import BUCKET
from slipway.tool.config.site import KEEP_BACKUPS, Site
from slipway.tool.config.values import Values

NONE = "none"


def bucket(values: Values, static: str) -> str:
    """The bucket's name, by default that of the ``static`` files' bucket with -backups; "" where there are none."""
    name = values.text("backup_bucket", BUCKET, "a bucket name, or none", f"{static}-backups")
    return "" if name == NONE else name


def keep(values: Values) -> int:
    backups = values.get("keep_backups", KEEP_BACKUPS)
    if backups < 1:
        raise values.error("keep_backups", f"{backups} leaves nothing to restore; give 1 or more")
    return backups


def check_private(values: Values, site: Site) -> None:
    """Raises SlipwayError where the backups would share a bucket with what others read."""
    others = {site.bucket: "the static files", site.media_bucket: "the uploads", site.cdn_logs: "the CDN's logs"}
    if site.backup_bucket and site.backup_bucket in others:
        owner = others[site.backup_bucket]
        raise values.error(
            "backup_bucket", f"{site.backup_bucket} is the bucket of {owner}; backups need one of their own"
        )
