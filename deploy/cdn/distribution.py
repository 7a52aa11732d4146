"""Two CloudFront distributions on the one bucket, and the policies they refer to."""

import uuid
from dataclasses import dataclass
from typing import Any

from botocore import xform_name

from deploy.cdn.account import TAG, Account, Site, ask, host, is_https, pages
from deploy.cdn.drift import overlay
from deploy.cdn.names import PUBLIC_PREFIX, STATIC_PREFIX
from deploy.errors import SlipwayError

# Managed-CachingOptimized: gzip and Brotli in the key; queries, cookies and headers not.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHE_POLICY = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ORIGIN = "bucket"
METHODS = ["GET", "HEAD"]
# An upload opened as a page of its own may neither run nor load anything.
MEDIA_CSP = "default-src 'none'; sandbox"
HSTS_SECONDS = 31_536_000
CORS_SECONDS = 86_400
TLS_POLICY = "TLSv1.2_2021"


@dataclass(frozen=True)
class Edge:
    """One of the site's two CDN hosts."""

    kind: str  # "static" or "media"
    url: str
    prefix: str  # in the bucket, with its trailing slash

    @property
    def alias(self) -> str:
        return host(self.url)


def edges(site: Site) -> tuple[Edge, Edge]:
    return (
        Edge("static", site.static_url, STATIC_PREFIX),
        Edge("media", site.media_url, PUBLIC_PREFIX),
    )


def access_control(site: Site) -> dict[str, Any]:
    return {
        "Name": site.name,
        "Description": f"Reads of {site.bucket}, signed",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }


def response_headers(site: Site, edge: Edge) -> dict[str, Any]:
    """The headers that CloudFront adds on ``edge``."""
    security: dict[str, Any] = {"ContentTypeOptions": {"Override": True}}
    if is_https(site):
        security["StrictTransportSecurity"] = {
            "Override": True,
            "AccessControlMaxAgeSec": HSTS_SECONDS,
            "IncludeSubdomains": False,
            "Preload": False,
        }
    policy: dict[str, Any] = {
        "Name": f"{site.name}-{edge.kind}",
        "Comment": f"{edge.kind} host of {site.site_url}",
        "SecurityHeadersConfig": security,
        # The site's pages are of another origin, and may be of another site, than this host.
        "CustomHeadersConfig": _items(
            {"Header": "Cross-Origin-Resource-Policy", "Value": "cross-origin", "Override": True}
        ),
    }
    if edge.kind == "media":
        security["ContentSecurityPolicy"] = {
            "Override": True,
            "ContentSecurityPolicy": MEDIA_CSP,
        }
    else:
        # Fonts, ES modules, CSS masks and the web manifest are fetched with CORS.
        policy["CorsConfig"] = {
            "AccessControlAllowOrigins": _items(site.site_url),
            "AccessControlAllowHeaders": _items("*"),
            "AccessControlAllowMethods": _items(*METHODS),
            "AccessControlAllowCredentials": False,
            "AccessControlMaxAgeSec": CORS_SECONDS,
            "OriginOverride": True,
        }
    return policy


def distribution(
    site: Site, edge: Edge, access_control_id: str, headers_id: str, certificate: str | None
) -> dict[str, Any]:
    """The DistributionConfig of ``edge``, without its CallerReference."""
    return {
        "Aliases": _items(edge.alias),
        "Comment": f"{edge.kind} host of {site.site_url}",
        "Enabled": True,
        # No such object: a visitor of the bare host is refused, and no name is listed.
        "DefaultRootObject": "index.html",
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
        "PriceClass": "PriceClass_All",
        # Off: a log of visitors' addresses is a choice of the site's owner, not ours.
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "Origins": _items(
            {
                "Id": ORIGIN,
                "DomainName": f"{site.bucket}.s3.{site.region}.amazonaws.com",
                "OriginPath": "/" + edge.prefix.rstrip("/"),
                "OriginAccessControlId": access_control_id,
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            }
        ),
        "DefaultCacheBehavior": {
            "TargetOriginId": ORIGIN,
            "ViewerProtocolPolicy": "redirect-to-https" if is_https(site) else "allow-all",
            "AllowedMethods": {**_items(*METHODS), "CachedMethods": _items(*METHODS)},
            "Compress": True,
            "CachePolicyId": CACHE_POLICY,
            "ResponseHeadersPolicyId": headers_id,
        },
        # A key that was asked for before its upload must not stay refused.
        "CustomErrorResponses": _items(
            {"ErrorCode": 403, "ErrorCachingMinTTL": 0},
            {"ErrorCode": 404, "ErrorCachingMinTTL": 0},
        ),
        "ViewerCertificate": _viewer_certificate(certificate),
    }


def ensure_access_control(account: Account, site: Site) -> tuple[str, list[str]]:
    """The id of the site's origin access control, and what changed."""
    listed = pages(
        account.cloudfront,
        "list_origin_access_controls",
        "origin access controls",
        "OriginAccessControlList",
    )
    found = next((item["Id"] for item in listed if item["Name"] == site.name), None)
    return _ensure(account, "OriginAccessControl", found, access_control(site))


def ensure_response_headers(account: Account, site: Site, edge: Edge) -> tuple[str, list[str]]:
    """The id of the edge's response headers policy, and what changed."""
    wanted = response_headers(site, edge)
    listed = pages(
        account.cloudfront,
        "list_response_headers_policies",
        "response headers policies",
        "ResponseHeadersPolicyList",
    )
    policies = [item["ResponseHeadersPolicy"] for item in listed]
    found = next(
        (p["Id"] for p in policies if p["ResponseHeadersPolicyConfig"]["Name"] == wanted["Name"]),
        None,
    )
    return _ensure(account, "ResponseHeadersPolicy", found, wanted)


def ensure_distribution(
    account: Account, site: Site, edge: Edge, wanted: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """The edge's distribution as CloudFront describes it, and what changed."""
    name = f"{edge.kind} distribution"
    summary = find_distribution(account, edge)
    if summary is None:
        tags = {"Items": [{"Key": TAG, "Value": site.name}]}
        config = wanted | {"CallerReference": f"{site.name}-{edge.kind}-{uuid.uuid4()}"}
        made = ask(
            account.cloudfront,
            "create_distribution_with_tags",
            f"{name} {edge.alias}",
            DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags},
        )["Distribution"]
        return made, [f"{name}: created {made['Id']} for {edge.alias}"]
    _check_ours(account, site, edge, summary)
    _, changes = _ensure(account, "Distribution", summary["Id"], wanted, name)
    found = ask(account.cloudfront, "get_distribution", name, Id=summary["Id"])
    return found["Distribution"], changes


def find_distribution(account: Account, edge: Edge) -> dict[str, Any] | None:
    """The summary of the distribution that answers to the edge's host, or None."""
    listed = pages(account.cloudfront, "list_distributions", "distributions", "DistributionList")
    for summary in listed:
        if edge.alias in (summary["Aliases"].get("Items") or []):
            return summary
    return None


def _check_ours(account: Account, site: Site, edge: Edge, summary: dict[str, Any]) -> None:
    answer = ask(
        account.cloudfront,
        "list_tags_for_resource",
        f"distribution {summary['Id']}",
        Resource=summary["ARN"],
    )
    tags = {tag["Key"]: tag.get("Value") for tag in answer["Tags"].get("Items") or []}
    if tags.get(TAG) != site.name:
        raise SlipwayError(
            f"{edge.alias} already belongs to distribution {summary['Id']}, which is not ours; "
            f"take the alias off it, or tag it {TAG}={site.name} to have it changed"
        )


def _ensure(
    account: Account, kind: str, found: str | None, wanted: dict[str, Any], name: str = ""
) -> tuple[str, list[str]]:
    """Creates a resource, or puts the drifted fields of the one with id ``found`` right."""
    client, member = account.cloudfront, f"{kind}Config"
    snake = xform_name(kind)
    name = name or f"{snake.replace('_', ' ')} {wanted['Name']}"
    if found is None:
        made = ask(client, f"create_{snake}", name, **{member: wanted})[kind]
        return made["Id"], [f"{name}: created"]
    answer = ask(client, f"get_{snake}_config", name, Id=found)
    merged, drifts = overlay(answer[member], wanted)
    if drifts:
        params = {member: merged, "IfMatch": answer["ETag"]}
        ask(client, f"update_{snake}", name, Id=found, **params)
    return found, [f"{name}: repaired ({drift})" for drift in drifts]


def _viewer_certificate(certificate: str | None) -> dict[str, Any]:
    if certificate is None:
        return {"CloudFrontDefaultCertificate": True}
    return {
        "CloudFrontDefaultCertificate": False,
        "ACMCertificateArn": certificate,
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": TLS_POLICY,
    }


def _items(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)}
