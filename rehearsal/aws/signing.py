"""The proxy's own requests, signed as one of the identities."""

import hashlib
from collections.abc import Mapping
from typing import Any

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"


def sign(
    method: str, url: str, identity: Mapping[str, Any], body: bytes = b"", headers: Mapping[str, str] | None = None
) -> AWSRequest:
    """A request signed by ``identity``; send its headers unchanged."""
    request = AWSRequest(method, url, headers=dict(headers or {}), data=body)
    request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
    S3SigV4Auth(Credentials(identity["access_key"], identity["secret_key"]), "s3", REGION).add_auth(request)
    return request
