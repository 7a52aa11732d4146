"""CloudFront behind the verbs provision, describe and purge, and the policies of who works with it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore import xform_name

from deploy.cdn import policies
from deploy.cdn.account import Account, Site, ask, is_https
from deploy.cdn.bucket import describe_bucket, ensure_bucket, ensure_policy
from deploy.cdn.certificate import ensure_certificate
from deploy.cdn.distribution import (
    Edge,
    distribution,
    edges,
    ensure_access_control,
    ensure_distribution,
    ensure_response_headers,
    find_distribution,
)
from deploy.errors import SlipwayError

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
PATHS_IN_FLIGHT = 3000


@dataclass(frozen=True)
class Host:
    """One provisioned CDN host. ``domain`` is what its DNS record must point at."""

    kind: str
    alias: str
    distribution_id: str
    arn: str
    domain: str
    status: str


@dataclass(frozen=True)
class Provisioned:
    """What stands now, and a line for each change that was made; none where nothing was."""

    bucket: str
    hosts: tuple[Host, ...]
    changes: tuple[str, ...]


def provision(site: Site) -> Provisioned:
    """Makes or repairs the bucket, the certificate and both distributions.

    Running it again changes nothing. Raises SlipwayError, with what to do, where it cannot go on;
    a later run goes on from there.
    """
    account = Account(site.region)
    certificate, changes = None, []
    if is_https(site):
        certificate, changes = ensure_certificate(account, site)
    changes += ensure_bucket(account, site)
    access_control, made = ensure_access_control(account, site)
    changes += made
    hosts, readers = [], {}
    for edge in edges(site):
        headers, made = ensure_response_headers(account, site, edge)
        changes += made
        wanted = distribution(site, edge, access_control, headers, certificate)
        found, made = ensure_distribution(account, site, edge, wanted)
        changes += made
        hosts.append(_host(edge, found))
        readers[found["ARN"]] = edge.prefix
    changes += ensure_policy(account, site, readers)
    return Provisioned(site.bucket, tuple(hosts), tuple(changes))


def describe(site: Site) -> dict[str, Any]:
    """The provisioned state as AWS describes it, ready for JSON; None for what is not there."""
    account = Account(site.region)
    described = {edge.kind: _describe_edge(account, edge) for edge in edges(site)}
    return {"bucket": describe_bucket(account, site), **described}


def purge(site: Site, paths: Sequence[str]) -> list[str]:
    """Takes ``paths`` out of every cache; returns the invalidations' ids.

    A path is a URL on the static or the media host, or begins with a slash and means the static
    host; it may end in ``*``.
    """
    account = Account(site.region)
    batches = {edge: _paths(site, edge, paths) for edge in edges(site)}
    return [_invalidate(account, edge, batch) for edge, batch in batches.items() if batch]


def identity_policy(site: Site, name: str) -> dict[str, Any]:
    """The IAM policy of ``deployer``, ``pruner`` or ``web``, ready to be attached to a user or role."""
    if name != "deployer":
        return {"pruner": policies.pruner, "web": policies.web}[name](site.bucket)
    static = edges(site)[0]
    found = find_distribution(Account(site.region), static)
    if found is None:
        raise SlipwayError(f"no distribution answers to {static.alias}; provision it first")
    return policies.deployer(site.bucket, found["ARN"])


def _paths(site: Site, edge: Edge, paths: Sequence[str]) -> list[str]:
    other_urls = [e.url + "/" for e in edges(site)]
    for path in paths:
        if not path.startswith(("/", *other_urls)):
            raise SlipwayError(
                f"cannot purge {path}: give a path like /favicon.ico, or a URL on {site.static_url} or {site.media_url}"
            )
    mine = [path.removeprefix(edge.url) for path in paths if path.startswith(edge.url + "/")]
    if edge.kind == "static":
        mine += [path for path in paths if path.startswith("/")]
    return mine


def _invalidate(account: Account, edge: Edge, paths: list[str]) -> str:
    if len(paths) > PATHS_IN_FLIGHT:
        raise SlipwayError(f"cannot purge {len(paths)} paths of {edge.alias} at once; purge /*")
    found = find_distribution(account, edge)
    if found is None:
        raise SlipwayError(f"no distribution answers to {edge.alias}; provision it first")
    batch = {
        "Paths": {"Quantity": len(paths), "Items": paths},
        "CallerReference": str(uuid.uuid4()),
    }
    answer = ask(
        account.cloudfront,
        "create_invalidation",
        f"distribution {found['Id']}",
        DistributionId=found["Id"],
        InvalidationBatch=batch,
    )
    return answer["Invalidation"]["Id"]


def _host(edge: Edge, found: dict[str, Any]) -> Host:
    return Host(edge.kind, edge.alias, found["Id"], found["ARN"], found["DomainName"], found["Status"])


def _describe_edge(account: Account, edge: Edge) -> dict[str, Any] | None:
    client = account.cloudfront
    summary = find_distribution(account, edge)
    if summary is None:
        return None
    name = f"distribution {summary['Id']}"
    found = ask(client, "get_distribution", name, Id=summary["Id"])["Distribution"]
    config = found["DistributionConfig"]
    behavior = config["DefaultCacheBehavior"]
    control = config["Origins"]["Items"][0].get("OriginAccessControlId")
    return {
        "url": edge.url,
        "distribution_id": found["Id"],
        "arn": found["ARN"],
        "domain": found["DomainName"],
        "status": found["Status"],
        "config": config,
        "origin_access_control": _named(client, "OriginAccessControl", control),
        "cache_policy": _named(client, "CachePolicy", behavior.get("CachePolicyId")),
        "response_headers_policy": _named(client, "ResponseHeadersPolicy", behavior.get("ResponseHeadersPolicyId")),
    }


def _named(client: Any, kind: str, identifier: str | None) -> dict[str, Any] | None:
    """The configuration of what a distribution refers to; None where it refers to nothing."""
    if not identifier:
        return None
    snake = xform_name(kind)
    answer = ask(client, f"get_{snake}_config", f"{kind} {identifier}", Id=identifier)
    return answer[f"{kind}Config"]
