"""Provisions, describes and purges CloudFront, and returns the identities' IAM policies."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore import xform_name

from slipway.tool.aws.identity import Identity
from slipway.tool.cdn import iam_policies, route53
from slipway.tool.cdn.account import NOT_YET, Account, is_https
from slipway.tool.cdn.backup_bucket import ensure_backups
from slipway.tool.cdn.bucket import describe_bucket, ensure_bucket, ensure_policy, policy
from slipway.tool.cdn.certificate import ensure_certificate
from slipway.tool.cdn.distribution import (
    distribution,
    ensure_access_control,
    ensure_distribution,
    ensure_response_headers,
    find_by_alias,
)
from slipway.tool.cdn.edges import Edge, edges
from slipway.tool.cdn.identities import documents, ensure_identities
from slipway.tool.cdn.waiting import wait_for
from slipway.tool.config import Site
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
PATHS_IN_FLIGHT = 3000
# A change of a distribution takes minutes to reach every edge.
DEPLOYED_WITHIN = 30 * 60  # seconds


@dataclass(frozen=True)
class Host:
    """One provisioned CDN host. ``domain`` is the target of its DNS record, which exists where ``is_named``."""

    kind: str
    alias: str
    distribution_id: str
    arn: str
    domain: str
    status: str
    is_named: bool


@dataclass(frozen=True)
class Provisioned:
    """The provisioned hosts, and a line for each change.

    ``by`` is the account and the user, ``existing`` names the resources that existed before.
    """

    hosts: tuple[Host, ...]
    changes: tuple[str, ...]
    # Differences that only a person can repair, each with how.
    problems: tuple[str, ...]
    # What the user should know, beside both.
    notes: tuple[str, ...]
    by: str
    existing: tuple[str, ...]


def provision(
    site: Site,
    secrets: Secrets | None = None,
    *,
    dry: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> Provisioned:
    """Makes or repairs certificate, buckets, distributions, names and identities; only plans it when ``dry``.

    The identities' keys, and a passphrase of the backups where there is none, are written to the vaulted file of
    ``secrets``; without it no identities are created. ``say``
    gets a line for each change and each wait. A second run changes nothing. Raises SlipwayError, with what to do; a
    later run goes on from there.
    """
    account = Account(site.region, dry=dry, say=say)
    who = account.caller()
    zones = route53.zones(account) if is_https(site) else []
    certificate = ensure_certificate(account, site, zones) if is_https(site) else None
    for edge in edges(site):
        ensure_bucket(account, site, edge)
    access_control = ensure_access_control(account, site)
    hosts = []
    for edge in edges(site):
        headers = ensure_response_headers(account, site, edge)
        wanted = distribution(site, edge, access_control, headers, certificate)
        current = ensure_distribution(account, site, edge, wanted)
        ensure_policy(account, edge, policy(site, edge, current["ARN"]))
        zone = route53.zone_of(edge.alias, zones)
        if zone:
            route53.ensure_alias(account, zone, edge.alias, current["DomainName"])
        hosts.append(_host(edge, current, is_named=bool(zone)))
    ensure_backups(account, site, secrets)
    if secrets:
        ensure_identities(account, site, secrets, *(one.arn for one in hosts))
    if not dry:
        hosts = [_deployed(account, one) for one in hosts]
    return Provisioned(
        tuple(hosts),
        tuple(account.changes),
        tuple(account.problems),
        tuple(account.notes),
        by=f"account {who['Account']}, as {who['Arn']}",
        existing=tuple(account.existing),
    )


def describe(site: Site, identity: Identity | None = None) -> dict[str, Any]:
    """The provisioned state as AWS describes it to ``identity``, ready for JSON; None for missing resources."""
    account = Account(site.region, identity=identity)
    return {
        edge.kind: {"bucket": describe_bucket(account, site, edge), **_describe_edge(account, edge)}
        for edge in edges(site)
    }


def invalidate(site: Site, paths: Mapping[str, list[str]], identity: Identity | None = None) -> list[str]:
    """Invalidates paths in every cache, as ``identity``; returns the invalidations' ids.

    ``paths`` are grouped by the URL of their host, static or media; one may end in ``*``.
    """
    account = Account(site.region, identity=identity)
    return [_invalidate(account, edge, paths[edge.url]) for edge in edges(site) if paths.get(edge.url)]


def identity_policy(site: Site, name: str) -> dict[str, Any]:
    """The IAM policy of one of ``identities.NAMES``, ready to be attached to a user or role."""
    without_hosts = documents(site, NOT_YET, NOT_YET)
    if name not in without_hosts:
        raise SlipwayError(f"{site.path}: backup_bucket: none, so there is nothing that {name} may do")
    if name != "deployer":
        return without_hosts[name]
    account, arns = Account(site.region), []
    for edge in edges(site):
        current = find_by_alias(account, edge)
        if current is None:
            raise SlipwayError(f"no distribution answers to {edge.alias}; provision it first")
        arns.append(current["ARN"])
    return iam_policies.deployer(site.bucket, site.media_bucket, *arns)


def _invalidate(account: Account, edge: Edge, paths: list[str]) -> str:
    if len(paths) > PATHS_IN_FLIGHT:
        raise SlipwayError(f"cannot purge {len(paths)} paths of {edge.alias} at once; purge /*")
    current = find_by_alias(account, edge)
    if current is None:
        raise SlipwayError(f"no distribution answers to {edge.alias}; provision it first")
    batch = {
        "Paths": {"Quantity": len(paths), "Items": paths},
        "CallerReference": str(uuid.uuid4()),
    }
    answer = account.call(
        account.cloudfront,
        "create_invalidation",
        f"distribution {current['Id']}",
        DistributionId=current["Id"],
        InvalidationBatch=batch,
    )
    return answer["Invalidation"]["Id"]


def _host(edge: Edge, current: dict[str, Any], *, is_named: bool) -> Host:
    known = (current["Id"], current["ARN"], current["DomainName"], current["Status"])
    return Host(edge.kind, edge.alias, *known, is_named)


def _deployed(account: Account, host: Host) -> Host:
    """Waits until the host is deployed to every edge."""

    def is_deployed() -> bool:
        nonlocal status
        current = account.call(
            account.cloudfront, "get_distribution", f"distribution {host.alias}", Id=host.distribution_id
        )
        status = current["Distribution"]["Status"]
        return status == "Deployed"

    status = host.status
    if status != "Deployed" and not wait_for(f"{host.alias} to be deployed", is_deployed, account.say, DEPLOYED_WITHIN):
        raise SlipwayError(f"distribution {host.distribution_id} ({host.alias}) is still {status}; run it again")
    return replace(host, status=status)


def _describe_edge(account: Account, edge: Edge) -> dict[str, Any]:
    client = account.cloudfront
    summary = find_by_alias(account, edge)
    if summary is None:
        return {"url": edge.url, "distribution_id": None}
    name = f"distribution {summary['Id']}"
    current = account.call(client, "get_distribution", name, Id=summary["Id"])["Distribution"]
    config = current["DistributionConfig"]
    behavior = config["DefaultCacheBehavior"]
    control = config["Origins"]["Items"][0].get("OriginAccessControlId")
    return {
        "url": edge.url,
        "distribution_id": current["Id"],
        "arn": current["ARN"],
        "domain": current["DomainName"],
        "status": current["Status"],
        "config": config,
        "origin_access_control": _named(account, "OriginAccessControl", control),
        "cache_policy": _named(account, "CachePolicy", behavior.get("CachePolicyId")),
        "response_headers_policy": _named(account, "ResponseHeadersPolicy", behavior.get("ResponseHeadersPolicyId")),
    }


def _named(account: Account, kind: str, identifier: str | None) -> dict[str, Any] | None:
    """The configuration of a policy or access control of a distribution; None without one."""
    if not identifier:
        return None
    snake = xform_name(kind)
    answer = account.call(account.cloudfront, f"get_{snake}_config", f"{kind} {identifier}", Id=identifier)
    return answer[f"{kind}Config"]
