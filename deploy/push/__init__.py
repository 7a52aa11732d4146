"""Puts static objects into the bucket: only what it lacks, in parallel, and never half-told."""

from deploy.push.bucket import Bucket
from deploy.push.listing import Listing, start_listing
from deploy.push.record import put_release
from deploy.push.upload import REPLACED, PushReport, push

__all__ = ["REPLACED", "Bucket", "Listing", "PushReport", "push", "put_release", "start_listing"]
