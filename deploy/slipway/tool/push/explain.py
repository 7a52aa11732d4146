"""Turns what S3 or the network answered into one line: what failed, where, what to do.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore import exceptions

from slipway.tool.causes import cause
from slipway.web.errors import SlipwayError

RERUN = "run it again: only the rest is sent"
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile that AWS_PROFILE names"
TO_DO = {
    "AccessDenied": "allow {permission} to this identity",
    "AllAccessDisabled": "the bucket is disabled: ask AWS support",
    "BadDigest": f"the bytes were damaged on the way; {RERUN}",
    "ExpiredToken": "the session token has expired; sign in again",
    "InvalidAccessKeyId": f"this access key does not exist; check {KEYS}",
    "InvalidToken": "check AWS_SESSION_TOKEN",
    "NoSuchBucket": "there is no such bucket; make it (`make cdn`) or correct its name in site.yml",
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it (timedatectl set-ntp true)",
    "SignatureDoesNotMatch": f"the secret does not fit the access key; check {KEYS}",
    "SlowDown": f"the bucket cannot keep up; wait a minute and {RERUN}",
    "TokenRefreshRequired": "the session token has expired; sign in again",
}
WRONG_REGION = frozenset(
    (
        "AuthorizationHeaderMalformed",
        "IllegalLocationConstraintException",
        "PermanentRedirect",
        "TemporaryRedirect",
    )
)
PERMISSIONS = {"list": "s3:ListBucket", "put": "s3:PutObject", "check": "s3:GetObject"}
# A HEAD answer has no document that would name the code.
CODES = {301: "PermanentRedirect", 307: "TemporaryRedirect", 403: "AccessDenied"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success. ``code`` and ``message`` are S3's, empty where it gave none."""

    status: int
    code: str
    message: str
    region: str = ""


def explain(
    action: str,
    bucket: str,
    key: str,
    failure: Refusal | exceptions.BotoCoreError,
    attempts: int = 1,
) -> SlipwayError:
    """The error to raise. No header, signature or credential of the request is ever in it."""
    refused = isinstance(failure, Refusal)
    what = _refused(failure, PERMISSIONS.get(action, "it")) if refused else _failed(failure)
    tried = f" ({attempts} attempts)" if attempts > 1 else ""
    return SlipwayError(f"cannot {action} s3://{bucket}/{key}{tried}: {what}")


def _refused(refusal: Refusal, permission: str) -> str:
    code = refusal.code or CODES.get(refusal.status, "")
    name = f"{refusal.status} {code}".rstrip()
    if code in WRONG_REGION:
        there = f"is in {refusal.region}" if refusal.region else "is in another region"
        return f"{name}: the bucket {there}; correct region in site.yml (AWS_DEFAULT_REGION)"
    if code in TO_DO:
        return f"{name}: {TO_DO[code].format(permission=permission)}"
    if refusal.status >= 500:
        return f"{name}: the bucket's server failed; {RERUN}"
    said = " ".join(refusal.message.split())[:200]
    return f"{name}: {said}" if said else name


def _failed(error: exceptions.BotoCoreError) -> str:
    if isinstance(error, exceptions.NoCredentialsError | exceptions.PartialCredentialsError):
        return f"no complete credentials; set {KEYS}"
    if isinstance(error, exceptions.NoRegionError):
        return "no region; set AWS_DEFAULT_REGION"
    told = cause(error, _endpoint(error), "AWS_CA_BUNDLE")
    if isinstance(error, exceptions.ProxyConnectionError):
        return told or "the proxy cannot be reached; check HTTPS_PROXY"
    if isinstance(error, exceptions.ReadTimeoutError):
        return f"{_endpoint(error)} did not answer in time; {RERUN}"
    if isinstance(error, exceptions.SSLError):
        return told or f"TLS with {_endpoint(error)} failed; check AWS_CA_BUNDLE and the address"
    if isinstance(error, exceptions.EndpointConnectionError | exceptions.ConnectTimeoutError):
        return f"{told or f'{_endpoint(error)} cannot be reached'}; check the network and AWS_ENDPOINT_URL_S3"
    if isinstance(error, exceptions.HTTPClientError):
        return f"{told or 'the connection broke'}; {RERUN}"
    return " ".join(str(error).split())


def _endpoint(error: exceptions.BotoCoreError) -> str:
    """Scheme, host and port: a URL could carry a password or a signature."""
    url = urlsplit(error.kwargs.get("endpoint_url", ""))
    if not url.hostname:
        return "the bucket's server"
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.hostname}{port}"
