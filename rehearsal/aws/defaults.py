"""What CloudFront adds to a configuration that it sends back, and what it does not take again.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ViewerCertificate.html and API_CacheBehavior.html
"""

import copy
from typing import Any

from rehearsal.aws.shapes import ServiceError

NONE = {"Quantity": 0}
LEGACY = ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL")
BEHAVIOR = {
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
    "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    "SmoothStreaming": False,
    "LambdaFunctionAssociations": NONE,
    "FunctionAssociations": NONE,
    "FieldLevelEncryptionId": "",
    "GrpcConfig": {"Enabled": False},
}
DISTRIBUTION = {
    "OriginGroups": NONE,
    "CacheBehaviors": NONE,
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}
ORIGIN = {
    "CustomHeaders": NONE,
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
}


def filled(config: dict[str, Any]) -> dict[str, Any]:
    """A distribution's configuration as it comes back, with the certificate's ARN under its former name too."""
    held = copy.deepcopy(DISTRIBUTION | config)
    held["DefaultCacheBehavior"] = copy.deepcopy(BEHAVIOR | held["DefaultCacheBehavior"])
    held["Origins"]["Items"] = [copy.deepcopy(ORIGIN | one) for one in held["Origins"]["Items"]]
    certificate = held.setdefault("ViewerCertificate", {"CloudFrontDefaultCertificate": True})
    if arn := certificate.get("ACMCertificateArn"):
        certificate |= {"Certificate": arn, "CertificateSource": "acm"}
    elif certificate.get("CloudFrontDefaultCertificate"):
        certificate |= {"MinimumProtocolVersion": "TLSv1", "CertificateSource": "cloudfront", "SSLSupportMethod": "vip"}
    return held


def check(config: dict[str, Any]) -> None:
    """Raises ServiceError for members that exclude each other."""
    certificate = config.get("ViewerCertificate", {})
    if "Certificate" in certificate and certificate["Certificate"] != certificate.get("ACMCertificateArn"):
        raise ServiceError("InvalidArgument", "The parameter Certificate does not match ACMCertificateArn.")
    if certificate.get("CertificateSource") == "cloudfront" and certificate.get("ACMCertificateArn"):
        raise ServiceError("InvalidArgument", "The parameter CertificateSource does not match ACMCertificateArn.")
    behaviors = [config["DefaultCacheBehavior"], *(config.get("CacheBehaviors", {}).get("Items") or [])]
    for behavior in behaviors:
        legacy = [name for name in LEGACY if name in behavior]
        if legacy and behavior.get("CachePolicyId"):
            raise ServiceError(
                "InvalidArgument",
                f"The parameter {legacy[0]} cannot be used when a cache policy is associated to the cache behavior.",
            )
    for origin in config["Origins"]["Items"]:
        if len([name for name in origin if name.endswith("OriginConfig")]) != 1:
            raise ServiceError("InvalidArgument", "An origin has exactly one of S3OriginConfig and CustomOriginConfig.")
