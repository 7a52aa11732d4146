"""DNS: the records of the two hosts and of their certificate, made where Route 53 has the zone.

Where it has not, the caller prints them for the user to set.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slipway.tool.cdn.account import Account
from slipway.tool.cdn.drift import overlay
from slipway.web.errors import SlipwayError

# The zone of every distribution's own name.
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
CLOUDFRONT_SUFFIX = ".cloudfront.net"
ADDRESSES = ("A", "AAAA")
TTL = 300  # seconds


@dataclass(frozen=True)
class Zone:
    """A public hosted zone; ``name`` has no dot at its end."""

    id: str
    name: str

    def holds(self, name: str) -> bool:
        return name == self.name or name.endswith(f".{self.name}")


def zones(account: Account) -> list[Zone]:
    """The account's public hosted zones."""
    zones: list[Zone] = []
    marker: dict[str, str] = {}
    while True:
        page = account.call(account.route53, "list_hosted_zones", "hosted zones", **marker)
        zones += [
            Zone(one["Id"].rpartition("/")[2], one["Name"].rstrip("."))
            for one in page["HostedZones"]
            if not one["Config"].get("PrivateZone")
        ]
        if not page.get("IsTruncated"):
            return zones
        marker = {"Marker": page["NextMarker"]}


def zone_of(name: str, known: Sequence[Zone]) -> Zone | None:
    """The zone of a record called ``name``: the longest that contains it."""
    return max((zone for zone in known if zone.holds(name)), key=lambda zone: len(zone.name), default=None)


def name_servers(account: Account, zone: Zone) -> list[str]:
    answer = account.call(account.route53, "get_hosted_zone", f"zone {zone.name}", Id=zone.id)
    return answer["DelegationSet"]["NameServers"]


def ensure_alias(account: Account, zone: Zone, name: str, domain: str) -> None:
    """Points ``name`` at the distribution ``domain``, over IPv4 and IPv6; a CNAME that we asked for is replaced.

    Raises SlipwayError where the name resolves to something that is no distribution: the user has to decide.
    """
    held = {kind: find(account, zone, name, kind) for kind in ("CNAME", *ADDRESSES)}
    for kind, record in held.items():
        if record and not _target(record).endswith(CLOUDFRONT_SUFFIX):
            raise SlipwayError(
                f"{name} resolves to {_target(record) or 'another address'} already ({kind} in zone {zone.name}); "
                "delete that record, or give the CDN another host in site.yml"
            )
        if record and "SetIdentifier" in record:
            raise SlipwayError(
                f"{name} {kind} is one of several records by weight or place (zone {zone.name}); "
                "delete them all, and run it again"
            )
    target = {"HostedZoneId": CLOUDFRONT_ZONE, "DNSName": f"{domain}.", "EvaluateTargetHealth": False}
    wanted = [{"Name": f"{name}.", "Type": kind, "AliasTarget": target} for kind in ADDRESSES]
    if cname := held["CNAME"]:
        # Set by hand when the zone was elsewhere. A name has no CNAME beside other records, so all change at once.
        line = f"change record {name} CNAME: it becomes A and AAAA of {domain}"
        _send(account, zone, [("DELETE", cname), *(("UPSERT", one) for one in wanted)], [line])
        return
    for one in wanted:
        ensure(account, zone, one)


def ensure(account: Account, zone: Zone, wanted: dict[str, Any]) -> None:
    """Creates the record set, or corrects where it points. Its lifetime is left to who made it."""
    name = f"record {wanted['Name'].rstrip('.')} {wanted['Type']}"
    held = find(account, zone, wanted["Name"], wanted["Type"])
    if held:
        account.existing.append(name)
    if held and points_as(held, wanted):
        return
    merged, drifts = overlay(held, wanted)
    lines = [f"change {name}: {drift}" for drift in drifts] if held else [f"create {name} in zone {zone.name}"]
    _send(account, zone, [("UPSERT", merged)], lines)


def remove(account: Account, zone: Zone, held: dict[str, Any]) -> None:
    """Deletes a record set that ``find`` returned."""
    name = f"record {held['Name'].rstrip('.')} {held['Type']}"
    _send(account, zone, [("DELETE", held)], [f"delete {name} in zone {zone.name}"])


def find(account: Account, zone: Zone, name: str, kind: str) -> dict[str, Any] | None:
    """The record set of one name and type, or None."""
    name = f"{name.rstrip('.')}."
    answer = account.call(
        account.route53,
        "list_resource_record_sets",
        f"zone {zone.name}",
        HostedZoneId=zone.id,
        StartRecordName=name,
        StartRecordType=kind,
        MaxItems="1",
    )
    held = next(iter(answer["ResourceRecordSets"]), None)
    return held if held and (held["Name"].lower(), held["Type"]) == (name.lower(), kind) else None


def resolves_to(held: dict[str, Any], domain: str) -> bool:
    """Whether a record set is an alias or a CNAME of the distribution ``domain``."""
    return _target(held) == domain.lower()


def points_as(held: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a record set has the target of ``wanted``; names are not case-sensitive, and may end with a dot."""
    if _target(held) != _target(wanted) or len(held.get("ResourceRecords", [])) > 1:
        return False
    alias = wanted.get("AliasTarget", {})
    return all(held.get("AliasTarget", {}).get(name) == alias[name] for name in alias if name != "DNSName")


def _send(account: Account, zone: Zone, changes: list[tuple[str, dict[str, Any]]], lines: list[str]) -> None:
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
    account.change(
        account.route53,
        "change_resource_record_sets",
        f"zone {zone.name}",
        lines,
        HostedZoneId=zone.id,
        ChangeBatch=batch,
    )


def _target(held: dict[str, Any]) -> str:
    if "AliasTarget" in held:
        return held["AliasTarget"]["DNSName"].rstrip(".").lower()
    return next((one["Value"].rstrip(".").lower() for one in held.get("ResourceRecords", [])), "")
