"""Deletes what provisioning created, and nothing else: each resource is recognized by tag or, without tags, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.tool.aws.calls import call
from slipway.tool.aws.errors import Rejection, explain
from slipway.tool.cdn import certificate, route53
from slipway.tool.cdn.account import TAG, Account, is_https
from slipway.tool.cdn.bucket import exists, tags
from slipway.tool.cdn.distribution import find_access_control, find_ours, find_response_headers
from slipway.tool.cdn.edges import Edge, edges
from slipway.tool.cdn.identities import NAMES, remove_provider, remove_role, remove_user
from slipway.tool.cdn.waiting import wait_for
from slipway.tool.config import Site
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

# A change of a distribution takes minutes to reach every edge.
DISABLED_WITHIN = 30 * 60  # seconds
# ACM shows a little later that a distribution is gone.
RELEASED_WITHIN = 5 * 60  # seconds
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
BATCH = 1000


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
    dry: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> Destroyed:
    """Removes distributions, names, certificate, identities and the static bucket; the uploads only with ``media``.

    A second run continues an interrupted one. Raises SlipwayError, with what to do.
    """
    account = Account(site.region, dry=dry, say=say)
    zones = route53.zones(account) if is_https(site) else []
    for edge in edges(site):
        _remove_host(account, site, edge, zones)
    for edge in edges(site):
        _remove_kind(account, "response_headers_policy", find_response_headers(account, site, edge))
    _remove_kind(account, "origin_access_control", find_access_control(account, site))
    if is_https(site):
        _remove_certificates(account, site, zones)
    for name in NAMES:
        remove_user(account, site, name, secrets)
    remove_role(account, site)
    remove_provider(account, site)
    static, uploads = edges(site)
    _remove_bucket(account, site, static)
    if media:
        _remove_bucket(account, site, uploads)
    elif _is_ours(account, site, uploads):
        account.note(f"bucket {uploads.bucket} stays with the uploads in it; a later `make cdn` uses it again")
    return Destroyed(tuple(account.changes), tuple(account.notes))


def uploads(site: Site) -> tuple[str, int, int]:
    """The media bucket, and its number of objects and bytes, old versions included; "" where there is none."""
    account, edge = Account(site.region), edges(site)[1]
    if not _is_ours(account, site, edge):
        return "", 0, 0
    held = [one for page in _versions(account, edge.bucket) for one in page]
    return edge.bucket, len(held), sum(one.get("Size", 0) for one in held)


def _remove_host(account: Account, site: Site, edge: Edge, zones: Sequence[route53.Zone]) -> None:
    summary = find_ours(account, site, edge)
    if summary is None:
        return
    zone = route53.zone_of(edge.alias, zones)
    for kind in route53.ADDRESSES if zone else ():
        held = route53.find(account, zone, edge.alias, kind)
        if held and route53.resolves_to(held, summary["DomainName"]):
            route53.remove(account, zone, held)
    _remove_distribution(account, edge, summary["Id"])


def _remove_distribution(account: Account, edge: Edge, identifier: str) -> None:
    client, name = account.cloudfront, f"{edge.kind} distribution {identifier}"
    answer = call(client, "get_distribution_config", name, Id=identifier)
    if answer["DistributionConfig"]["Enabled"]:
        off = answer["DistributionConfig"] | {"Enabled": False}
        lines = [f"disable {name} ({edge.alias})"]
        account.change(
            client, "update_distribution", name, lines, Id=identifier, IfMatch=answer["ETag"], DistributionConfig=off
        )
    current: dict[str, Any] = {"ETag": ""}

    def is_deployed() -> bool:
        current.update(call(client, "get_distribution", name, Id=identifier))
        return current["Distribution"]["Status"] == "Deployed"

    if not account.dry and not wait_for(f"{name} to be disabled", is_deployed, account.say, DISABLED_WITHIN):
        raise SlipwayError(f"{name} is not disabled everywhere yet; run it again")
    account.change(client, "delete_distribution", name, [f"delete {name}"], Id=identifier, IfMatch=current["ETag"])


def _remove_kind(account: Account, kind: str, identifier: str | None) -> None:
    """Deletes a policy or access control of a distribution."""
    if identifier is None:
        return
    client, name = account.cloudfront, f"{kind.replace('_', ' ')} {identifier}"
    etag = call(client, f"get_{kind}", name, Id=identifier)["ETag"]
    account.change(client, f"delete_{kind}", name, [f"delete {name}"], Id=identifier, IfMatch=etag)


def _remove_certificates(account: Account, site: Site, zones: Sequence[route53.Zone]) -> None:
    for current in certificate.ours(account, site):
        arn = current["CertificateArn"]
        name = f"certificate of {' and '.join(certificate.names_of(site))}"
        if not account.dry and not _is_released(account, arn, name):
            account.note(f"{name} stays, something else uses it: {', '.join(_users(account, arn))}")
            continue
        for record in certificate.records_of(current):
            zone = route53.zone_of(record["Name"].rstrip("."), zones)
            held = zone and route53.find(account, zone, record["Name"], record["Type"])
            if held:
                route53.remove(account, zone, held)
        account.change(account.acm, "delete_certificate", name, [f"delete {name}"], CertificateArn=arn)


def _is_released(account: Account, arn: str, name: str) -> bool:
    what = f"{name} to be released by its distributions"
    return wait_for(what, lambda: not _users(account, arn), account.say, RELEASED_WITHIN)


def _users(account: Account, arn: str) -> list[str]:
    answer = call(account.acm, "describe_certificate", f"certificate {arn}", CertificateArn=arn)
    return answer["Certificate"].get("InUseBy", [])


def _remove_bucket(account: Account, site: Site, edge: Edge) -> None:
    if not _is_ours(account, site, edge):
        return
    name = f"bucket {edge.bucket}"
    if not account.dry:
        for page in _versions(account, edge.bucket):
            objects = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in page]
            for start in range(0, len(objects), BATCH):
                _delete(account, edge.bucket, objects[start : start + BATCH])
    account.change(account.s3, "delete_bucket", name, [f"delete {name} and all that is in it"], Bucket=edge.bucket)


def _delete(account: Account, bucket: str, objects: list[dict[str, str]]) -> None:
    params = {"Bucket": bucket, "Delete": {"Objects": objects, "Quiet": True}}
    errors = call(account.s3, "delete_objects", f"bucket {bucket}", **params).get("Errors")
    if errors:
        why = explain(Rejection(0, errors[0].get("Code", ""), errors[0].get("Message", "")))
        raise SlipwayError(f"cannot delete s3://{bucket}/{errors[0]['Key']}: {why}")


def _versions(account: Account, bucket: str):
    """Pages of everything in the bucket: objects, old versions, delete markers."""
    params: dict[str, str] = {}
    while True:
        page = call(account.s3, "list_object_versions", f"bucket {bucket}", Bucket=bucket, **params)
        yield [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not page.get("IsTruncated"):
            return
        params = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"]}


def _is_ours(account: Account, site: Site, edge: Edge) -> bool:
    return exists(account, edge) and tags(account, edge.bucket).get(TAG) == site.name
