"""The AWS key of one of our users: the old one is deleted when nothing signs with it any more."""

from botocore.exceptions import BotoCoreError, ClientError

from slipway.tool.aws.errors import AGAIN, NO_SUCH_KEY_CODES
from slipway.tool.cdn import access_keys, identities
from slipway.tool.cdn.account import Account
from slipway.tool.cdn.waiting import wait_for
from slipway.tool.config import Site
from slipway.tool.phases import phase
from slipway.tool.rotation.server import Server
from slipway.tool.secrets import AWS_PAIR, Secrets
from slipway.web.errors import SlipwayError
from slipway.web.media.limits import FORM_SECONDS

# The sections that the server has.
ON_SERVER = ("web", "backup")
KNOWN_WITHIN = 120.0  # s


def rotate(site: Site, secrets: Secrets, name: str, server: Server | None) -> None:
    """``server`` is None where the site has none yet, or ``name``'s key is on no server.

    Raises SlipwayError where section ``name`` has no key, or the user has one that is not ours to delete.
    """
    account = Account(site.region, say=lambda line: print(f"    {line}", flush=True))
    user = identities.user_name(site, name)
    with phase(f"Make a second key of user {user}"):
        secrets, old = _second(account, site, secrets, name, user)
        new = getattr(secrets, name)[AWS_PAIR[0]]
    with phase("Ask S3 with it"):
        _require_known(account, site, secrets, name, user)
    if server:
        server.bring(secrets, f"key {new} of user {user}")
    if name == "web" and server and server.host.fingerprint:
        with phase("Wait until the upload forms that the old key has signed expire"):
            wait_for("them", lambda: False, account.say, FORM_SECONDS)
    with phase(f"Delete the old key of user {user}"):
        for key in old:
            access_keys.delete(account, user, key)
        access_keys.remember(account, user, [new], [])


def _second(account: Account, site: Site, secrets: Secrets, name: str, user: str) -> tuple[Secrets, list[str]]:
    """The secrets with the new key, and the old keys. Goes on where an earlier run was interrupted."""
    file = secrets.path.name
    if not getattr(secrets, name).get(AWS_PAIR[0]):
        raise SlipwayError(f"{name}: no key in {file}, so there is none to replace; `make cdn` makes it")
    # Repairs what an earlier run has left of a key that nobody has.
    access_keys.ensure(account, site, name, user, secrets, is_new=False)
    if account.problems:
        raise SlipwayError(account.problems[0])
    secrets = Secrets.load(site)
    held, stored = getattr(secrets, name)[AWS_PAIR[0]], access_keys.remembered(account, user)
    others = [key["AccessKeyId"] for key in access_keys.keys_of(account, user) if key["AccessKeyId"] != held]
    if strange := [key for key in others if key not in stored]:
        raise SlipwayError(
            f"user {user} has another key, {strange[0]}, which Slipway did not make: "
            "delete it in IAM once nothing uses it, and run the same command again"
        )
    if others and stored[-1] != held:
        raise SlipwayError(f"user {user} has a newer key, {stored[-1]}, than {file}: take the newest {file} first")
    if others:
        print(f"    it was made before, {held}, and the old one is still there")
        return secrets, others
    access_keys.make(account, site, name, user, stored, [f"create key of user {user}, into {file}"], is_new=False)
    return Secrets.load(site), [held]


def _require_known(account: Account, site: Site, secrets: Secrets, name: str, user: str) -> None:
    """Raises SlipwayError while S3 rejects the new key as unknown; that it may do little is no matter here."""
    pair = tuple(getattr(secrets, name)[each] for each in AWS_PAIR)
    bucket = {"web": site.media_bucket, "backup": site.backup_bucket, "restorer": site.backup_bucket}
    client = account.identity.client("s3", site.region, site.endpoint, pair, site.addressing)

    def is_known() -> bool:
        try:
            client.list_objects_v2(Bucket=bucket.get(name, site.bucket), MaxKeys=1)
        except ClientError as error:
            return error.response["Error"].get("Code") not in NO_SUCH_KEY_CODES
        except BotoCoreError as error:
            raise SlipwayError(f"S3 does not answer the new key of user {user}: {error}; {AGAIN}") from None
        return True

    if not wait_for(f"S3 to know the new key of user {user}", is_known, account.say, KNOWN_WITHIN):
        raise SlipwayError(
            f"S3 does not know the new key of user {user} yet; {AGAIN}, and the old one serves meanwhile"
        )
