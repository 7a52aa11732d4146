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
# Seconds before the second attempt, and doubled before the third; what the API asks for is bounded by LONGEST.
BACKOFF = 1.0
LONGEST = 10.0
# 507 is Akamai's for a full queue: https://techdocs.akamai.com/purge-cache/reference/507
TRANSIENT = frozenset((408, 429, 500, 502, 503, 504, 507))
LENGTH = 200  # characters of the API's own words

# Made anew for each attempt: a signature carries a time and a number that is used once.
Headers = Callable[[], Mapping[str, str]]


def post(url: str, headers: Headers, body: bytes | None = None) -> dict[str, Any]:
    """The JSON that the API answers with. No header is ever in an error's line.

    Raises SlipwayError: who was asked, the status, the API's own words.
    """
    connections = pool(url)
    for attempt in range(1, ATTEMPTS + 1):
        wait = BACKOFF * 2 ** (attempt - 1)
        try:
            answer = connections.request("POST", url, body=body, headers=dict(headers()), retries=False)
        except urllib3.exceptions.HTTPError as error:
            failure = f"no answer: {cause(error, 'it') or f'{_reason(error)}; is it a proxy, or the network?'}"
        else:
            data = _data(answer)
            if answer.status < 300:
                return data
            failure = f"{answer.status} {words(data)}".rstrip()
            if answer.status not in TRANSIENT:
                break
            asked = answer.headers.get("Retry-After", "")
            wait = min(float(asked), LONGEST) if asked.isdigit() else wait
        if attempt < ATTEMPTS:
            time.sleep(wait)
    raise SlipwayError(f"cannot purge by {urlsplit(url).hostname}: {failure}")


def _data(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    try:
        data = json.loads(answer.data)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def words(data: Mapping[str, Any]) -> str:
    """What went wrong, as Cloudflare (errors), Fastly (msg, detail) and Akamai (title, detail) put it."""
    errors = data.get("errors")
    parts = [data.get("title"), data.get("msg"), data.get("detail")]
    parts += [error.get("message") for error in errors or [] if isinstance(error, dict)]
    return ": ".join(" ".join(part.split()) for part in parts if isinstance(part, str))[:LENGTH]


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """The kind of failure; the whole text could carry a proxy's password."""
    return type(getattr(error, "reason", None) or error).__name__
