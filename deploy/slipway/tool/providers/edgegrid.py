"""Signs a request for Akamai's APIs: https://techdocs.akamai.com/developer/docs/edgegrid

Akamai's own library does the same, but depends on `requests`, which nothing else here needs.
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit


def authorization(keys: Mapping[str, str], url: str, body: bytes) -> str:
    """The Authorization header of a POST, good for one attempt within about half a minute.

    ``keys`` has AKAMAI_CLIENT_TOKEN, AKAMAI_CLIENT_SECRET and AKAMAI_ACCESS_TOKEN; ``body`` has 131,072 bytes at most,
    since no more is signed.
    """
    timestamp = datetime.now(UTC).strftime("%Y%m%dT%H:%M:%S+0000")
    unsigned = (
        f"EG1-HMAC-SHA256 client_token={keys['AKAMAI_CLIENT_TOKEN']};access_token={keys['AKAMAI_ACCESS_TOKEN']};"
        f"timestamp={timestamp};nonce={uuid.uuid4()};"
    )
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    hashed = _base64(hashlib.sha256(body).digest()) if body else ""
    # The fifth field is the list of signed headers; the Fast Purge API requires none.
    signed = "\t".join(("POST", parts.scheme, parts.netloc, path, "", hashed, unsigned))
    signing_key = _hmac(keys["AKAMAI_CLIENT_SECRET"], timestamp)
    return f"{unsigned}signature={_hmac(signing_key, signed)}"


def _hmac(secret: str, text: str) -> str:
    return _base64(hmac.digest(secret.encode(), text.encode(), "sha256"))


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
