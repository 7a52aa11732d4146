"""How long a call is repeated while AWS is not ready for it: what was just made is not known everywhere at once.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel and each call's own list of errors
"""

from botocore.exceptions import ClientError

from slipway.web.errors import SlipwayError

MINUTE = 60.0  # seconds
# Made or changed a moment ago, and not known everywhere yet.
SOON = 2 * MINUTE
# A request is rejected because of others, of this account or of AWS itself. botocore's own eight attempts come first.
BUSY = 5 * MINUTE
# The name of a deleted bucket is free again within the hour; a distribution's change reaches every edge in minutes.
LONG = 45 * MINUTE

# Whatever the call is.
ANYWHERE = {
    "ConcurrentModification": SOON,
    "ConcurrentModificationException": SOON,
    "EntityTemporarilyUnmodifiable": SOON,
    "InternalError": SOON,
    "InternalFailure": SOON,
    "OperationAborted": LONG,
    "PriorRequestNotComplete": BUSY,
    "RequestInProgressException": SOON,
    "RequestLimitExceeded": BUSY,
    "ServiceUnavailable": BUSY,
    "SlowDown": BUSY,
    "Throttling": BUSY,
    "ThrottlingException": BUSY,
    "TooManyRequests": BUSY,
    "TooManyRequestsException": BUSY,
}
# By the service too. A call that knows what to do about a code names it as ``absent``: that comes first.
OF_A_SERVICE = {
    "acm": {"ResourceNotFoundException": SOON, "ResourceInUseException": LONG},
    "cloudfront": {
        # The other services' resources that a distribution names.
        "InvalidViewerCertificate": BUSY,
        "InvalidOriginAccessControl": SOON,
        "NoSuchOriginAccessControl": SOON,
        "NoSuchResponseHeadersPolicy": SOON,
        "NoSuchDistribution": SOON,
        "NoSuchResource": SOON,
        # What a deleted distribution used.
        "OriginAccessControlInUse": BUSY,
        "ResponseHeadersPolicyInUse": BUSY,
        "DistributionNotDisabled": LONG,
        # Somebody, or CloudFront itself, changed it since it was read; it is read again.
        "InvalidIfMatchVersion": SOON,
        "PreconditionFailed": SOON,
    },
    "iam": {"NoSuchEntity": SOON, "DeleteConflict": SOON, "MalformedPolicyDocument": SOON},
    "s3": {"NoSuchBucket": SOON, "BucketNotEmpty": SOON},
    "sts": {},
}


def seconds(service: str, code: str) -> float:
    """How long a call that fails with ``code`` is repeated; 0 for an error that stays."""
    return OF_A_SERVICE.get(service, {}).get(code) or ANYWHERE.get(code, 0.0)


def code_of(error: SlipwayError) -> str:
    """The code of AWS's error behind ``error``, or ""."""
    cause = error.__cause__
    return cause.response["Error"].get("Code", "") if isinstance(cause, ClientError) else ""
