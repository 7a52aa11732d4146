"""The settings of the two buckets at any S3 server that Slipway does not provision."""

import json
from urllib.parse import urlsplit

from slipway.tool.cdn.cdn_csp import MEDIA_CSP, STATIC_CSP
from slipway.tool.config import Site
from slipway.tool.providers.contract import Step
from slipway.web.prefixes import INCOMING_PREFIX, PUBLIC_PREFIX, STATIC_PREFIX
from slipway.web.stores import STORES

# The only part of its bucket that each host serves.
SERVED = {"static": STATIC_PREFIX, "media": PUBLIC_PREFIX}


def made(site: Site, page: str) -> Step:
    """The buckets themselves."""
    what = f"Make two private buckets, {site.bucket} and {site.media_bucket}, at {site.endpoint}"
    return Step(what, page)


def keys(site: Site, page: str, how: str = "") -> Step:
    """The S3 keys and their permissions, for `make secrets`. ``how``: what to know of making them."""
    return Step(
        f"Make two S3 keys for `make secrets`{how}: deployer reads, writes and lists {site.bucket}; "
        f"web reads, writes and deletes objects of {site.media_bucket}",
        page,
    )


def cors(site: Site, page: str) -> Step:
    """Lets the site's pages upload straight to the bucket."""
    rule = {
        "AllowedOrigins": [*site.origins],
        "AllowedMethods": ["POST" if STORES[site.provider].form else "PUT"],
        "AllowedHeaders": ["content-type"],
        "MaxAgeSeconds": 3600,
    }
    return Step(f"Set this CORS rule on {site.media_bucket}, for uploads: {json.dumps(rule)}", page)


def lifecycle(site: Site, page: str) -> Step:
    """The expiration of unpublished uploads."""
    what = f"Let objects under {INCOMING_PREFIX} in {site.media_bucket} expire after one day, their old versions too"
    return Step(what, page)


def paths(site: Site, how: str, page: str) -> Step:
    """The path of each host in its bucket, without releases and incoming uploads."""
    hosts = {"static": (site.static_url, site.bucket), "media": (site.media_url, site.media_bucket)}
    rules = [f"{hosts[kind][0]}/… requests /{prefix}… of {hosts[kind][1]}" for kind, prefix in SERVED.items()]
    return Step(f"{how}: {'; '.join(rules)}", page)


def answers(site: Site, how: str, page: str) -> Step:
    """The headers of every response of the two hosts: CORS for fonts and modules, and security."""
    headers = f"Access-Control-Allow-Origin: {site.readers[0]}, X-Content-Type-Options: nosniff, and HSTS"
    policies = {site.static_url: STATIC_CSP, site.media_url: MEDIA_CSP}
    each = [f"on {urlsplit(url).hostname} Content-Security-Policy: {policy}" for url, policy in policies.items()]
    return Step(f"{how}: {headers}; {', and '.join(each)}", page)
