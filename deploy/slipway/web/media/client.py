"""The one S3 client of a process."""

import os
from threading import Lock
from typing import Any

from slipway.web.media.endpoint import addressing_style
from slipway.web.stores import CHECKSUMS

_lock = Lock()
_client: Any = None


def s3_client() -> Any:
    """boto3's S3 client, loaded at the first call and shared by all threads.

    A client is thread-safe, making one is not: a second one would cost another 17 MB.
    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html#general-example
    """
    global _client
    with _lock:
        if _client is None:
            _client = _make()
    return _client


def _make() -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": addressing_style(os.environ), "us_east_1_regional_endpoint": "regional"},
        **CHECKSUMS,
        # A person waits, and a worker of one thread has `timeout` of site.yml for a request.
        connect_timeout=3,
        read_timeout=8,
        retries={"mode": "standard", "total_max_attempts": 2},
    )
    return boto3.session.Session().client("s3", config=config)
