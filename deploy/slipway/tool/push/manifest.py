"""Writes a release's manifest, the list of its objects, to the bucket; prune reads it."""

import hashlib

from slipway.tool.push.bucket import Bucket
from slipway.tool.push.s3 import S3
from slipway.tool.push.upload import put
from slipway.web.prefixes import RELEASES_PREFIX
from slipway.web.static_objects import StaticObject


def put_manifest(bucket: Bucket, release_id: str, manifest: bytes) -> None:
    """Writes ``releases/<id>.json``, which is never overwritten; writing the same bytes again is fine.

    Raises SlipwayError.
    """
    md5 = hashlib.md5(manifest, usedforsecurity=False).hexdigest()
    key = f"{RELEASES_PREFIX}{release_id}.json"
    put(S3(bucket), StaticObject(key, manifest, "application/json", "no-store", md5))
