"""The access key of a user of ours: made, put into the vaulted file, and known by the user's tag.

The tag `slipway-key` has the ids of the keys that went into somebody's vaulted file, and ``MAKING`` while one is made.
So a key of an interrupted run, which nobody has, is told from the key of a colleague with a newer file.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from slipway.tool.aws.errors import NO_SUCH_KEY_CODES
from slipway.tool.cdn.account import Account
from slipway.tool.cdn.permissions import ABSENT
from slipway.tool.cdn.waiting import wait_for
from slipway.tool.config import Site
from slipway.tool.secrets import AWS_PAIR, Secrets
from slipway.web.errors import SlipwayError

TAG = "slipway-key"
MAKING = "+"
KEYS_OF_A_USER = 2
# https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-3
ROTATED_AFTER = timedelta(days=90)
KNOWN_WITHIN = 60.0  # seconds
ANEW = "delete its two lines from {file}, and run `make cdn` and `make deploy`"


def ensure(account: Account, site: Site, name: str, user: str, secrets: Secrets, *, is_new: bool) -> None:
    """Puts a key of ``user`` into section ``name`` of the vaulted file, unless a working one is there.

    Raises SlipwayError where the user has as many keys as IAM allows.
    """
    held, file = getattr(secrets, name).get(AWS_PAIR[0]), secrets.path.name
    stored = [] if is_new else remembered(account, user)
    keys = {} if is_new else {key["AccessKeyId"]: key for key in keys_of(account, user)}
    active = [key for key in keys if keys[key]["Status"] == "Active"]
    if held in active:
        _delete_unknown(account, user, keys, [*stored, held])
        if set(stored) != {held, *stored} - {MAKING}:
            lines = [] if MAKING in stored else [f"change user {user}: its tag {TAG} should name key {held}"]
            remember(account, user, [*(key for key in stored if key in keys), held], lines)
        _note_age(account, user, keys[held], file)
        _note_others(account, user, [key for key in keys if key != held], file)
        return
    _delete_unknown(account, user, keys, stored)
    others = [key for key in active if key in keys]
    if held in keys:
        account.problem(
            f"user {user}: key {held} of {file} is switched off in IAM; switch it on there, or "
            + ANEW.format(file=file)
        )
        return
    if held and (others or held not in stored):
        account.problem(
            f"{name}: the key in {file} is no working key of user {user}"
            + (f", which has {', '.join(others)}; take the newest {file} from who has it, or " if others else "; ")
            + ANEW.format(file=file)
        )
        return
    _note_others(account, user, list(keys), file)
    if len(keys) >= KEYS_OF_A_USER:
        raise SlipwayError(
            f"user {user} has {len(keys)} keys, none in {file}; take the newest {file} from who has one of them, "
            "or delete one in IAM that nothing uses"
        )
    lines = [f"create key of user {user}, into {file}"]
    if held:
        lines = [f"change key of user {user}: {held}, in {file}, was deleted in IAM"]
    make(account, site, name, user, [key for key in stored if key in keys], lines, is_new=is_new)


def remove(account: Account, site: Site, name: str, user: str, secrets: Secrets | None) -> None:
    """Deletes the keys of a user of ours, and takes its key out of the vaulted file."""
    keys = [key["AccessKeyId"] for key in keys_of(account, user)]
    known = {*keys, *remembered(account, user)}
    if secrets and getattr(secrets, name).get(AWS_PAIR[0]) in known and not account.dry:
        Secrets.put(site, name, dict.fromkeys(AWS_PAIR))
    for key in keys:
        delete(account, user, key)


def make(
    account: Account, site: Site, name: str, user: str, stored: list[str], lines: list[str], *, is_new: bool
) -> None:
    """Makes a key. The tag is set around it: whenever this is cut off, the next run knows what the key is."""
    if not is_new:
        remember(account, user, [*stored, MAKING], [])
    made = account.change(account.iam, "create_access_key", f"user {user}", lines, UserName=user)
    if not made:
        return
    pair = made["AccessKey"]["AccessKeyId"], made["AccessKey"]["SecretAccessKey"]
    Secrets.put(site, name, dict(zip(AWS_PAIR, pair, strict=True)))
    remember(account, user, [*stored, pair[0]], [])
    _wait_until_known(account, user, pair)


def _wait_until_known(account: Account, user: str, pair: tuple[str, str]) -> None:
    """Waits until AWS takes the new key, which a deploy would use next; notes one that it does not take yet."""
    client = account.identity.client("sts", account.region, pair=pair)

    def is_known() -> bool:
        try:
            client.get_caller_identity()
        except ClientError as error:
            return error.response["Error"].get("Code") not in NO_SUCH_KEY_CODES
        except BotoCoreError:
            pass
        return True

    if not wait_for(f"the new key of user {user} to be known", is_known, account.say, KNOWN_WITHIN):
        account.note(f"AWS does not know the new key {pair[0]} of user {user} everywhere yet; wait before you deploy")


def _delete_unknown(account: Account, user: str, keys: dict[str, Any], stored: list[str]) -> None:
    """Deletes, and takes out of ``keys``, what an interrupted run made: nobody has it."""
    if MAKING not in stored:
        return
    for key in list(keys):
        if key not in stored and not _was_used(account, user, key):
            delete(account, user, key)
            del keys[key]


def _note_others(account: Account, user: str, keys: list[str], file: str) -> None:
    for key in keys:
        account.note(
            f"user {user} has another key, {key}; delete it in IAM once nothing uses it: "
            f"neither a server, nor a colleague's {file}"
        )


def _note_age(account: Account, user: str, key: dict[str, Any], file: str) -> None:
    age = datetime.now(UTC) - key["CreateDate"]
    if age > ROTATED_AFTER:
        account.note(
            f"user {user}: key {key['AccessKeyId']} of {file} is {age.days} days old; `make rotate` replaces it"
        )


def remembered(account: Account, user: str) -> list[str]:
    answer = account.call(account.iam, "list_user_tags", f"user {user}", UserName=user)
    return next((tag["Value"].split() for tag in answer["Tags"] if tag["Key"] == TAG), [])


def remember(account: Account, user: str, stored: list[str], lines: list[str]) -> None:
    tags = [{"Key": TAG, "Value": " ".join(dict.fromkeys(stored))}]
    account.change(account.iam, "tag_user", f"user {user}", lines, UserName=user, Tags=tags)


def keys_of(account: Account, user: str) -> list[dict[str, Any]]:
    return account.call(account.iam, "list_access_keys", f"user {user}", UserName=user)["AccessKeyMetadata"]


def _was_used(account: Account, user: str, key: str) -> bool:
    answer = account.call(account.iam, "get_access_key_last_used", f"user {user}", AccessKeyId=key)
    return "LastUsedDate" in answer["AccessKeyLastUsed"]


def delete(account: Account, user: str, key: str) -> None:
    lines = [f"delete key {key} of user {user}"]
    account.change(account.iam, "delete_access_key", f"user {user}", lines, ABSENT, UserName=user, AccessKeyId=key)
