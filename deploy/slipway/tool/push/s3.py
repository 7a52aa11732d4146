"""Signed requests to one bucket: a pool of connections, bounded retries, an exact count.

boto3's own PutObject costs three times the CPU and, by its `Expect: 100-continue`, a second round
trip; this uses botocore's signer and connection pool only.
"""

import random
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectionError,
    HTTPClientError,
    SSLError,
)
from botocore.httpsession import URLLib3Session

from slipway.tool.aws.errors import Rejection, explain
from slipway.tool.push.bucket import Bucket
from slipway.web.errors import SlipwayError

# Measured behind 40 ms: 64 wait for the network, 96 keep one core busy, 128 gain nothing more.
CONNECTIONS = 96
ATTEMPTS = 5
# Seconds before the second attempt; doubled for each one after it, half of it at random.
BACKOFF = 0.3
TIMEOUTS = (10, 30)  # seconds: to connect, and between two bytes of an answer
# The permission that each action requires.
PERMISSIONS = {"list": "s3:ListBucket", "put": "s3:PutObject", "check": "s3:GetObject", "read": "s3:GetObject"}
TRANSIENT_STATUS = frozenset((408, 429, 500, 502, 503, 504))
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
TRANSIENT_CODES = frozenset(
    ("BadDigest", "ConditionalRequestConflict", "OperationAborted", "RequestTimeout", "SlowDown")
)

Failure = Rejection | BotoCoreError


@dataclass(frozen=True, slots=True)
class Response:
    """``headers`` are case-insensitive; ``etag`` is without its quotes."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def etag(self) -> str:
        return self.headers.get("ETag", "").strip('"')


class S3:
    """One bucket's S3. ``requests`` counts every attempt that was sent; ``stop`` ends the waiting."""

    def __init__(self, bucket: Bucket) -> None:
        """Raises SlipwayError when credentials or configuration are missing or malformed."""
        self.bucket = bucket
        self.requests = 0
        self.stop = threading.Event()
        # Whether the server supports If-None-Match on a PUT; AWS does.
        self.conditional = True
        self._lock = threading.Lock()
        try:
            self._access = bucket.access()
        except BotoCoreError as error:
            raise _error("reach", bucket, "", error) from None
        self._http = URLLib3Session(
            verify=self._access.verify,
            proxies=self._access.proxies,
            timeout=TIMEOUTS,
            max_pool_connections=CONNECTIONS,
            # Head and body are two writes: without this the second waits a round trip.
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def send(
        self,
        action: str,
        method: str,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        accept: tuple[int, ...] = (),
    ) -> Response:
        """The response to one request, when its status is 2xx or among ``accept``.

        ``action`` is how an error message begins. Raises SlipwayError for any other response,
        after ``ATTEMPTS`` where another attempt can help.
        """
        for attempt in range(1, ATTEMPTS + 1):
            failure: Failure
            try:
                response = self._once(method, key, query, headers, body)
            except BotoCoreError as error:
                failure = error
            else:
                if response.status < 300 or response.status in accept:
                    return response
                failure = _rejection(response)
            last = attempt == ATTEMPTS or not _is_transient(failure)
            if last or self.stop.wait(BACKOFF * 2 ** (attempt - 1) * random.uniform(0.5, 1)):
                raise _error(action, self.bucket, key, failure, attempt)
        raise AssertionError("unreachable")

    def _once(
        self,
        method: str,
        key: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes,
    ) -> Response:
        url = f"{self._access.url}/{quote(key, safe='/~')}"
        request = AWSRequest(method, url, dict(headers or {}), body, dict(query or {}))
        # Read at each request, so that temporary credentials are refreshed in time.
        credentials = self._access.credentials.get_frozen_credentials()
        S3SigV4Auth(credentials, "s3", self._access.region).add_auth(request)
        with self._lock:
            self.requests += 1
        response = self._http.send(request.prepare())
        if method != "HEAD" and _is_cut_short(response):
            raise ConnectionClosedError(endpoint_url=url, request=request, error="cut short")
        return Response(response.status_code, response.headers, response.content)


def _error(action: str, bucket: Bucket, key: str, failure: Failure, attempts: int = 1) -> SlipwayError:
    tried = f" ({attempts} attempts)" if attempts > 1 else ""
    allow = f"allow {PERMISSIONS.get(action, 'it')} to this identity"
    return SlipwayError(f"cannot {action} s3://{bucket.name}/{key}{tried}: {explain(failure, allow)}")


def _is_cut_short(response: AWSResponse) -> bool:
    length = response.headers.get("Content-Length", "")
    return length.isdigit() and len(response.content) < int(length)


def _is_transient(failure: Failure) -> bool:
    if isinstance(failure, Rejection):
        return failure.status in TRANSIENT_STATUS or failure.code in TRANSIENT_CODES
    lost = isinstance(failure, ConnectionError | HTTPClientError)
    return lost and not isinstance(failure, SSLError)


def _rejection(response: Response) -> Rejection:
    """The error body's code and message; the status alone where there is none (HEAD)."""
    region = response.headers.get("x-amz-bucket-region", "")
    try:
        root = ElementTree.fromstring(response.body)
    except ElementTree.ParseError:
        return Rejection(response.status, "", "", region)
    return Rejection(
        response.status,
        root.findtext("{*}Code") or "",
        root.findtext("{*}Message") or "",
        root.findtext("{*}Region") or region,
    )
