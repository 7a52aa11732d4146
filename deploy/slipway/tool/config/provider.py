"""The provider of CDN and buckets: its region and its S3 endpoint."""

import re

from slipway.tool.config.forms import ANY_REGION, REGION
from slipway.tool.config.values import Values

# The form of each provider's S3 endpoint; boto3 knows Amazon's.
ENDPOINTS = {
    # https://developers.cloudflare.com/r2/api/s3/api/
    "cloudflare": "https://<account ID>.r2.cloudflarestorage.com",
    # https://www.fastly.com/documentation/guides/platform/object-storage/working-with-object-storage/
    "fastly": "https://<region>.object.fastlystorage.app",
    # https://techdocs.akamai.com/cloud-computing/docs/object-storage
    "akamai": "https://<region>.linodeobjects.com",
    # https://docs.rackspacecloud.com/storage-object-store-s3-cli/
    "rackspace": "https://swift.api.<region>.rackspacecloud.com",
}


def region(values: Values, provider: str) -> str:
    if provider == "pull":
        # The region of the uploads' bucket, if there is one.
        return values.text("region", ANY_REGION, "the region of the uploads' bucket", "us-east-1")
    if provider == "cloudflare":
        # https://developers.cloudflare.com/r2/api/s3/api/#bucket-region
        return values.text("region", re.compile("auto"), "R2's only region; write `auto`, or leave it out", "auto")
    if provider in ENDPOINTS:
        return values.text("region", ANY_REGION, f"the region of {provider}'s buckets")
    return values.text("region", REGION, "an AWS region like eu-central-1")


def endpoint(values: Values, provider: str) -> str:
    """The S3 server's URL; "" for Amazon's."""
    if values.get("endpoint", ""):
        return values.origin("endpoint", "", ENDPOINTS.get(provider, "https://s3.example.net"))
    if provider in ENDPOINTS:
        raise values.error("endpoint", f"missing; give the S3 endpoint of {provider}: {ENDPOINTS[provider]}")
    return ""
