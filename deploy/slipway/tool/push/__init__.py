"""Pushes static objects to the bucket: only missing ones, in parallel; all of them, or an error."""

from slipway.tool.push.bucket import Bucket
from slipway.tool.push.listing import Listing, start_listing
from slipway.tool.push.manifest import put_manifest
from slipway.tool.push.upload import REPLACED, PushReport, push

__all__ = ["REPLACED", "Bucket", "Listing", "PushReport", "push", "put_manifest", "start_listing"]
