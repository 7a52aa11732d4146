"""Deletes what provisioning created, and nothing else: each resource is recognized by its tag or, where it can have
none, by its comment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.tool.aws.errors import Rejection, explain
from slipway.tool.cdn import certificate, route53
from slipway.tool.cdn.account import TAG, Account, is_https, pages
from slipway.tool.cdn.bucket import exists, tags
from slipway.tool.cdn.distribution import (
    Untagged,
    access_control_named,
    find_ours,
    is_ours,
    response_headers_named,
    sendable,
)
from slipway.tool.cdn.edges import Edge, Place, backups, edges
from slipway.tool.cdn.identities import NAMES, remove_provider, remove_role, remove_user
from slipway.tool.cdn.waiting import wait_for
from slipway.tool.config import Site
from slipway.tool.secrets import PASSPHRASE, Secrets
from slipway.web.errors import SlipwayError

# A change of a distribution takes minutes to reach every edge.
DISABLED_WITHIN = 30 * 60  # seconds
# ACM shows later that a distribution is gone: 4 to 20 minutes were seen.
RELEASED_WITHIN = 45 * 60  # seconds
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
BATCH = 1000
OFF = {"Enabled": False}
HELD = {"media": "uploads in it", "backups": f"database's backups in it, and {PASSPHRASE} that reads them"}


@dataclass(frozen=True)
class Destroyed:
    """A line for each deleted resource, or, dry, each to delete; and notes on what stays, with its reason."""

    changes: tuple[str, ...]
    notes: tuple[str, ...]


def destroy(
    site: Site,
    secrets: Secrets | None = None,
    *,
    media: bool = False,
    backup: bool = False,
    dry: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> Destroyed:
    """Removes distributions, names, certificate, identities and the static bucket.

    The uploads go only with ``media``, and the database's backups only with ``backup``.
    A second run continues an interrupted one. Raises SlipwayError, with what to do.
    """
    account = Account(site.region, dry=dry, say=say)
    zones = route53.zones(account) if is_https(site) else []
    account.caller()
    # Before the distributions that use them are gone.
    found = _untagged(account, site)
    for edge in edges(site):
        _remove_host(account, site, edge, zones)
    for kind, one in found:
        _remove_kind(account, kind, one)
    for name in NAMES:
        remove_user(account, site, name, secrets)
    remove_role(account, site)
    remove_provider(account, site)
    static, uploads = edges(site)
    _remove_bucket(account, site, static)
    for place, goes in ((uploads, media), (backups(site), backup)):
        if place and goes:
            _remove_bucket(account, site, place)
        elif place and _is_ours(account, site, place):
            account.note(f"bucket {place.bucket} stays with the {HELD[place.kind]}; a later `make cdn` uses it again")
    if is_https(site):
        # Last, because ACM takes its time: all else is gone when somebody interrupts the wait.
        _remove_certificates(account, site, zones)
    return Destroyed(tuple(account.changes), tuple(account.notes))


@dataclass(frozen=True)
class Held:
    """A bucket whose content nobody can make again: its objects and bytes, old versions included."""

    kind: str  # "media" or "backups"
    bucket: str
    objects: int
    size: int


def held(site: Site, say: Callable[[str], object] = lambda _: None) -> list[Held]:
    """The buckets of uploads and of backups, where they are ours. ``say`` gets a line for each that is counted."""
    account = Account(site.region)
    found = []
    for place in (edges(site)[1], backups(site)):
        if place and _is_ours(account, site, place):
            say(f"count  what bucket {place.bucket} holds, with its old versions: a second for some thousands")
            versions = [one for page in _versions(account, place.bucket) for one in page]
            found.append(Held(place.kind, place.bucket, len(versions), sum(one.get("Size", 0) for one in versions)))
    return found


def _remove_host(account: Account, site: Site, edge: Edge, zones: Sequence[route53.Zone]) -> None:
    summary = find_ours(account, site, edge)
    if summary is None:
        return
    zone = route53.zone_of(edge.alias, zones)
    for kind in ("CNAME", *route53.ADDRESSES) if zone else ():
        held = route53.find(account, zone, edge.alias, kind)
        if held and route53.resolves_to(held, summary["DomainName"]):
            route53.remove(account, zone, held)
    _remove_distribution(account, edge, summary["Id"])


def _untagged(account: Account, site: Site) -> list[tuple[str, Untagged]]:
    """Our access control and headers policies, each with its kind."""
    kinds = [("response_headers_policy", response_headers_named(account, site, edge)) for edge in edges(site)]
    kinds.append(("origin_access_control", access_control_named(account, site)))
    found = []
    for kind, one in kinds:
        if one and is_ours(account, site, one):
            found.append((kind, one))
        elif one:
            account.note(f"{kind.replace('_', ' ')} {one.name} ({one.id}) stays, it is not ours")
    return found


def _remove_distribution(account: Account, edge: Edge, identifier: str) -> None:
    client, name = account.cloudfront, f"{edge.kind} distribution {identifier}"
    gone = ("NoSuchDistribution",)

    def switched_off() -> dict[str, Any]:
        answer = account.call(client, "get_distribution_config", name, Id=identifier)
        return {"IfMatch": answer["ETag"], "DistributionConfig": sendable(answer["DistributionConfig"]) | OFF}

    answer = account.call(client, "get_distribution_config", name, gone, Id=identifier)
    if answer is None:
        return
    if answer["DistributionConfig"]["Enabled"]:
        lines = [f"disable {name} ({edge.alias})"]
        account.change(client, "update_distribution", name, lines, gone, fresh=switched_off, Id=identifier)

    def is_deployed() -> bool:
        current = account.call(client, "get_distribution", name, gone, Id=identifier)
        return current is None or current["Distribution"]["Status"] == "Deployed"

    def newest() -> dict[str, Any]:
        current = account.call(client, "get_distribution", name, gone, Id=identifier)
        return {"IfMatch": current["ETag"] if current else ""}

    if not account.dry and not wait_for(f"{name} to be disabled", is_deployed, account.say, DISABLED_WITHIN):
        raise SlipwayError(f"{name} is not disabled everywhere yet; run it again")
    account.change(client, "delete_distribution", name, [f"delete {name}"], gone, fresh=newest, Id=identifier)


def _remove_kind(account: Account, kind: str, found: Untagged) -> None:
    """Deletes a policy or access control of a distribution, unless another distribution uses it."""
    client, name = account.cloudfront, f"{kind.replace('_', ' ')} {found.id}"
    gone = (f"NoSuch{kind.title().replace('_', '')}",)

    def newest() -> dict[str, Any]:
        answer = account.call(client, f"get_{kind}", name, gone, Id=found.id)
        return {"IfMatch": answer["ETag"] if answer else ""}

    account.change(client, f"delete_{kind}", name, [f"delete {name}"], gone, fresh=newest, Id=found.id)


def _remove_certificates(account: Account, site: Site, zones: Sequence[route53.Zone]) -> None:
    mine = certificate.ours(account, site)
    arns = {one["CertificateArn"] for one in mine}
    known = certificate.certificates(account, *certificate.STATES)
    others = [one for one in known if one["CertificateArn"] not in arns]
    for current in mine:
        arn = current["CertificateArn"]
        name = f"certificate of {' and '.join(certificate.names_of(site))}"
        if not account.dry and not _is_released(account, site, arn, name):
            continue
        for record in certificate.records_of(current):
            if any(certificate.needs_record(other, record) for other in others):
                account.note(f"record {record['Name'].rstrip('.')} stays, another certificate of the account needs it")
                continue
            zone = route53.zone_of(record["Name"].rstrip("."), zones)
            held = zone and route53.find(account, zone, record["Name"], record["Type"])
            if held and route53.points_as(held, certificate.record_set(record)):
                route53.remove(account, zone, held)
        gone = ("ResourceNotFoundException",)
        account.change(account.acm, "delete_certificate", name, [f"delete {name}"], gone, CertificateArn=arn)


def _is_released(account: Account, site: Site, arn: str, name: str) -> bool:
    """Waits until ACM knows that our distributions are gone. Notes what else uses the certificate.

    Raises SlipwayError when ACM takes too long; a later run goes on.
    """

    def by_others() -> list[str]:
        """Users that exist, so that waiting does not help."""
        known = {one["ARN"] for one in pages(account, "list_distributions", "distributions", "DistributionList")}
        return [user for user in _users(account, arn) if ":distribution/" not in user or user in known]

    if others := by_others():
        account.note(f"{name} stays, something else uses it: {', '.join(others)}")
        return False
    what = f"{name} to be released by its distributions (up to 20 minutes)"
    if not wait_for(what, lambda: not _users(account, arn), account.say, RELEASED_WITHIN):
        raise SlipwayError(f"ACM has not released the {name} yet; run it again: only this is left")
    return True


def _users(account: Account, arn: str) -> list[str]:
    gone = ("ResourceNotFoundException",)
    answer = account.call(account.acm, "describe_certificate", f"certificate {arn}", gone, CertificateArn=arn)
    return answer["Certificate"].get("InUseBy", []) if answer else []


def _remove_bucket(account: Account, site: Site, place: Place) -> None:
    if not _is_ours(account, site, place):
        return
    name = f"bucket {place.bucket}"

    def emptied() -> dict[str, Any]:
        """Again before each attempt: a server that is still up may have written another object."""
        for page in _versions(account, place.bucket):
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in page]
            for start in range(0, len(objects), BATCH):
                _delete(account, place.bucket, objects[start : start + BATCH])
        return {}

    lines, gone = [f"delete {name} and all that is in it"], ("NoSuchBucket",)
    account.change(account.s3, "delete_bucket", name, lines, gone, fresh=emptied, Bucket=place.bucket)


def _delete(account: Account, bucket: str, objects: list[dict[str, str]]) -> None:
    params = {"Bucket": bucket, "Delete": {"Objects": objects, "Quiet": True}}
    errors = account.call(account.s3, "delete_objects", f"bucket {bucket}", **params).get("Errors")
    if errors:
        why = explain(Rejection(0, errors[0].get("Code", ""), errors[0].get("Message", "")))
        raise SlipwayError(f"cannot delete s3://{bucket}/{errors[0]['Key']}: {why}")


def _versions(account: Account, bucket: str):
    """Pages of everything in the bucket: objects, old versions, delete markers."""
    params: dict[str, str] = {}
    while True:
        page = account.call(account.s3, "list_object_versions", f"bucket {bucket}", Bucket=bucket, **params)
        yield [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not page.get("IsTruncated"):
            return
        params = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}


def _is_ours(account: Account, site: Site, place: Place) -> bool:
    return exists(account, place) and tags(account, place.bucket).get(TAG) == site.name
