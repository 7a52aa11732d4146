"""Turns what AWS or the network answered into one line: the call, the resource, and the fix.

https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and each call's own list of errors
"""

from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from slipway.tool.causes import cause
from slipway.web.errors import SlipwayError

AGAIN = "run it again: it goes on from here"
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
DENIED = ("AccessDenied", "AccessDeniedException", "Forbidden", "403", "UnauthorizedOperation")
# Code → what to do. Where AWS's own sentence says more than we can, the code stands below.
FIXES = {
    "AuthorizationHeaderMalformed": "the bucket is in another region; correct `region` in site.yml",
    "BucketAlreadyExists": "another account has this name; choose another in site.yml",
    "CNAMEAlreadyExists": "another distribution, of this account or of another, answers to the name; take it off there",
    "ExpiredToken": "the session has expired; sign in again",
    "ExpiredTokenException": "the session has expired; sign in again",
    "IllegalLocationConstraintException": "the name is taken in another region; correct `region` in site.yml",
    "IncompleteSignature": f"the credentials are damaged; check {KEYS}",
    "InvalidAccessKeyId": f"this access key does not exist; check {KEYS}",
    "InvalidClientTokenId": f"this access key does not exist; check {KEYS}",
    "InvalidViewerCertificate": "the certificate must be issued, in us-east-1, and name the host",
    "LimitExceeded": "a quota of the account is used up; raise it in Service Quotas, or remove what is not needed",
    "LimitExceededException": "a quota of the account is used up; raise it in Service Quotas",
    "OperationAborted": f"another change of it is under way; wait a minute and {AGAIN}",
    "PermanentRedirect": "the bucket is in another region; correct `region` in site.yml",
    "PreconditionFailed": f"somebody changed it at the same moment; {AGAIN}",
    "PriorRequestNotComplete": f"another change of it is under way; wait a minute and {AGAIN}",
    "RequestExpired": "this machine's clock is wrong; set it (timedatectl set-ntp true)",
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it (timedatectl set-ntp true)",
    "SignatureDoesNotMatch": f"the secret does not fit the access key, or this machine's clock is wrong; check {KEYS}",
    "TooManyBuckets": "the account's quota of buckets is used up; raise it in Service Quotas",
    "TooManyDistributions": "the account's quota of distributions is used up; raise it in Service Quotas",
    "UnrecognizedClientException": f"this access key does not exist; check {KEYS}",
}
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
THROTTLED = (
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
)
# A HEAD answer has no document that would name the code.
CODES = {"301": "PermanentRedirect", "400": "AuthorizationHeaderMalformed"}


def refused(service: str, resource: str, error: ClientError, denied: str = "") -> SlipwayError:
    """What AWS said no to. No credential is ever in it."""
    code = error.response["Error"].get("Code", "")
    code = CODES.get(code, code)
    call = f"{service}:{error.operation_name}"
    if code in DENIED:
        return SlipwayError(f"access denied for {call} on {resource}; {denied or 'allow it to these credentials'}")
    if code in THROTTLED:
        return SlipwayError(f"{call} on {resource} failed: {code}: AWS is throttling; wait a minute and {AGAIN}")
    if code in FIXES:
        return SlipwayError(f"{call} on {resource} failed: {code}: {FIXES[code]}")
    said = " ".join(error.response["Error"].get("Message", "").split())
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    fix = f"; AWS itself failed: {AGAIN}" if status >= 500 else ""
    return SlipwayError(f"{call} on {resource} failed: {code}: {said}{fix}")


def failed(service: str, resource: str, error: BotoCoreError) -> SlipwayError:
    """What never got an answer."""
    if isinstance(error, NoCredentialsError):
        return SlipwayError(f"no AWS credentials; set {KEYS}")
    if isinstance(error, PartialCredentialsError | ProfileNotFound):
        return SlipwayError(f"incomplete AWS credentials: {error}; set {KEYS}")
    host = urlsplit(error.kwargs.get("endpoint_url", "")).netloc or "AWS"
    told = cause(error, host, "AWS_CA_BUNDLE") or " ".join(str(error).split())
    # A region that does not exist is a name that does not resolve.
    fix = "; check the network, and `region` in site.yml" if isinstance(error, EndpointConnectionError) else ""
    return SlipwayError(f"{service} cannot be asked about {resource}: {told}{fix}")
