"""The provider of CDN and buckets: its region, its S3 endpoint, and whether there is a CDN."""

import re

from slipway.tool.config.forms import ANY_REGION, REGION
from slipway.tool.config.values import Values
from slipway.web.prefixes import PUBLIC_PREFIX, STATIC_PREFIX

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
    "s3": "https://s3.example.net",
}
ADDRESSING = ("path", "virtual")
CDN = ("own", "none")


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


def addressing(values: Values, provider: str) -> str:
    """How the S3 server is asked: the bucket in the path, or in the host name; "" where the provider decides it."""
    return values.choice("addressing", ADDRESSING, ADDRESSING[0]) if _is_generic(values, "addressing", provider) else ""


def cdn(values: Values, provider: str) -> str:
    """ "none" where visitors read the buckets themselves, else "own"."""
    return values.choice("cdn", CDN, CDN[0]) if _is_generic(values, "cdn", provider) else CDN[0]


def static_url(values: Values, domain: str, cdn: str) -> str:
    """The URL of the static files. A bucket's own host shows all of its prefixes, a CDN's one of them alone."""
    url = values.origin("static", f"https://static.{domain}")
    return f"{url}/{STATIC_PREFIX.rstrip('/')}" if cdn == "none" else url


def media_url(values: Values, domain: str, cdn: str) -> str:
    """The URL of the uploads."""
    url = values.origin("media", f"https://media.{domain}")
    return f"{url}/{PUBLIC_PREFIX.rstrip('/')}" if cdn == "none" else url


def _is_generic(values: Values, key: str, provider: str) -> bool:
    """Whether the provider is any S3 server. Raises SlipwayError where only that one has the key, and it is set."""
    if provider != "s3" and values.get(key, ""):
        raise values.error(key, f"only `provider: s3` has it, and the provider is {provider}; take it out")
    return provider == "s3"
