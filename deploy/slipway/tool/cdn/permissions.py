"""What a user or role of ours may do beside its policy: nothing. What somebody added is named, and taken away.

IAM keeps no copy of an inline policy that is deleted, so the line says what it allowed.
"""

from typing import Any

from slipway.tool.aws import policies
from slipway.tool.cdn.account import Account

ABSENT = ("NoSuchEntity",)


def everything(account: Account, operation: str, resource: str, listing: str, **params: Any) -> list[Any]:
    """Every item of an IAM listing, whose pages the API chains by Marker."""
    items: list[Any] = []
    marker: dict[str, str] = {}
    while True:
        page = account.call(account.iam, operation, resource, **params, **marker)
        items += page[listing]
        if not page.get("IsTruncated"):
            return items
        marker = {"Marker": page["Marker"]}


def repair(account: Account, kind: str, name: str, policy: str) -> None:
    """Takes away what a ``kind`` ("user" or "role") has beside its inline ``policy``."""
    owner = {f"{kind.title()}Name": name}
    resource = f"{kind} {name}"
    _detach(account, kind, owner, resource, "change {}: managed policy {} is attached, should not be")
    for other in _inline(account, kind, owner, resource):
        if other == policy:
            continue
        held = account.call(account.iam, f"get_{kind}_policy", resource, PolicyName=other, **owner)["PolicyDocument"]
        said = "; ".join(policies.differences(held, None))
        lines = [f"change {resource}: policy {other}: {said}"]
        account.change(account.iam, f"delete_{kind}_policy", resource, lines, ABSENT, PolicyName=other, **owner)
    described = account.call(account.iam, f"get_{kind}", resource, **owner)[kind.title()]
    if boundary := described.get("PermissionsBoundary"):
        lines = [f"change {resource}: permissions boundary {boundary['PermissionsBoundaryArn']} is set, should not be"]
        account.change(account.iam, f"delete_{kind}_permissions_boundary", resource, lines, ABSENT, **owner)
    if kind == "user":
        _leave_groups(account, owner, resource, "change {}: it is in group {}, should be in none")
        _remove_password(account, owner, resource, "change {}: it has a password for the console, should have none")
        for device in everything(account, "list_mfa_devices", resource, "MFADevices", **owner):
            account.note(
                f"{resource} has MFA device {device['SerialNumber']}, and signs in nowhere; deactivate it in IAM"
            )


def remove(account: Account, kind: str, name: str) -> None:
    """Takes away everything, so that the user or role can be deleted."""
    owner = {f"{kind.title()}Name": name}
    resource = f"{kind} {name}"
    _detach(account, kind, owner, resource, "detach from {}: managed policy {}")
    for policy in _inline(account, kind, owner, resource):
        lines = [f"delete policy of {resource}"]
        account.change(account.iam, f"delete_{kind}_policy", resource, lines, ABSENT, PolicyName=policy, **owner)
    if kind == "user":
        _leave_groups(account, owner, resource, "take {} out of group {}")
        _remove_password(account, owner, resource, "delete password of {}")
        for device in everything(account, "list_mfa_devices", resource, "MFADevices", **owner):
            serial = {"SerialNumber": device["SerialNumber"]}
            lines = [f"deactivate MFA device {device['SerialNumber']} of {resource}"]
            account.change(account.iam, "deactivate_mfa_device", resource, lines, ABSENT, **owner, **serial)


def _inline(account: Account, kind: str, owner: dict[str, str], resource: str) -> list[str]:
    return everything(account, f"list_{kind}_policies", resource, "PolicyNames", **owner)


def _detach(account: Account, kind: str, owner: dict[str, str], resource: str, line: str) -> None:
    for one in everything(account, f"list_attached_{kind}_policies", resource, "AttachedPolicies", **owner):
        lines, arn = [line.format(resource, one["PolicyName"])], {"PolicyArn": one["PolicyArn"]}
        account.change(account.iam, f"detach_{kind}_policy", resource, lines, ABSENT, **owner, **arn)


def _leave_groups(account: Account, owner: dict[str, str], resource: str, line: str) -> None:
    for group in everything(account, "list_groups_for_user", resource, "Groups", **owner):
        lines, name = [line.format(resource, group["GroupName"])], {"GroupName": group["GroupName"]}
        account.change(account.iam, "remove_user_from_group", resource, lines, ABSENT, **owner, **name)


def _remove_password(account: Account, owner: dict[str, str], resource: str, line: str) -> None:
    if account.call(account.iam, "get_login_profile", resource, ABSENT, **owner):
        account.change(account.iam, "delete_login_profile", resource, [line.format(resource)], ABSENT, **owner)
