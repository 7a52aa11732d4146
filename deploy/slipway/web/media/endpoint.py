"""Where the browser sends an upload, computed without loading boto3."""

from collections.abc import Mapping

from slipway.web import stores
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import INCOMING_PREFIX

# Partitions whose hosts do not end in amazonaws.com.
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
SUFFIXES = {"cn-": "amazonaws.com.cn", "eusc-": "amazonaws.eu"}


def upload_origin(environ: Mapping[str, str]) -> str:
    """Where the browser uploads to, for a Content-Security-Policy, as boto3 forms it from the same variables.

    A presigned POST goes to the bucket's own URL. A presigned PUT goes to an object's, so the result ends with a slash:
    a policy then allows all below it. Raises SlipwayError naming the variable that is missing.
    """
    url = _bucket_url(environ)
    return url if stores.current(environ).form else f"{url}/{INCOMING_PREFIX}"


def _bucket_url(environ: Mapping[str, str]) -> str:
    bucket, server = _required(environ, "AWS_STORAGE_BUCKET_NAME"), server_url(environ)
    if addressing_style(environ) == "virtual":
        scheme, _, host = server.partition("://")
        return f"{scheme}://{bucket}.{host}"
    return f"{server}/{bucket}"


def server_url(environ: Mapping[str, str]) -> str:
    """The S3 server's URL, without a bucket: a custom endpoint, or Amazon's of the region. Raises as upload_origin."""
    if endpoint := custom_endpoint(environ):
        return endpoint.rstrip("/")
    region = _required(environ, "AWS_DEFAULT_REGION")
    suffix = next((suffix for start, suffix in SUFFIXES.items() if region.startswith(start)), "amazonaws.com")
    return f"https://s3.{region}.{suffix}"


def addressing_style(environ: Mapping[str, str]) -> str:
    """S3's addressing style: ``virtual``, the bucket's name in the host, or ``path``.

    A custom endpoint may have no wildcard name: site.yml says whether it has (`addressing`). A dotted bucket name has
    no wildcard certificate.
    """
    if stated := environ.get(stores.ADDRESSING):
        return stated
    dotted = "." in _required(environ, "AWS_STORAGE_BUCKET_NAME")
    return "path" if dotted or custom_endpoint(environ) else "virtual"


def custom_endpoint(environ: Mapping[str, str]) -> str:
    """The S3 endpoint that the environment sets in place of AWS's own, or ""."""
    return environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL") or ""


def _required(environ: Mapping[str, str], name: str) -> str:
    if not environ.get(name):
        raise SlipwayError(f"{name} is not set; uploads need it to find the bucket")
    return environ[name]
