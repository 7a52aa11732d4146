"""How each provider's S3 server differs from Amazon's, as far as the push and the uploads depend on it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

# The environment variable with site.yml's `provider`, for the build and the web process.
VARIABLE = "SLIPWAY_PROVIDER"
DEFAULT = "cloudfront"
# The one with site.yml's `addressing`: path or virtual.
ADDRESSING = "SLIPWAY_S3_ADDRESSING"
# Checksums only where the API requires them: those that botocore adds by default are Amazon's own, and other servers
# reject them: https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html
CHECKSUMS = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@dataclass(frozen=True, slots=True)
class Store:
    """``form``: POST Object is supported; ``md5``: the ETag of a single PUT is the MD5 of its bytes.

    ``push``: static files are pushed there. Otherwise a CDN pulls them from the site itself.
    """

    form: bool = True
    md5: bool = True
    push: bool = True


STORES = {
    DEFAULT: Store(),
    # https://developers.cloudflare.com/r2/api/s3/presigned-urls/ (POST, by HTML forms, is not supported)
    "cloudflare": Store(form=False),
    # https://www.fastly.com/documentation/guides/platform/object-storage/about-object-storage/
    # (objects are encrypted, and ETags no MD5; POST Object is not among the operations)
    "fastly": Store(form=False, md5=False),
    # https://docs.ceph.com/en/latest/radosgw/s3/ (Linode's object storage is Ceph's)
    "akamai": Store(),
    # https://docs.openstack.org/swift/latest/s3_compat.html (POST Object is not among the operations)
    "rackspace": Store(form=False),
    # Any S3 server: what all of them have. Backblaze has no POST Object.
    # https://www.backblaze.com/docs/cloud-storage-s3-compatible-api
    "s3": Store(form=False),
    # No bucket for static files; uploads may be at Amazon, or at site.yml's endpoint.
    "pull": Store(push=False),
}


def current(environ: Mapping[str, str] = os.environ) -> Store:
    """The store of this process."""
    return STORES[environ.get(VARIABLE, DEFAULT)]
