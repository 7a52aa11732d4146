"""The bucket of the database's backups, and the passphrase that encrypts them: made once, and never replaced."""

from slipway.tool.cdn.account import Account, is_https
from slipway.tool.cdn.bucket import backups_policy, ensure_bucket, ensure_policy
from slipway.tool.cdn.edges import Place, backups
from slipway.tool.config import Site
from slipway.tool.secrets import PASSPHRASE, Secrets, new_passphrase


def ensure_backups(account: Account, site: Site, secrets: Secrets | None) -> None:
    """Makes or repairs the bucket, and makes a passphrase where the vaulted file has none."""
    place = backups(site)
    if place is None:
        return
    ensure_bucket(account, site, place)
    if is_https(site):
        ensure_policy(account, place, backups_policy(place))
    if secrets and PASSPHRASE not in secrets.backup:
        _make_passphrase(account, site, place, secrets)


def _make_passphrase(account: Account, site: Site, place: Place, secrets: Secrets) -> None:
    """Puts a new one into the vaulted file. Backups that are there have been encrypted by another one already."""
    file, bucket = secrets.path.name, f"bucket {place.bucket}"
    held = account.call(account.s3, "list_objects_v2", bucket, ("NoSuchBucket",), Bucket=place.bucket, MaxKeys=1) or {}
    if held.get("KeyCount"):
        account.problem(
            f"{bucket} holds backups, and {file} has no {PASSPHRASE} to read them; take the newest {file} from who has "
            "it, or type the passphrase from paper with `make secrets`, under backup"
        )
        return
    line = f"create passphrase of the backups, into {file}; print it for paper with `make escrow`"
    account.make(line, lambda: Secrets.put(site, "backup", {PASSPHRASE: new_passphrase()}))
