"""Errors of AWS, or of another S3 server: the table of codes, and what to do.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html and each call's own list of errors
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore import exceptions

from slipway.tool.causes import cause
from slipway.web.errors import SlipwayError

AGAIN = "run it again: it goes on from here"
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
ALLOW = "allow it to these credentials"
CLOCK = "this machine's clock is wrong; set it (timedatectl set-ntp true)"
EXPIRED = "the session has expired; sign in again"
NO_SUCH_KEY = f"this access key does not exist; check {KEYS}"
BUSY = f"another change of it is under way; wait a minute and {AGAIN}"
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
THROTTLED = f"too many requests at once; wait a minute and {AGAIN}"

DENIED = ("AccessDenied", "AccessDeniedException", "Forbidden", "UnauthorizedOperation")
WRONG_REGION = (
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "PermanentRedirect",
    "TemporaryRedirect",
)
# Code → what to do. For any other code the server's own message is shown.
FIXES = {
    "AllAccessDisabled": "the bucket is disabled; ask AWS support",
    "BadDigest": f"the bytes were damaged on the way; {AGAIN}",
    "BandwidthLimitExceeded": THROTTLED,
    "BucketAlreadyExists": "another account has this name; choose another in site.yml",
    "CNAMEAlreadyExists": "another distribution, of this or another account, has this alias; remove it there",
    "EC2ThrottledException": THROTTLED,
    "ExpiredToken": EXPIRED,
    "ExpiredTokenException": EXPIRED,
    "IncompleteSignature": f"the credentials are damaged; check {KEYS}",
    "InvalidAccessKeyId": NO_SUCH_KEY,
    "InvalidClientTokenId": NO_SUCH_KEY,
    "InvalidToken": "the session's token is damaged; check AWS_SESSION_TOKEN",
    "InvalidViewerCertificate": "the certificate must be issued, in us-east-1, and name the host",
    "LimitExceeded": "a quota of the account is used up; raise it in Service Quotas, or remove what is not needed",
    "LimitExceededException": "a quota of the account is used up; raise it in Service Quotas",
    "NoSuchBucket": "there is no such bucket; make it (`make cdn`) or correct its name in site.yml",
    "OperationAborted": BUSY,
    "PreconditionFailed": f"somebody changed it at the same moment; {AGAIN}",
    "PriorRequestNotComplete": BUSY,
    "RequestExpired": CLOCK,
    "RequestLimitExceeded": THROTTLED,
    "RequestThrottled": THROTTLED,
    "RequestThrottledException": THROTTLED,
    "RequestTimeTooSkewed": CLOCK,
    "SignatureDoesNotMatch": f"the secret does not fit the access key, or this machine's clock is wrong; check {KEYS}",
    "SlowDown": THROTTLED,
    "ThrottledException": THROTTLED,
    "Throttling": THROTTLED,
    "ThrottlingException": THROTTLED,
    "TokenRefreshRequired": EXPIRED,
    "TooManyBuckets": "the account's quota of buckets is used up; raise it in Service Quotas",
    "TooManyDistributions": "the account's quota of distributions is used up; raise it in Service Quotas",
    "TooManyRequestsException": THROTTLED,
    "UnrecognizedClientException": NO_SUCH_KEY,
}
# The response to a HEAD has no body with the code.
CODES = {301: "PermanentRedirect", 307: "TemporaryRedirect", 403: "AccessDenied"}
CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.ProfileNotFound,
)


@dataclass(frozen=True, slots=True)
class Rejection:
    """An error response. ``code``, ``message`` and ``region`` are the server's, "" if missing.

    ``status`` is 0 where botocore does not have it.
    """

    status: int
    code: str
    message: str
    region: str = ""

    @classmethod
    def of(cls, error: exceptions.ClientError) -> "Rejection":
        data = error.response["Error"]
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = data.get("Code", "")
        if code.isdigit():
            # botocore puts the status there. S3 answers 400 to a HEAD that is signed for another region.
            status, code = int(code), "AuthorizationHeaderMalformed" if code == "400" else ""
        return cls(status, code or CODES.get(status, ""), data.get("Message", ""), data.get("Region", ""))


def explain(failure: Rejection | exceptions.BotoCoreError, allow: str = ALLOW) -> str:
    """The server's error, or why there was no response, and what to do; ``allow`` is the fix of a denied call.

    It never contains a header, signature or credential of the request.
    """
    return _rejected(failure, allow) if isinstance(failure, Rejection) else _unanswered(failure)


def call_failed(
    service: str, resource: str, error: exceptions.ClientError | exceptions.BotoCoreError, allow: str = ""
) -> SlipwayError:
    """The error to raise for a botocore client's: the call, ``resource``, and the fix."""
    if isinstance(error, CREDENTIALS):
        return SlipwayError(explain(error))
    if isinstance(error, exceptions.BotoCoreError):
        return SlipwayError(f"{service} request about {resource} failed: {explain(error)}")
    rejection, call = Rejection.of(error), f"{service}:{error.operation_name}"
    if rejection.code in DENIED:
        return SlipwayError(f"access denied for {call} on {resource}; {allow or ALLOW}")
    return SlipwayError(f"{call} on {resource} failed: {explain(rejection)}")


def _rejected(rejection: Rejection, allow: str) -> str:
    code = rejection.code or CODES.get(rejection.status, "")
    name = f"{rejection.status or ''} {code}".strip()
    message = " ".join(rejection.message.split())[:200]
    if code in DENIED:
        what = allow
    elif code in WRONG_REGION:
        there = f"is in {rejection.region}" if rejection.region else "is in another region"
        what = f"the bucket {there}; correct `region` in site.yml"
    elif code in FIXES:
        what = FIXES[code]
    elif rejection.status >= 500:
        what = f"{message or 'the server itself failed'}; {AGAIN}"
    else:
        what = message
    return f"{name}: {what}" if what else name


def _unanswered(error: exceptions.BotoCoreError) -> str:
    if isinstance(error, exceptions.NoCredentialsError):
        return f"no AWS credentials; set {KEYS}"
    if isinstance(error, CREDENTIALS):
        return f"incomplete AWS credentials: {error}; set {KEYS}"
    if isinstance(error, exceptions.NoRegionError):
        return "no region; set AWS_DEFAULT_REGION"
    reason, server = cause(error, _server(error), "AWS_CA_BUNDLE"), _server(error)
    if isinstance(error, exceptions.ProxyConnectionError):
        return reason or "the proxy cannot be reached; check HTTPS_PROXY"
    if isinstance(error, exceptions.ReadTimeoutError):
        return f"{server} did not answer in time; {AGAIN}"
    if isinstance(error, exceptions.SSLError):
        return reason or f"TLS with {server} failed; check AWS_CA_BUNDLE and the address"
    if isinstance(error, exceptions.EndpointConnectionError | exceptions.ConnectTimeoutError):
        # A region that does not exist is a name that does not resolve.
        return f"{reason or f'{server} cannot be reached'}; check the network, and `region` and `endpoint` in site.yml"
    if isinstance(error, exceptions.HTTPClientError):
        return f"{reason or 'the connection broke'}; {AGAIN}"
    return " ".join(str(error).split())


def _server(error: exceptions.BotoCoreError) -> str:
    """Scheme, host and port: the whole URL could contain a password or a signature."""
    url = urlsplit(error.kwargs.get("endpoint_url", ""))
    if not url.hostname:
        return "the server"
    return f"{url.scheme}://{url.hostname}{f':{url.port}' if url.port else ''}"
