"""One request to a provider's API, tried again where that can help."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import urllib3

from slipway.tool.causes import cause
from slipway.tool.connections import pool
from slipway.web.errors import SlipwayError

ATTEMPTS = 3
# Seconds before the second attempt, doubled before the third; a Retry-After counts up to MAX_WAIT.
BACKOFF = 1.0
MAX_WAIT = 10.0
# 507 is Akamai's for a full queue: https://techdocs.akamai.com/purge-cache/reference/507
TRANSIENT = frozenset((408, 429, 500, 502, 503, 504, 507))
LENGTH = 200  # characters of the API's own message

# Created for each attempt: a signature contains a time and a nonce.
Headers = Callable[[], Mapping[str, str]]


def post(url: str, headers: Headers, body: bytes | None = None) -> dict[str, Any]:
    """The JSON of the API's response. An error never contains a header.

    Raises SlipwayError with the host, the status and the API's own message.
    """
    connections = pool(url)
    for attempt in range(1, ATTEMPTS + 1):
        wait = BACKOFF * 2 ** (attempt - 1)
        try:
            response = connections.request("POST", url, body=body, headers=dict(headers()), retries=False)
        except urllib3.exceptions.HTTPError as error:
            failure = f"no answer: {cause(error, 'it') or f'{_reason(error)}; is it a proxy, or the network?'}"
        else:
            data = _data(response)
            if response.status < 300:
                return data
            failure = f"{response.status} {words(data)}".rstrip()
            if response.status not in TRANSIENT:
                break
            after = response.headers.get("Retry-After", "")
            wait = min(float(after), MAX_WAIT) if after.isdigit() else wait
        if attempt < ATTEMPTS:
            time.sleep(wait)
    raise SlipwayError(f"cannot purge by {urlsplit(url).hostname}: {failure}")


def _data(response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    try:
        data = json.loads(response.data)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def words(data: Mapping[str, Any]) -> str:
    """The API's error message: Cloudflare's (errors), Fastly's (msg, detail) or Akamai's (title, detail)."""
    errors = data.get("errors")
    parts = [data.get("title"), data.get("msg"), data.get("detail")]
    parts += [error.get("message") for error in errors or [] if isinstance(error, dict)]
    return ": ".join(" ".join(part.split()) for part in parts if isinstance(part, str))[:LENGTH]


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """The kind of failure; the whole text could contain a proxy's password."""
    return type(getattr(error, "reason", None) or error).__name__
