"""The IAM identities of the site: five users with a key each; with GitHub, a role in place of the deployer.

A key goes from AWS's response straight into the vaulted file; no message shows it.
"""

import json
from typing import Any

from slipway.tool.aws import policies
from slipway.tool.cdn import access_keys, iam_policies, permissions
from slipway.tool.cdn.account import NOT_YET, TAG, Account
from slipway.tool.cdn.names import fitting
from slipway.tool.cdn.permissions import everything
from slipway.tool.config import Site
from slipway.tool.secrets import AWS_PAIR, Secrets
from slipway.web.errors import SlipwayError

NAMES = ("deployer", "pruner", "web", "backup", "restorer")
# Separates Slipway's users from others in the console.
PATH = "/slipway/"
POLICY = "slipway"
AUDIENCE = "sts.amazonaws.com"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
NAME_LENGTH = 64
ABSENT = ("NoSuchEntity",)


def documents(site: Site, static_arn: str, media_arn: str) -> dict[str, dict[str, Any]]:
    """The policy of each identity; without backups, those of the first three."""
    backups = {
        "backup": iam_policies.backup(site.backup_bucket),
        "restorer": iam_policies.restorer(site.backup_bucket, site.media_bucket),
    }
    return {
        "deployer": iam_policies.deployer(site.bucket, site.media_bucket, static_arn, media_arn),
        "pruner": iam_policies.pruner(site.bucket),
        "web": iam_policies.web(site.media_bucket),
        **(backups if site.backup_bucket else {}),
    }


def ensure_identities(account: Account, site: Site, secrets: Secrets, static_arn: str, media_arn: str) -> None:
    """Makes users, policies and keys, or the role for GitHub; corrects what drifted."""
    wanted = documents(site, static_arn, media_arn)
    for name in NAMES:
        document = wanted.get(name)
        if document is None:
            remove_user(account, site, name, secrets)
        elif name == "deployer" and site.github:
            remove_user(account, site, name, secrets)
            _ensure_role(account, site, document)
        else:
            _ensure_user(account, site, name, document, secrets)
    if not site.github:
        remove_role(account, site)


def user_name(site: Site, name: str) -> str:
    return fitting(site.name, NAME_LENGTH, f"-{name}")


def role_name(site: Site) -> str:
    return user_name(site, "deployer")


def _ensure_user(account: Account, site: Site, name: str, document: dict[str, Any], secrets: Secrets) -> None:
    user, held = user_name(site, name), getattr(secrets, name).get(AWS_PAIR[0])
    current = account.call(account.iam, "get_user", f"user {user}", ABSENT, UserName=user)
    if current is None and held:
        account.note(
            f"{name}: {secrets.path.name} holds a key that `make cdn` did not make; take it out to have one made"
        )
        return
    if current is None:
        tags = [{"Key": TAG, "Value": site.name}, {"Key": access_keys.TAG, "Value": access_keys.MAKING}]
        account.change(
            account.iam, "create_user", f"user {user}", [f"create user {user}"], UserName=user, Path=PATH, Tags=tags
        )
    elif _is_ours(account, site, user):
        account.existing.append(f"user {user}")
        permissions.repair(account, "user", user, POLICY)
    else:
        raise SlipwayError(f"user {user} is not ours; delete or rename it, or tag it {TAG}={site.name} to have it used")
    _ensure_policy(account, "user", user, document, is_new=current is None)
    access_keys.ensure(account, site, name, user, secrets, is_new=current is None)


def _ensure_role(account: Account, site: Site, document: dict[str, Any]) -> None:
    role, trust = role_name(site), iam_policies.github(site.github, _ensure_provider(account, site))
    current = account.call(account.iam, "get_role", f"role {role}", ABSENT, RoleName=role)
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
        permissions.repair(account, "role", role, POLICY)
        held = current["Role"]["AssumeRolePolicyDocument"]
        if not policies.same(held, trust):
            lines = [f"change role {role}: trust: {line}" for line in policies.differences(held, trust)]
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
        _check_audience(account, current)
        return current
    made = account.change(
        account.iam,
        "create_open_id_connect_provider",
        f"OIDC provider {iam_policies.GITHUB}",
        [f"create OIDC provider {iam_policies.GITHUB}"],
        Url=f"https://{iam_policies.GITHUB}",
        ClientIDList=[AUDIENCE],
        Tags=[{"Key": TAG, "Value": site.name}],
    )
    return made["OpenIDConnectProviderArn"] if made else NOT_YET


def _check_audience(account: Account, arn: str) -> None:
    """Adds a missing audience to a provider of ours; names it for one of somebody else."""
    name = f"OIDC provider {iam_policies.GITHUB}"
    current = account.call(account.iam, "get_open_id_connect_provider", name, OpenIDConnectProviderArn=arn)
    if AUDIENCE in current.get("ClientIDList", []):
        return
    if not any(tag["Key"] == TAG for tag in current.get("Tags", [])):
        account.problem(
            f"{name} is not ours and has no audience {AUDIENCE}, so GitHub's jobs cannot sign in; add it "
            "(IAM, Identity providers, Actions, Add audience)"
        )
        return
    account.change(
        account.iam,
        "add_client_id_to_open_id_connect_provider",
        name,
        [f"change {name}: audience {AUDIENCE} is missing"],
        OpenIDConnectProviderArn=arn,
        ClientID=AUDIENCE,
    )


def find_provider(account: Account) -> str | None:
    listed = account.call(account.iam, "list_open_id_connect_providers", "OIDC providers")["OpenIDConnectProviderList"]
    return next((one["Arn"] for one in listed if one["Arn"].endswith(f"/{iam_policies.GITHUB}")), None)


def _ensure_policy(account: Account, kind: str, name: str, document: dict[str, Any], *, is_new: bool) -> None:
    """Makes ``document`` the inline policy of a user or role."""
    owner = {f"{kind.title()}Name": name}
    resource, held = f"{kind} {name}", None
    if not is_new:
        answer = account.call(account.iam, f"get_{kind}_policy", resource, ABSENT, PolicyName=POLICY, **owner)
        held = answer["PolicyDocument"] if answer else None
    if held and policies.same(held, document):
        return
    lines = [f"create policy of {resource}"]
    if held:
        lines = [f"change policy of {resource}: {line}" for line in policies.differences(held, document)]
    text = json.dumps(document)
    account.change(account.iam, f"put_{kind}_policy", resource, lines, PolicyName=POLICY, PolicyDocument=text, **owner)


def remove_user(account: Account, site: Site, name: str, secrets: Secrets | None) -> None:
    """Deletes our user with its keys, and removes the key from the vaulted file."""
    user = user_name(site, name)
    if account.call(account.iam, "get_user", f"user {user}", ABSENT, UserName=user) is None:
        return
    if not _is_ours(account, site, user):
        return
    permissions.remove(account, "user", user)
    access_keys.remove(account, site, name, user, secrets)
    account.change(account.iam, "delete_user", f"user {user}", [f"delete user {user}"], ABSENT, UserName=user)


def remove_role(account: Account, site: Site) -> None:
    """Deletes our role."""
    role = role_name(site)
    current = account.call(account.iam, "get_role", f"role {role}", ABSENT, RoleName=role)
    if current is None or not _is_role_ours(account, site, role):
        return
    permissions.remove(account, "role", role)
    account.change(account.iam, "delete_role", f"role {role}", [f"delete role {role}"], ABSENT, RoleName=role)


def remove_provider(account: Account, site: Site) -> None:
    """Deletes GitHub's OIDC provider if provisioning made it and no other role needs it."""
    arn = find_provider(account)
    name = f"OIDC provider {iam_policies.GITHUB}"
    if arn is None:
        return
    answer = account.call(account.iam, "get_open_id_connect_provider", name, OpenIDConnectProviderArn=arn)
    if not any(tag["Key"] == TAG for tag in answer.get("Tags", [])):
        return
    if others := [role for role in _trusting(account, arn) if role != role_name(site)]:
        account.note(f"{name} stays, other roles need it: {', '.join(others)}")
        return
    account.change(
        account.iam, "delete_open_id_connect_provider", name, [f"delete {name}"], OpenIDConnectProviderArn=arn
    )


def _trusting(account: Account, arn: str) -> list[str]:
    """Names of the account's roles that a provider's tokens can assume."""
    roles = everything(account, "list_roles", "roles", "Roles")
    return [role["RoleName"] for role in roles if arn in json.dumps(role["AssumeRolePolicyDocument"])]


def _is_ours(account: Account, site: Site, user: str) -> bool:
    answer = account.call(account.iam, "list_user_tags", f"user {user}", UserName=user)
    return {"Key": TAG, "Value": site.name} in answer["Tags"]


def _is_role_ours(account: Account, site: Site, role: str) -> bool:
    answer = account.call(account.iam, "list_role_tags", f"role {role}", RoleName=role)
    return {"Key": TAG, "Value": site.name} in answer["Tags"]


def _check_role(account: Account, site: Site, current: dict[str, Any]) -> None:
    role = current["Role"]["RoleName"]
    if not _is_role_ours(account, site, role):
        raise SlipwayError(f"role {role} is not ours; delete or rename it, or tag it {TAG}={site.name} to have it used")
