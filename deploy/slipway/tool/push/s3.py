"""Signed requests to one bucket: kept connections, bounded retries, an exact count."""

import hashlib
import random
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree import ElementTree

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ConnectionClosedError, ConnectionError, HTTPClientError, SSLError

from slipway.tool.aws.errors import Rejection, explain
from slipway.tool.push.bucket import Bucket
from slipway.tool.push.connection import Connection, Response, Sent, Server
from slipway.tool.push.signing import UNSIGNED, encoded, signed
from slipway.web.errors import SlipwayError

ATTEMPTS = 5
# Seconds before the second attempt; doubled for each one after it, half of it at random.
BACKOFF = 0.3
# The permission that each action requires.
PERMISSIONS = {"list": "s3:ListBucket", "put": "s3:PutObject", "check": "s3:GetObject", "read": "s3:GetObject"}
TRANSIENT_STATUS = frozenset((408, 429, 500, 502, 503, 504))
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
# RequestTimeTooSkewed: this machine has slept since it signed. A wrong clock is reported after the last attempt.
TRANSIENT_CODES = frozenset(
    (
        "BadDigest",
        "ConditionalRequestConflict",
        "OperationAborted",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "SlowDown",
    )
)
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired")

Failure = Rejection | BotoCoreError


class Failed(SlipwayError):
    """A request without success. ``transient``: another attempt may help, and none was left."""

    def __init__(self, action: str, bucket: Bucket, key: str, failure: Failure, transient: bool, attempts: int = 1):
        self.action, self.bucket, self.key, self.failure, self.transient = action, bucket, key, failure, transient
        tried = f" ({attempts} attempts)" if attempts > 1 else ""
        allow = f"allow {PERMISSIONS.get(action, 'it')} to this identity"
        super().__init__(f"cannot {action} s3://{bucket.name}/{key}{tried}: {explain(failure, allow)}")

    def after(self, attempts: int) -> "Failed":
        """The same error, with the number of attempts in its text."""
        return Failed(self.action, self.bucket, self.key, self.failure, self.transient, attempts)


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
        # The one that was used last is first: it is the least likely to have been closed.
        self._idle: deque[Connection] = deque()
        self._answered = False
        try:
            access = bucket.access()
        except BotoCoreError as error:
            raise Failed("reach", bucket, "", error, transient=False) from None
        self._region, self._credentials = access.region, access.credentials
        self._server = Server(access)

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
        attempts: int | None = None,
        sent: Sent | None = None,
    ) -> Response:
        """The response to one request, when its status is 2xx or among ``accept``.

        ``action`` is how an error message begins. Raises Failed for any other response, after ``attempts`` (ATTEMPTS)
        where another one can help.
        """
        attempts = attempts or ATTEMPTS
        for attempt in range(1, attempts + 1):
            failure: Failure
            credentials = self._credentials.get_frozen_credentials()
            try:
                response = self._once(method, key, query or {}, headers or {}, body, credentials, sent)
            except BotoCoreError as error:
                failure = error
            else:
                if response.status < 300 or response.status in accept:
                    return response
                failure = rejection(response)
            transient = self._is_transient(failure, credentials)
            last = attempt == attempts or not transient
            if last or self.stop.wait(BACKOFF * 2 ** (attempt - 1) * random.uniform(0.5, 1)):
                raise Failed(action, self.bucket, key, failure, transient, attempt)
        raise AssertionError("unreachable")

    def _once(
        self,
        method: str,
        key: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        credentials: ReadOnlyCredentials,
        sent: Sent | None,
    ) -> Response:
        server = self._server
        path, query = f"{server.path}/{quote(key, safe='/~')}", encoded(query)
        # TLS protects the body on its way, and the ETag of the answer shows what has arrived.
        unsigned = server.tls and "Content-MD5" in headers and self.bucket.store.md5
        payload = UNSIGNED if unsigned else hashlib.sha256(body).hexdigest()
        headers = signed(
            method,
            path,
            query,
            {"Host": server.netloc, **headers},
            payload,
            credentials,
            self._region,
            datetime.now(UTC),
        )
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = Connection(server)
        target, kept = f"{path}?{query}" if query else path, connection.is_open
        self._count()
        try:
            response = connection.exchange(method, target, headers, body, sent)
        except ConnectionClosedError:
            if not kept or connection.has_heard:
                raise
            # The server had closed it meanwhile, which is its right: that says nothing about the line.
            self._count()
            response = connection.exchange(method, target, headers, body, sent)
        self._idle.append(connection)
        self._answered = True
        return response

    def _count(self) -> None:
        with self._lock:
            self.requests += 1

    def _is_transient(self, failure: Failure, used: ReadOnlyCredentials) -> bool:
        """Whether another attempt can help; ``used`` are the credentials of this one."""
        if isinstance(failure, Rejection):
            if failure.code in EXPIRED:
                return self._renewed(used)
            return failure.status in TRANSIENT_STATUS or failure.code in TRANSIENT_CODES
        if isinstance(failure, SSLError):
            # A handshake that breaks off is another server's, until this one has answered.
            error = failure.kwargs["error"]
            return self._answered and not isinstance(error, ssl.SSLCertVerificationError)
        return isinstance(failure, ConnectionError | HTTPClientError)

    def _renewed(self, used: ReadOnlyCredentials) -> bool:
        """Whether there are other credentials now than the expired ones: a profile or a role gives new ones."""
        with self._lock:
            if self._credentials.get_frozen_credentials() != used:
                return True
            with suppress(BotoCoreError):
                if (credentials := self.bucket.credentials()) and credentials.get_frozen_credentials() != used:
                    self._credentials = credentials
                    return True
        return False


def rejection(response: Response) -> Rejection:
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
