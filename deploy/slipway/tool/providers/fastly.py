"""Fastly before its object storage."""

from collections.abc import Mapping, Sequence

from slipway.tool.config import Site
from slipway.tool.providers import buckets
from slipway.tool.providers.contract import Step, Target, cdn_id, key
from slipway.tool.providers.request import post
from slipway.web.errors import SlipwayError

TITLE = "Fastly and its object storage"
EXPERIMENTAL = True
CANNOT = (
    "ETags are no MD5 there: a push compares hashed names by size, and sends the unhashed ones every time",
    "uploads go by presigned PUT; no page of Fastly's promises CORS for it, and an older one excluded presigned URLs: "
    "try one before you rely on it",
    "a purge takes whole URLs, or /* for all of the service",
    "anybody may purge a URL until the service requires a token",
)

DOCS = "https://www.fastly.com/documentation"
GUIDES = "https://docs.fastly.com/en/guides"
STORAGE = f"{DOCS}/guides/platform/object-storage"
API = "https://api.fastly.com"


def describe(site: Site) -> list[Step]:
    return [
        buckets.made(site, f"{STORAGE}/working-with-object-storage/#creating-a-bucket"),
        # Keys of the control panel open every bucket of the account.
        buckets.keys(
            site,
            f"{DOCS}/reference/api/services/resources/object-storage-access-keys/",
            ", by the API, each with read-write-objects and one bucket",
        ),
        Step(
            f"Make one CDN service with the domains {site.static_url} and {site.media_url}, TLS for both, and "
            f"{site.endpoint} as its host, shielded; it signs its requests with a key that may only read",
            f"{STORAGE}/working-with-object-storage/#configuring-your-fastly-service",
        ),
        buckets.paths(
            site,
            "In the snippet that signs, put bucket and prefix before the path",
            f"{STORAGE}/working-with-object-storage/#configuring-your-fastly-service",
        ),
        Step(
            "Let the edge compress (beresp.gzip and beresp.brotli) and cache errors for 10 seconds at most",
            f"{GUIDES}/enabling-automatic-compression",
        ),
        buckets.answers(
            site, "Set these headers", f"{GUIDES}/adding-or-modifying-headers-on-http-requests-and-responses"
        ),
        Step(
            "Require a token for URL purges (set req.http.Fastly-Purge-Requires-Auth)",
            f"{DOCS}/guides/full-site-delivery/purging/authenticating-api-purge-requests/",
        ),
        buckets.cors(site, f"{STORAGE}/about-object-storage/"),
        Step(
            "Make an API token that is limited to this service, with the scopes purge_select and purge_all; "
            "FASTLY_API_TOKEN in `make secrets`, the service's ID as cdn_id in site.yml",
            f"{DOCS}/reference/api/auth-tokens/user/",
        ),
    ]


def purge(site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
    """URL by URL, or the whole service: https://www.fastly.com/documentation/reference/api/purging/"""
    # https://www.fastly.com/documentation/reference/api/#authentication
    headers = {"Fastly-Key": key(keys, "FASTLY_API_TOKEN"), "Accept": "application/json"}
    for target in targets:
        if target.is_prefix and not target.is_all:
            raise SlipwayError(f"cannot purge {target.url}: Fastly purges whole URLs, or /* for all of the service")
    if any(target.is_all for target in targets):
        # https://www.fastly.com/documentation/reference/api/purging/#purge-all
        service = cdn_id(site, "the service ID, which the service's summary shows")
        post(f"{API}/service/{service}/purge_all", lambda: headers)
        return [f"purged all of the service {service}"]
    for target in targets:
        # The URL without its scheme: https://www.fastly.com/documentation/reference/api/purging/#purge-single-url
        post(f"{API}/purge/{target.host}{target.path}", lambda: headers)
    return [f"purged {target.url}" for target in targets]
