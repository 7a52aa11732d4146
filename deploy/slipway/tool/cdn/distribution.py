"""The two CloudFront distributions, and the policies they refer to."""

import uuid
from typing import Any

from botocore import xform_name

from slipway.tool.aws.calls import call
from slipway.tool.cdn.account import NOT_YET, TAG, Account, is_https, pages
from slipway.tool.cdn.cdn_csp import MEDIA_CSP, STATIC_CSP
from slipway.tool.cdn.drift import overlay
from slipway.tool.cdn.edges import Edge
from slipway.tool.config import Site
from slipway.web.errors import SlipwayError

# Managed-CachingOptimized: gzip and Brotli in the key; queries, cookies and headers not.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
CACHE_POLICY = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# Managed-CORS-S3Origin: forwards the three headers of a preflight to the bucket.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
PREFLIGHT_POLICY = "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf"
ORIGIN = "bucket"
READS = ["GET", "HEAD"]
HSTS_SECONDS = 31_536_000
CORS_SECONDS = 86_400
TLS_POLICY = "TLSv1.2_2021"


def access_control(site: Site) -> dict[str, Any]:
    return {
        "Name": site.name,
        "Description": f"Reads of the buckets of {site.site_url}, signed",
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
        "Comment": _comment(site, edge),
        "SecurityHeadersConfig": security,
        # The site's pages have another origin than this host, and may be another site.
        "CustomHeadersConfig": _items(
            {"Header": "Cross-Origin-Resource-Policy", "Value": "cross-origin", "Override": True}
        ),
    }
    security["ContentSecurityPolicy"] = {
        "Override": True,
        "ContentSecurityPolicy": MEDIA_CSP if edge.kind == "media" else STATIC_CSP,
    }
    # For objects that the edges hold from before the bucket sent these headers itself: see _origin. The bucket's win.
    policy["CorsConfig"] = {
        "AccessControlAllowOrigins": _items(site.site_url),
        "AccessControlAllowHeaders": _items("*"),
        "AccessControlAllowMethods": _items(*READS),
        "AccessControlAllowCredentials": False,
        "AccessControlMaxAgeSec": CORS_SECONDS,
        "OriginOverride": False,
    }
    return policy


def distribution(
    site: Site, edge: Edge, access_control_id: str, headers_id: str, certificate: str | None
) -> dict[str, Any]:
    """The DistributionConfig of ``edge``, without its CallerReference."""
    behavior = {
        "TargetOriginId": ORIGIN,
        "ViewerProtocolPolicy": "redirect-to-https" if is_https(site) else "allow-all",
        "AllowedMethods": {**_items(*READS, "OPTIONS"), "CachedMethods": _items(*READS)},
        "Compress": True,
        "CachePolicyId": CACHE_POLICY,
        "OriginRequestPolicyId": PREFLIGHT_POLICY,
        "ResponseHeadersPolicyId": headers_id,
    }
    return {
        "Aliases": _items(edge.alias),
        "Comment": _comment(site, edge),
        "Enabled": True,
        # This object does not exist: the bare host is a 404, and lists nothing.
        "DefaultRootObject": "index.html",
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
        "PriceClass": site.price_class,
        "Logging": _logging(site, edge),
        "Origins": _items(_origin(site, edge, access_control_id)),
        "DefaultCacheBehavior": behavior,
        # A key that was requested before its upload must not stay denied.
        "CustomErrorResponses": _items(
            {"ErrorCode": 403, "ErrorCachingMinTTL": 0},
            {"ErrorCode": 404, "ErrorCachingMinTTL": 0},
        ),
        "ViewerCertificate": _viewer_certificate(certificate),
    }


def _origin(site: Site, edge: Edge, access_control_id: str) -> dict[str, Any]:
    """The bucket, which is always asked as the site's pages ask: its answers then always allow the site's origin.

    Fonts, ES modules, CSS masks, the web manifest and a canvas are read with CORS. A policy adds its CORS headers to
    answers of CORS requests alone, and without them a browser that holds a file from an <img> blocks a later fetch() of
    it. https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
    """
    return {
        "Id": ORIGIN,
        "DomainName": f"{edge.bucket}.s3.{site.region}.amazonaws.com",
        "OriginPath": "/" + edge.prefix.rstrip("/"),
        "OriginAccessControlId": access_control_id,
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "CustomHeaders": _items({"HeaderName": "Origin", "HeaderValue": site.site_url}),
    }


def ensure_access_control(account: Account, site: Site) -> str:
    """The id of the site's origin access control."""
    return _ensure(account, "OriginAccessControl", find_access_control(account, site), access_control(site))


def ensure_response_headers(account: Account, site: Site, edge: Edge) -> str:
    """The id of the edge's response headers policy."""
    wanted = response_headers(site, edge)
    return _ensure(account, "ResponseHeadersPolicy", find_response_headers(account, site, edge), wanted)


def ensure_distribution(account: Account, site: Site, edge: Edge, wanted: dict[str, Any]) -> dict[str, Any]:
    """Creates or corrects the edge's distribution; returns CloudFront's description, or placeholders when dry."""
    name = f"{edge.kind} distribution"
    summary = find_ours(account, site, edge)
    other = find_by_alias(account, edge)
    if other and (summary is None or other["Id"] != summary["Id"]):
        raise SlipwayError(
            f"{edge.alias} already belongs to distribution {other['Id']}, which is not ours; "
            f"take the alias off it, or tag it {TAG}={site.name} to have it changed"
        )
    if summary is None:
        tags = {"Items": [{"Key": TAG, "Value": site.name}]}
        config = wanted | {"CallerReference": f"{site.name}-{edge.kind}-{uuid.uuid4()}"}
        made = account.change(
            account.cloudfront,
            "create_distribution_with_tags",
            f"{name} {edge.alias}",
            [f"create {name} {edge.alias}"],
            DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags},
        )
        unmade = {"Id": NOT_YET, "ARN": NOT_YET, "DomainName": NOT_YET, "Status": NOT_YET}
        return made["Distribution"] if made else unmade
    _ensure(account, "Distribution", summary["Id"], wanted, name)
    return call(account.cloudfront, "get_distribution", name, Id=summary["Id"])["Distribution"]


def find_access_control(account: Account, site: Site) -> str | None:
    """The id of the site's origin access control, by its name: it has no tags."""
    operation, listing = "list_origin_access_controls", "OriginAccessControlList"
    listed = pages(account.cloudfront, operation, "origin access controls", listing)
    return next((item["Id"] for item in listed if item["Name"] == site.name), None)


def find_response_headers(account: Account, site: Site, edge: Edge) -> str | None:
    """The id of the edge's response headers policy, by its name: it has no tags."""
    operation, listing = "list_response_headers_policies", "ResponseHeadersPolicyList"
    listed = pages(account.cloudfront, operation, "response headers policies", listing)
    policies = [item["ResponseHeadersPolicy"] for item in listed]
    name = f"{site.name}-{edge.kind}"
    return next((p["Id"] for p in policies if p["ResponseHeadersPolicyConfig"]["Name"] == name), None)


def find_by_alias(account: Account, edge: Edge) -> dict[str, Any] | None:
    """The summary of any distribution with the edge's host as its alias, or None."""
    listed = pages(account.cloudfront, "list_distributions", "distributions", "DistributionList")
    return next((one for one in listed if edge.alias in (one["Aliases"].get("Items") or [])), None)


def find_ours(account: Account, site: Site, edge: Edge) -> dict[str, Any] | None:
    """The summary of the edge's distribution, or None.

    It has our tag, and the host as its alias or, where that was removed, our comment.
    """
    listed = pages(account.cloudfront, "list_distributions", "distributions", "DistributionList")
    named = [one for one in listed if edge.alias in (one["Aliases"].get("Items") or [])]
    unnamed = [one for one in listed if one not in named and one.get("Comment") == _comment(site, edge)]
    return next((one for one in (*named, *unnamed) if _is_ours(account, site, one)), None)


def _is_ours(account: Account, site: Site, summary: dict[str, Any]) -> bool:
    name = f"distribution {summary['Id']}"
    answer = call(account.cloudfront, "list_tags_for_resource", name, Resource=summary["ARN"])
    tags = {tag["Key"]: tag.get("Value") for tag in answer["Tags"].get("Items") or []}
    return tags.get(TAG) == site.name


def _ensure(account: Account, kind: str, current: str | None, wanted: dict[str, Any], name: str = "") -> str:
    """Creates a resource or corrects its drifted fields; returns its id."""
    client, member = account.cloudfront, f"{kind}Config"
    snake = xform_name(kind)
    name = name or f"{snake.replace('_', ' ')} {wanted['Name']}"
    if current is None:
        made = account.change(client, f"create_{snake}", name, [f"create {name}"], **{member: wanted})
        return made[kind]["Id"] if made else NOT_YET
    account.existing.append(name)
    answer = call(client, f"get_{snake}_config", name, Id=current)
    merged, drifts = overlay(answer[member], wanted)
    if drifts:
        params = {member: merged, "IfMatch": answer["ETag"]}
        account.change(client, f"update_{snake}", name, [f"change {name}: {d}" for d in drifts], Id=current, **params)
    return current


def _comment(site: Site, edge: Edge) -> str:
    return f"{edge.kind} host of {site.site_url}"


def _logging(site: Site, edge: Edge) -> dict[str, Any]:
    if not site.cdn_logs:
        return {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}
    bucket = f"{site.cdn_logs}.s3.amazonaws.com"
    return {"Enabled": True, "IncludeCookies": False, "Bucket": bucket, "Prefix": f"{edge.alias}/"}


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
