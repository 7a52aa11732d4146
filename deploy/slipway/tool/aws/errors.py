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

NO_SUCH_KEY_CODES = ("InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken", "UnrecognizedClientException")
DENIED = ("AccessDenied", "AccessDeniedException", "Forbidden", "UnauthorizedOperation")
WRONG_REGION = (
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "PermanentRedirect",
    "TemporaryRedirect",
)
VERIFY = f"ask AWS Support, https://console.aws.amazon.com/support, then {AGAIN}"
QUOTA = "a quota of the account is used up; raise it in Service Quotas, or remove what is not needed"
# A reason that the server gives for a denied call → what to do instead of allowing it.
REASONS = {
    "must be verified": VERIFY,
    "service control policy": "ask who administers your AWS organization",
    "resource control policy": "ask who administers your AWS organization",
    "permissions boundary": "widen the permissions boundary of these credentials",
    "session policy": "the session's own policy is too narrow; sign in without it",
    "BlockPublicPolicy": "the bucket's policy would be public",
}
# Their messages quote the request, with its signature.
QUOTING = ("IncompleteSignature", "InvalidSignatureException", "MissingAuthenticationToken", "SignatureDoesNotMatch")
# API call → the IAM action that it needs, where it is called otherwise.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
ACTIONS = {
    "cloudfront:CreateDistributionWithTags": "cloudfront:CreateDistribution and cloudfront:TagResource",
    "iam:CreateOpenIDConnectProvider": "iam:CreateOpenIDConnectProvider and iam:TagOpenIDConnectProvider",
    "iam:CreateRole": "iam:CreateRole and iam:TagRole",
    "iam:CreateUser": "iam:CreateUser and iam:TagUser",
    "acm:RequestCertificate": "acm:RequestCertificate and acm:AddTagsToCertificate",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:CopyObject": "s3:GetObject and s3:PutObject",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:DeleteBucketCors": "s3:PutBucketCORS",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketReplication": "s3:PutReplicationConfiguration",
    "s3:DeleteBucketTagging": "s3:PutBucketTagging",
    "s3:DeleteObjects": "s3:DeleteObject and s3:DeleteObjectVersion",
    "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
    "s3:GetBucketCors": "s3:GetBucketCORS",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
    "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketAccelerateConfiguration": "s3:PutAccelerateConfiguration",
    "s3:PutBucketCors": "s3:PutBucketCORS",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:UploadPart": "s3:PutObject",
}
# Code → what to do, beside the server's own message.
FIXES = {
    "AccountProblem": VERIFY,
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
    "LimitExceeded": QUOTA,
    "LimitExceededException": QUOTA,
    "NoSuchBucket": "there is no such bucket; make it (`make cdn`) or correct its name in site.yml",
    "NotSignedUp": VERIFY,
    "OperationAborted": BUSY,
    "OptInRequired": VERIFY,
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
    "SubscriptionRequiredException": VERIFY,
    "Throttling": THROTTLED,
    "ThrottlingException": THROTTLED,
    "TokenRefreshRequired": EXPIRED,
    "TooManyRequests": THROTTLED,
    "TooManyRequestsException": THROTTLED,
    "UnrecognizedClientException": NO_SUCH_KEY,
}
# Characters of a server's message that are shown: a reason stands at its end, after two ARNs.
WORDS = 500
# The response to a HEAD has no body with the code.
CODES = {301: "PermanentRedirect", 307: "TemporaryRedirect", 403: "AccessDenied"}
# The session of these commands is missing or has ended.
SIGN_IN = {
    exceptions.LoginError: "aws login",
    exceptions.SSOError: "aws sso login",
    exceptions.TokenRetrievalError: "aws sso login",
}
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
        code, message = data.get("Code", ""), data.get("Message", "")
        if code.isdigit():
            # botocore puts the status there, and its name. S3 answers 400 to a HEAD that is signed for another region.
            status, code, message = int(code), "AuthorizationHeaderMalformed" if code == "400" else "", ""
        return cls(status, code or CODES.get(status, ""), message, data.get("Region", ""))


def explain(failure: Rejection | exceptions.BotoCoreError, allow: str = ALLOW) -> str:
    """The server's error, or why there was no response, and what to do; ``allow`` is the fix of a denied call.

    It never contains a header, signature or credential of the request.
    """
    return _rejected(failure, allow) if isinstance(failure, Rejection) else _unanswered(failure)


def call_failed(
    service: str, resource: str, error: exceptions.ClientError | exceptions.BotoCoreError, allow: str = ""
) -> SlipwayError:
    """The error to raise for a botocore client's: the call, ``resource``, and the fix."""
    if isinstance(error, CREDENTIALS) or _sign_in(error):
        return SlipwayError(explain(error))
    if isinstance(error, exceptions.BotoCoreError):
        return SlipwayError(f"{service} request about {resource} failed: {explain(error)}")
    rejection, call = Rejection.of(error), f"{service}:{error.operation_name}"
    if rejection.code in DENIED:
        reason = _words(rejection)
        what = f"{ACTIONS.get(call, call)} on {resource}" + (f": {reason}" if reason else "")
        return SlipwayError(f"access denied for {what}; {_remedy(reason, allow or ALLOW)}")
    return SlipwayError(f"{call} on {resource} failed: {explain(rejection)}")


def _rejected(rejection: Rejection, allow: str) -> str:
    code = rejection.code or CODES.get(rejection.status, "")
    name = f"{rejection.status or ''} {code}".strip()
    message = _words(rejection)
    if code in DENIED:
        what = _then(message, _remedy(message, allow))
    elif code in WRONG_REGION:
        there = f"is in {rejection.region}" if rejection.region else "is in another region"
        what = _then(message, f"the bucket {there}; correct `region` in site.yml")
    elif code in FIXES:
        what = _then(message, FIXES[code])
    elif code.startswith("TooMany"):
        what = _then(message, QUOTA)
    elif rejection.status >= 500:
        what = f"{message or 'the server itself failed'}; {AGAIN}"
    else:
        what = message
    return f"{name}: {what}" if what else name


def _words(rejection: Rejection) -> str:
    """The server's own message, on one line, without a full stop."""
    message = "" if rejection.code in QUOTING else " ".join(rejection.message.split())
    if message.rstrip(".").lower().replace(" ", "") == rejection.code.lower():
        return ""
    return (message if len(message) <= WORDS else f"{message[:WORDS]}…").rstrip(".")


def _then(message: str, fix: str) -> str:
    return f"{message}; {fix}" if message else fix


def _remedy(message: str, allow: str) -> str:
    """What to do about a denied call, by the reason that the server gives."""
    return next((fix for reason, fix in REASONS.items() if reason in message), allow)


def _unanswered(error: exceptions.BotoCoreError) -> str:
    if isinstance(error, exceptions.NoCredentialsError):
        return f"no AWS credentials; set {KEYS}"
    if isinstance(error, CREDENTIALS):
        return f"incomplete AWS credentials: {error}; set {KEYS}"
    if sign_in := _sign_in(error):
        words = " ".join(str(error).split()).rstrip(".")
        return f"{words}; sign in: {sign_in}, with --profile if AWS_PROFILE names one"
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


def _sign_in(error: Exception) -> str:
    """The command that starts a new session, if a missing one is the error."""
    return next((command for kind, command in SIGN_IN.items() if isinstance(error, kind)), "")


def _server(error: exceptions.BotoCoreError) -> str:
    """Scheme, host and port: the whole URL could contain a password or a signature."""
    url = urlsplit(error.kwargs.get("endpoint_url", ""))
    if not url.hostname:
        return "the server"
    return f"{url.scheme}://{url.hostname}{f':{url.port}' if url.port else ''}"
