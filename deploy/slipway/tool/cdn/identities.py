"""The IAM identities of the site: three users with a key each; with GitHub, a role in place of the deployer.

A key goes from AWS's response straight into the vaulted file; no message shows it.
"""

import json
from typing import Any

from slipway.tool.aws.calls import call
from slipway.tool.cdn import iam_policies
from slipway.tool.cdn.account import NOT_YET, TAG, Account
from slipway.tool.cdn.drift import overlay
from slipway.tool.config import Site
from slipway.tool.secrets import AWS_PAIR, Secrets
from slipway.web.errors import SlipwayError

NAMES = ("deployer", "pruner", "web")
# Separates Slipway's users from others in the console.
PATH = "/slipway/"
POLICY = "slipway"
KEYS_OF_A_USER = 2
ABSENT = ("NoSuchEntity",)


def documents(site: Site, static_arn: str, media_arn: str) -> dict[str, dict[str, Any]]:
    """The policy of each identity."""
    return {
        "deployer": iam_policies.deployer(site.bucket, site.media_bucket, static_arn, media_arn),
        "pruner": iam_policies.pruner(site.bucket),
        "web": iam_policies.web(site.media_bucket),
    }


def ensure_identities(account: Account, site: Site, secrets: Secrets, static_arn: str, media_arn: str) -> None:
    """Makes users, policies and keys, or the role for GitHub; corrects what drifted."""
    for name, document in documents(site, static_arn, media_arn).items():
        if name == "deployer" and site.github:
            remove_user(account, site, name, secrets)
            _ensure_role(account, site, document)
        else:
            _ensure_user(account, site, name, document, secrets)
    if not site.github:
        remove_role(account, site)


def user_name(site: Site, name: str) -> str:
    return f"{site.name}-{name}"


def role_name(site: Site) -> str:
    return f"{site.name}-deployer"


def _ensure_user(account: Account, site: Site, name: str, document: dict[str, Any], secrets: Secrets) -> None:
    user, held = user_name(site, name), getattr(secrets, name).get(AWS_PAIR[0])
    current = call(account.iam, "get_user", f"user {user}", ABSENT, UserName=user)
    if current is None and held:
        account.note(
            f"{name}: {secrets.path.name} holds a key that `make cdn` did not make; take it out to have one made"
        )
        return
    if current is None:
        tags = [{"Key": TAG, "Value": site.name}]
        account.change(
            account.iam, "create_user", f"user {user}", [f"create user {user}"], UserName=user, Path=PATH, Tags=tags
        )
    elif _is_ours(account, site, user):
        account.existing.append(f"user {user}")
    else:
        raise SlipwayError(f"user {user} is not ours; delete or rename it, or tag it {TAG}={site.name} to have it used")
    _ensure_policy(account, "user", user, document, is_new=current is None)
    _ensure_key(account, site, name, held, secrets, is_new=current is None)


def _ensure_key(account: Account, site: Site, name: str, held: str | None, secrets: Secrets, *, is_new: bool) -> None:
    """A key of the user that the vaulted file holds."""
    user = user_name(site, name)
    keys = [] if is_new else _keys(account, user)
    if held in {key["AccessKeyId"] for key in keys if key["Status"] == "Active"}:
        _note_others(account, user, [key for key in keys if key["AccessKeyId"] != held])
        return
    if held:
        account.note(
            f"{name}: the key in {secrets.path.name} is no working key of user {user}; take it out to have one made"
        )
        return
    for key in list(keys):
        # From a run that was interrupted before the key was in the file: nobody has it.
        if not _was_used(account, user, key["AccessKeyId"]):
            _delete_key(account, user, key["AccessKeyId"])
            keys.remove(key)
    _note_others(account, user, keys)
    if len(keys) >= KEYS_OF_A_USER:
        raise SlipwayError(f"user {user} has {len(keys)} keys, none in {secrets.path.name}; delete one in IAM")
    lines = [f"create key of user {user}, into {secrets.path.name}"]
    made = account.change(account.iam, "create_access_key", f"user {user}", lines, UserName=user)
    if made:
        pair = made["AccessKey"]["AccessKeyId"], made["AccessKey"]["SecretAccessKey"]
        Secrets.put(site, name, dict(zip(AWS_PAIR, pair, strict=True)))


def _note_others(account: Account, user: str, keys: list[dict[str, Any]]) -> None:
    for key in keys:
        account.note(f"user {user} has another key, {key['AccessKeyId']}; delete it in IAM once nothing uses it")


def _ensure_role(account: Account, site: Site, document: dict[str, Any]) -> None:
    role, trust = role_name(site), iam_policies.github(site.github, _ensure_provider(account, site))
    current = call(account.iam, "get_role", f"role {role}", ABSENT, RoleName=role)
    if current is None:
        account.change(
            account.iam,
            "create_role",
            f"role {role}",
            [f"create role {role} for {site.github}, its environment {iam_policies.ENVIRONMENT}"],
            RoleName=role,
            Path=PATH,
            AssumeRolePolicyDocument=json.dumps(trust),
            Description=f"Deploys {site.site_url} from {site.github}",
            Tags=[{"Key": TAG, "Value": site.name}],
        )
    else:
        _check_role(account, site, current)
        account.existing.append(f"role {role}")
        held = current["Role"]["AssumeRolePolicyDocument"]
        if held != trust:
            drifts = overlay(held, trust)[1] or ["it trusts more than it should"]
            lines = [f"change role {role}: trust: {drift}" for drift in drifts]
            account.change(
                account.iam,
                "update_assume_role_policy",
                f"role {role}",
                lines,
                RoleName=role,
                PolicyDocument=json.dumps(trust),
            )
    _ensure_policy(account, "role", role, document, is_new=current is None)


def _ensure_provider(account: Account, site: Site) -> str:
    """The ARN of the account's one OIDC provider of GitHub; creates it if it is missing."""
    current = find_provider(account)
    if current:
        return current
    made = account.change(
        account.iam,
        "create_open_id_connect_provider",
        f"OIDC provider {iam_policies.GITHUB}",
        [f"create OIDC provider {iam_policies.GITHUB}"],
        Url=f"https://{iam_policies.GITHUB}",
        ClientIDList=["sts.amazonaws.com"],
        Tags=[{"Key": TAG, "Value": site.name}],
    )
    return made["OpenIDConnectProviderArn"] if made else NOT_YET


def find_provider(account: Account) -> str | None:
    listed = call(account.iam, "list_open_id_connect_providers", "OIDC providers")["OpenIDConnectProviderList"]
    return next((one["Arn"] for one in listed if one["Arn"].endswith(f"/{iam_policies.GITHUB}")), None)


def _ensure_policy(account: Account, kind: str, name: str, document: dict[str, Any], *, is_new: bool) -> None:
    """Makes ``document`` the only inline policy of a user or role."""
    owner = {f"{kind.title()}Name": name}
    resource, held = f"{kind} {name}", None
    if not is_new:
        answer = call(account.iam, f"get_{kind}_policy", resource, ABSENT, PolicyName=POLICY, **owner)
        held = answer["PolicyDocument"] if answer else None
    if held == document:
        return
    lines = [f"create policy of {resource}"]
    if held:
        drifts = overlay(held, document)[1] or ["it allows more than it should"]
        lines = [f"change policy of {resource}: {drift}" for drift in drifts]
    text = json.dumps(document)
    account.change(account.iam, f"put_{kind}_policy", resource, lines, PolicyName=POLICY, PolicyDocument=text, **owner)


def remove_user(account: Account, site: Site, name: str, secrets: Secrets | None) -> None:
    """Deletes our user with its keys, and removes the key from the vaulted file."""
    user = user_name(site, name)
    if call(account.iam, "get_user", f"user {user}", ABSENT, UserName=user) is None:
        return
    if not _is_ours(account, site, user):
        return
    keys = [key["AccessKeyId"] for key in _keys(account, user)]
    if secrets and getattr(secrets, name).get(AWS_PAIR[0]) in keys and not account.dry:
        Secrets.put(site, name, dict.fromkeys(AWS_PAIR))
    for key in keys:
        _delete_key(account, user, key)
    _delete_policy(account, "user", user)
    account.change(account.iam, "delete_user", f"user {user}", [f"delete user {user}"], UserName=user)


def remove_role(account: Account, site: Site) -> None:
    """Deletes our role."""
    role = role_name(site)
    current = call(account.iam, "get_role", f"role {role}", ABSENT, RoleName=role)
    if current is None or not _is_role_ours(account, site, role):
        return
    _delete_policy(account, "role", role)
    account.change(account.iam, "delete_role", f"role {role}", [f"delete role {role}"], RoleName=role)


def remove_provider(account: Account, site: Site) -> None:
    """Deletes GitHub's OIDC provider if provisioning this site made it."""
    arn = find_provider(account)
    name = f"OIDC provider {iam_policies.GITHUB}"
    if arn is None:
        return
    answer = call(account.iam, "get_open_id_connect_provider", name, OpenIDConnectProviderArn=arn)
    if {"Key": TAG, "Value": site.name} in answer.get("Tags", []):
        account.change(
            account.iam, "delete_open_id_connect_provider", name, [f"delete {name}"], OpenIDConnectProviderArn=arn
        )


def _delete_policy(account: Account, kind: str, name: str) -> None:
    owner = {f"{kind.title()}Name": name}
    resource = f"{kind} {name}"
    if call(account.iam, f"get_{kind}_policy", resource, ABSENT, PolicyName=POLICY, **owner):
        account.change(
            account.iam, f"delete_{kind}_policy", resource, [f"delete policy of {resource}"], PolicyName=POLICY, **owner
        )


def _delete_key(account: Account, user: str, key: str) -> None:
    lines = [f"delete key {key} of user {user}"]
    account.change(account.iam, "delete_access_key", f"user {user}", lines, UserName=user, AccessKeyId=key)


def _keys(account: Account, user: str) -> list[dict[str, Any]]:
    return call(account.iam, "list_access_keys", f"user {user}", UserName=user)["AccessKeyMetadata"]


def _was_used(account: Account, user: str, key: str) -> bool:
    answer = call(account.iam, "get_access_key_last_used", f"user {user}", AccessKeyId=key)
    return "LastUsedDate" in answer["AccessKeyLastUsed"]


def _is_ours(account: Account, site: Site, user: str) -> bool:
    answer = call(account.iam, "list_user_tags", f"user {user}", UserName=user)
    return {"Key": TAG, "Value": site.name} in answer["Tags"]


def _is_role_ours(account: Account, site: Site, role: str) -> bool:
    answer = call(account.iam, "list_role_tags", f"role {role}", RoleName=role)
    return {"Key": TAG, "Value": site.name} in answer["Tags"]


def _check_role(account: Account, site: Site, current: dict[str, Any]) -> None:
    role = current["Role"]["RoleName"]
    if not _is_role_ours(account, site, role):
        raise SlipwayError(f"role {role} is not ours; delete or rename it, or tag it {TAG}={site.name} to have it used")
