"""The bucket of the database's backups at any S3 server that Slipway does not provision."""

import json

from slipway.tool.cdn import iam_policies
from slipway.tool.cdn.bucket import BACKUPS_STAY
from slipway.tool.config import Site
from slipway.tool.providers.contract import Step
from slipway.tool.secrets import PASSPHRASE

GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"


def describe(site: Site) -> list[Step]:
    """What to set by hand; nothing where site.yml has no backups."""
    if not site.backup_bucket:
        return []
    where = f"at {site.endpoint}" if site.endpoint else f"at AWS, in {site.region}"
    return [
        Step(
            f"Make another private bucket, {site.backup_bucket}, {where}, for the database's backups. Turn on its "
            f"versioning, and let versions that are no longer current expire after {BACKUPS_STAY} days, and incomplete "
            "uploads after one. No CDN may read it. Where there is no versioning, as with Cloudflare's R2, whoever "
            "takes the server over can destroy its backups: copy them to a place that its key cannot reach",
            f"{GUIDE}/Versioning.html",
        ),
        Step(
            f"Make two more S3 keys for `make secrets`. backup lists {site.backup_bucket}, reads, writes and deletes "
            "its objects, and has no right to their versions and to settings; restorer reads both that bucket and "
            f"{site.media_bucket} with their versions, and writes to them{_policies(site)}",
            f"{GUIDE}/security-iam.html",
        ),
        Step(
            f"Under backup in `make secrets` belongs {PASSPHRASE} too. `make init` has made it; a site from before "
            "takes what `openssl rand -hex 32` prints. Never change it, and print it with `make escrow`",
            "https://pgbackrest.org/configuration.html#section-repository/option-repo-cipher-pass",
        ),
    ]


def _policies(site: Site) -> str:
    """The policies themselves, for a server that takes AWS's."""
    if site.provider != "s3":
        return ""
    backup = json.dumps(iam_policies.backup(site.backup_bucket))
    restorer = json.dumps(iam_policies.restorer(site.backup_bucket, site.media_bucket))
    return f". Where the server takes AWS's policies, that of backup is {backup}, and that of restorer is {restorer}"
