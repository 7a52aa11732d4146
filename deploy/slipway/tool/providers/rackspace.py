"""Rackspace OpenStack Flex: buckets by Swift's S3 API, and no CDN of its own."""

from collections.abc import Mapping, Sequence

from slipway.tool.config import Site
from slipway.tool.providers import buckets
from slipway.tool.providers.contract import Step, Target
from slipway.web.errors import SlipwayError
from slipway.web.prefixes import INCOMING_PREFIX

TITLE = "Rackspace OpenStack Flex"
EXPERIMENTAL = True
CANNOT = (
    "there is no CDN: put one of your own before the buckets; Slipway cannot purge it",
    "Cloud Files, which has a CDN, has no S3 API and is not used",
    "Swift's S3 API has no POST Object: the browser sends each photo by a presigned PUT",
    "Swift's S3 API sets no CORS rule, no lifecycle and no bucket policy",
    "pages can upload only if Rackspace lets the S3 API answer a preflight: a container's property does not",
)

DOCS = "https://docs.rackspacecloud.com"
SWIFT = "https://docs.openstack.org/swift/latest"


def describe(site: Site) -> list[Step]:
    return [
        buckets.made(site, f"{DOCS}/storage-object-store-s3-cli/"),
        Step(
            "Make EC2 credentials (openstack ec2 credentials create) for `make secrets`, under deployer and web: "
            "their rights are those of the project, so give the two uses a project each if you can",
            f"{DOCS}/storage-object-store-s3-cli/",
        ),
        # The property is for Swift's own API. The S3 API answers a preflight by the operator's setting alone:
        # cors_preflight_allow_origin in the filter s3api of proxy-server.conf-sample.
        Step(
            f"Ask Rackspace whether its S3 API answers a preflight of {' and '.join(site.origins)} "
            "(cors_preflight_allow_origin of s3api), and let the answers be read: openstack container set "
            f"--property Access-Control-Allow-Origin={site.readers[0]} {site.media_bucket}",
            f"{SWIFT}/cors.html",
        ),
        Step(
            f"Put a CDN before {site.endpoint} that signs its requests with credentials, for {site.static_url} and "
            f"{site.media_url}",
            f"{SWIFT}/s3_compat.html",
        ),
        buckets.paths(site, "Let it put bucket and prefix before the path", f"{SWIFT}/s3_compat.html"),
        buckets.answers(site, "Let it set these headers", f"{SWIFT}/cors.html"),
        Step(
            f"Remove what lies under {INCOMING_PREFIX} in {site.media_bucket} for longer than a day",
            f"{SWIFT}/overview_expiring_objects.html",
        ),
    ]


def purge(site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
    """Raises SlipwayError: Rackspace has no CDN."""
    raise SlipwayError(
        f"cannot purge {targets[0].url}: Rackspace has no CDN; purge it in the one that you have put before it"
    )
