"""References of a distribution: the checks that CloudFront makes across resources."""

from collections.abc import Iterable
from typing import Any

from rehearsal.aws.shapes import ServiceError


def references(config: dict[str, Any]) -> dict[str, set[str]]:
    """Kind → ids of that kind which the distribution ``config`` uses."""
    named = {
        "OriginAccessControl": [origin.get("OriginAccessControlId") for origin in config["Origins"]["Items"]],
        "CachePolicy": [one.get("CachePolicyId") for one in _behaviors(config)],
        "OriginRequestPolicy": [one.get("OriginRequestPolicyId") for one in _behaviors(config)],
        "ResponseHeadersPolicy": [one.get("ResponseHeadersPolicyId") for one in _behaviors(config)],
    }
    return {kind: {name for name in names if name} for kind, names in named.items()}


def check_distribution(
    config: dict[str, Any],
    others: Iterable[dict[str, Any]],
    known: dict[str, set[str]],
    before: dict[str, Any] | None,
) -> None:
    """Raises ServiceError when ``config`` names a missing resource, or an alias of another distribution.

    ``others`` are the other distributions' configurations, ``known`` the ids of each kind and
    ``before`` what an update replaces.
    """
    for kind, names in references(config).items():
        for name in sorted(names - known[kind]):
            code = "InvalidOriginAccessControl" if "Access" in kind else f"NoSuch{kind}"
            raise ServiceError(code, f"The specified {kind} does not exist: {name}")
    origins = {origin["Id"] for origin in config["Origins"]["Items"]}
    for behavior in _behaviors(config):
        if behavior["TargetOriginId"] not in origins:
            raise ServiceError("NoSuchOrigin", f"No origin is {behavior['TargetOriginId']}.")
    for other in others:
        for alias in sorted(_aliases(config) & _aliases(other)):
            raise ServiceError(
                "CNAMEAlreadyExists",
                f"The CNAME you provided is already associated with a different resource: {alias}",
            )
        if config["CallerReference"] == other["CallerReference"]:
            raise ServiceError(
                "DistributionAlreadyExists",
                "The caller reference that you are using to create a distribution is associated "
                "with another distribution.",
            )
    if before and config["CallerReference"] != before["CallerReference"]:
        raise ServiceError("IllegalUpdate", "CallerReference cannot be changed.")
    certificate = config.get("ViewerCertificate", {}).get("ACMCertificateArn", "")
    if certificate and not certificate.startswith("arn:aws:acm:us-east-1:"):
        raise ServiceError(
            "InvalidViewerCertificate",
            "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, "
            "or doesn't include a valid certificate chain.",
        )


def _behaviors(config: dict[str, Any]) -> list[dict[str, Any]]:
    more = config.get("CacheBehaviors", {}).get("Items") or []
    return [config["DefaultCacheBehavior"], *more]


def _aliases(config: dict[str, Any]) -> set[str]:
    return set(config.get("Aliases", {}).get("Items") or [])
