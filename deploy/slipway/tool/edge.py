"""Checks that the CDN serves a release's objects, before a page that needs them is served."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

import urllib3

from slipway.tool.causes import cause
from slipway.tool.connections import pool
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import STATIC_PREFIX

THREADS = 16
# An edge may have cached an error, for ten seconds at most.
RETRIES = urllib3.Retry(total=4, backoff_factor=1, status_forcelist=(403, 404, 429, 500, 502, 503, 504))


def verify(static_url: str, manifest: Path) -> int:
    """Requests every object of ``objects.json`` from the CDN; returns their number.

    Raises SlipwayError naming the first that is missing, and the response.
    """
    names = [key.removeprefix(STATIC_PREFIX) for key in json.loads(manifest.read_text())["objects"]]
    connections = pool(static_url, THREADS)
    with ThreadPoolExecutor(THREADS) as threads:
        for error in threads.map(lambda name: _error(connections, f"{static_url}/{quote(name)}"), names):
            if error:
                threads.shutdown(wait=False, cancel_futures=True)
                raise SlipwayError(f"the CDN does not serve what was pushed: {error}; `make cdn` shows what drifted")
    return len(names)


def _error(connections: urllib3.PoolManager, url: str) -> str:
    try:
        response = connections.request("HEAD", url, retries=RETRIES)
    except urllib3.exceptions.MaxRetryError as error:
        return f"{url}: {cause(error, urlsplit(url).netloc) or getattr(error.reason, 'args', [error.reason])[-1]}"
    if response.headers.get("X-Origin"):
        return f"{url}: answered by the origin, not by the CDN"
    return "" if response.status == 200 else f"{url} answers {response.status}"
