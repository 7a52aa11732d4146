"""The two CloudFront distributions, and the policies they refer to."""

import copy
import uuid
from dataclasses import dataclass
from typing import Any

from botocore import xform_name

from slipway.tool.cdn.account import NOT_YET, TAG, Account, is_https, pages
from slipway.tool.cdn.cdn_csp import MEDIA_CSP, STATIC_CSP
from slipway.tool.cdn.drift import ECHO, UNSET, overlay, without_markers
from slipway.tool.cdn.edges import Edge, edges
from slipway.tool.cdn.names import fitting
from slipway.tool.cdn.waiting import wait_for
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
NOTHING = {"Quantity": 0}
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html
NAME_LENGTH = 64
COMMENT_LENGTH = 128
TAGGED_WITHIN = 60.0  # seconds


def mark(site: Site) -> str:
    """The beginning of the comment of what cannot be tagged: whose it is."""
    return f"{TAG}={site.name}"


def access_control_name(site: Site) -> str:
    return fitting(site.name, NAME_LENGTH)


def access_control(site: Site) -> dict[str, Any]:
    return {
        "Name": access_control_name(site),
        "Description": f"{mark(site)}, signs reads of its buckets",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }


def response_headers(site: Site, edge: Edge) -> dict[str, Any]:
    """The headers that CloudFront adds on ``edge``."""
    security: dict[str, Any] = {
        "ContentTypeOptions": {"Override": True},
        "FrameOptions": UNSET,
        "ReferrerPolicy": UNSET,
        "StrictTransportSecurity": UNSET,
        "XSSProtection": UNSET,
    }
    if is_https(site):
        security["StrictTransportSecurity"] = {
            "Override": True,
            "AccessControlMaxAgeSec": HSTS_SECONDS,
            "IncludeSubdomains": False,
            "Preload": False,
        }
    policy: dict[str, Any] = {
        "Name": f"{site.name}-{edge.kind}",
        "Comment": f"{mark(site)}, {edge.kind} host"[:COMMENT_LENGTH],
        "SecurityHeadersConfig": security,
        # The site's pages have another origin than this host, and may be another site.
        "CustomHeadersConfig": _items(
            {"Header": "Cross-Origin-Resource-Policy", "Value": "cross-origin", "Override": True}
        ),
        "RemoveHeadersConfig": UNSET,
        "ServerTimingHeadersConfig": UNSET,
    }
    security["ContentSecurityPolicy"] = {
        "Override": True,
        "ContentSecurityPolicy": MEDIA_CSP if edge.kind == "media" else STATIC_CSP,
    }
    # For objects that the edges hold from before the bucket sent these headers itself: see _origin. The bucket's win.
    policy["CorsConfig"] = {
        "AccessControlAllowOrigins": _items(*site.readers),
        "AccessControlAllowHeaders": _items("*"),
        "AccessControlAllowMethods": _items(*READS),
        "AccessControlAllowCredentials": False,
        "AccessControlExposeHeaders": UNSET,
        "AccessControlMaxAgeSec": CORS_SECONDS,
        "OriginOverride": False,
    }
    return policy


def distribution(
    site: Site, edge: Edge, access_control_id: str, headers_id: str, certificate: str | None
) -> dict[str, Any]:
    """The DistributionConfig of ``edge``, without its CallerReference.

    It names what it does without, too: a signer, a function or another behavior that somebody adds is a drift. The
    firewall (WebACLId, which CloudFront's flat-rate plans set), the origin's timeouts and its shield are the owner's.
    """
    behavior = {
        "TargetOriginId": ORIGIN,
        "ViewerProtocolPolicy": "redirect-to-https" if is_https(site) else "allow-all",
        "AllowedMethods": {**_items(*READS, "OPTIONS"), "CachedMethods": _items(*READS)},
        "Compress": True,
        "CachePolicyId": CACHE_POLICY,
        "OriginRequestPolicyId": PREFLIGHT_POLICY,
        "ResponseHeadersPolicyId": headers_id,
        "TrustedSigners": {"Enabled": False, **NOTHING},
        "TrustedKeyGroups": {"Enabled": False, **NOTHING},
        "LambdaFunctionAssociations": NOTHING,
        "FunctionAssociations": NOTHING,
        "SmoothStreaming": False,
        "FieldLevelEncryptionId": "",
        "RealtimeLogConfigArn": UNSET,
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
        "CacheBehaviors": NOTHING,
        "ContinuousDeploymentPolicyId": "",
        "OriginGroups": NOTHING,
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", **NOTHING}},
        "ViewerMtlsConfig": UNSET,
        "ConnectionFunctionAssociation": UNSET,
        "Origins": _items(_origin(site, edge, access_control_id)),
        "DefaultCacheBehavior": behavior,
        # A key that was requested before its upload must not stay denied.
        "CustomErrorResponses": _items(_uncached(403), _uncached(404)),
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
        "CustomOriginConfig": UNSET,
        "VpcOriginConfig": UNSET,
    }


def ensure_access_control(account: Account, site: Site) -> str:
    """The id of the site's origin access control. Raises SlipwayError for one of its name that is not ours."""
    current = _check_ours(account, site, "origin access control", access_control_named(account, site))
    return _ensure(account, "OriginAccessControl", current, access_control(site))


def ensure_response_headers(account: Account, site: Site, edge: Edge) -> str:
    """The id of the edge's response headers policy. Raises SlipwayError for one of its name that is not ours."""
    current = _check_ours(account, site, "response headers policy", response_headers_named(account, site, edge))
    return _ensure(account, "ResponseHeadersPolicy", current, response_headers(site, edge))


def _check_ours(account: Account, site: Site, kind: str, found: "Untagged | None") -> str | None:
    if found is None:
        return None
    if not is_ours(account, site, found):
        raise SlipwayError(
            f"{kind} {found.name} ({found.id}) is not ours; rename or delete it, "
            f"or begin its description with {mark(site)} to have it used"
        )
    return found.id


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
        config = without_markers(wanted) | {"CallerReference": f"{edge.kind}-{uuid.uuid4()}"}
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
    return account.call(account.cloudfront, "get_distribution", name, Id=summary["Id"])["Distribution"]


@dataclass(frozen=True)
class Untagged:
    """A resource of CloudFront that has a name and no tags."""

    id: str
    name: str
    comment: str


def access_control_named(account: Account, site: Site) -> Untagged | None:
    """The origin access control of the site's name, whoever made it."""
    operation, listing = "list_origin_access_controls", "OriginAccessControlList"
    listed = pages(account, operation, "origin access controls", listing)
    found = [Untagged(one["Id"], one["Name"], one.get("Description", "")) for one in listed]
    return next((one for one in found if one.name == access_control_name(site)), None)


def response_headers_named(account: Account, site: Site, edge: Edge) -> Untagged | None:
    """The response headers policy of the edge's name, whoever made it."""
    operation, listing = "list_response_headers_policies", "ResponseHeadersPolicyList"
    listed = [one["ResponseHeadersPolicy"] for one in pages(account, operation, "response headers policies", listing)]
    configs = [(one["Id"], one["ResponseHeadersPolicyConfig"]) for one in listed]
    found = [Untagged(identifier, one["Name"], one.get("Comment", "")) for identifier, one in configs]
    return next((one for one in found if one.name == f"{site.name}-{edge.kind}"), None)


def is_ours(account: Account, site: Site, found: Untagged) -> bool:
    """Whether provisioning made it: its comment says so, or one of the site's own distributions uses it.

    The comment may have been edited; before the mark it was a sentence about the site.
    """
    words = (f"Reads of the buckets of {site.site_url},", *(_comment(site, edge) for edge in edges(site)))
    if found.comment.startswith(mark(site)) or found.comment.startswith(words):
        return True
    return any(found.id in used_by_ours(account, site, edge) for edge in edges(site))


def used_by_ours(account: Account, site: Site, edge: Edge) -> set[str]:
    """Ids of the access control and the headers policy that the edge's distribution uses."""
    summary = find_ours(account, site, edge)
    if summary is None:
        return set()
    name = f"{edge.kind} distribution"
    config = account.call(account.cloudfront, "get_distribution_config", name, Id=summary["Id"])["DistributionConfig"]
    controls = {origin.get("OriginAccessControlId", "") for origin in config["Origins"].get("Items") or []}
    return {config["DefaultCacheBehavior"].get("ResponseHeadersPolicyId", ""), *controls} - {""}


def find_by_alias(account: Account, edge: Edge) -> dict[str, Any] | None:
    """The summary of any distribution with the edge's host as its alias, or None."""
    listed = pages(account, "list_distributions", "distributions", "DistributionList")
    return next((one for one in listed if edge.alias in (one["Aliases"].get("Items") or [])), None)


def find_ours(account: Account, site: Site, edge: Edge) -> dict[str, Any] | None:
    """The summary of the edge's distribution, or None.

    It has our tag, and the host as its alias or, where that was removed, our comment.
    """
    listed = pages(account, "list_distributions", "distributions", "DistributionList")
    named = [one for one in listed if edge.alias in (one["Aliases"].get("Items") or [])]
    unnamed = [one for one in listed if one not in named and one.get("Comment") == _comment(site, edge)]
    return next((one for one in (*named, *unnamed) if _is_ours(account, site, one)), None)


def _is_ours(account: Account, site: Site, summary: dict[str, Any]) -> bool:
    """Whether a distribution has our tag. One that was just made has none for a moment; a deleted one is listed on."""
    client, name = account.cloudfront, f"distribution {summary['Id']}"
    tags: dict[str, str] = {}

    def is_known() -> bool:
        gone = ("NoSuchResource", "NoSuchDistribution")
        answer = account.call(client, "list_tags_for_resource", name, gone, Resource=summary["ARN"])
        if answer is None:
            return account.call(client, "get_distribution", name, gone, Id=summary["Id"]) is None
        tags.update({tag["Key"]: tag.get("Value", "") for tag in answer["Tags"].get("Items") or []})
        return True

    wait_for(f"the tags of {name}", is_known, account.say, TAGGED_WITHIN)
    return tags.get(TAG) == site.name


def _ensure(account: Account, kind: str, current: str | None, wanted: dict[str, Any], name: str = "") -> str:
    """Creates a resource or corrects its drifted fields; returns its id."""
    client, member = account.cloudfront, f"{kind}Config"
    snake = xform_name(kind)
    name = name or f"{snake.replace('_', ' ')} {wanted['Name']}"
    if current is None:
        made = account.change(client, f"create_{snake}", name, [f"create {name}"], **{member: without_markers(wanted)})
        return made[kind]["Id"] if made else NOT_YET
    account.existing.append(name)

    def compared() -> tuple[dict[str, Any], list[str]]:
        answer = account.call(client, f"get_{snake}_config", name, Id=current)
        merged, drifts = overlay(answer[member], wanted)
        return {member: sendable(merged), "IfMatch": answer["ETag"]}, drifts

    _, drifts = compared()
    if drifts:
        lines = [f"change {name}: {drift}" for drift in drifts]
        account.change(client, f"update_{snake}", name, lines, fresh=lambda: compared()[0], Id=current)
    return current


def sendable(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration that was read, without the deprecated members that AWS sends back and does not take.

    They are a certificate's ARN under its former names, and the settings that a cache policy replaces.
    """
    sent = copy.deepcopy(config)
    for former in ("Certificate", "CertificateSource"):
        sent.get("ViewerCertificate", {}).pop(former, None)
    more = sent.get("CacheBehaviors", {}).get("Items") or []
    for behavior in (sent.get("DefaultCacheBehavior", {}), *more):
        if behavior.get("CachePolicyId"):
            for former in ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"):
                behavior.pop(former, None)
    return sent


def _comment(site: Site, edge: Edge) -> str:
    return f"{edge.kind} host of {site.site_url}"[:COMMENT_LENGTH]


def _logging(site: Site, edge: Edge) -> dict[str, Any]:
    if not site.cdn_logs:
        return {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}
    bucket = f"{site.cdn_logs}.s3.amazonaws.com"
    return {"Enabled": True, "IncludeCookies": False, "Bucket": bucket, "Prefix": f"{edge.alias}/"}


def _viewer_certificate(certificate: str | None) -> dict[str, Any]:
    if certificate is None:
        others = {"IAMCertificateId": UNSET, "ACMCertificateArn": UNSET}
        shown = {"SSLSupportMethod": ECHO, "MinimumProtocolVersion": ECHO}
        return {"CloudFrontDefaultCertificate": True, **others, **shown}
    return {
        "CloudFrontDefaultCertificate": False,
        "ACMCertificateArn": certificate,
        "IAMCertificateId": UNSET,
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": TLS_POLICY,
    }


def _uncached(code: int) -> dict[str, Any]:
    return {"ErrorCode": code, "ErrorCachingMinTTL": 0, "ResponsePagePath": "", "ResponseCode": ""}


def _items(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)}
