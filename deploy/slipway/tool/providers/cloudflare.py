"""Cloudflare before R2."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from slipway.tool.config import Site
from slipway.tool.providers import buckets
from slipway.tool.providers.contract import Step, Target, cdn_id, key
from slipway.tool.providers.request import post, words
from slipway.web.errors import SlipwayError

TITLE = "Cloudflare and R2"
EXPERIMENTAL = True
CANNOT = (
    "R2 has no POST Object: the browser sends each photo by a presigned PUT, its type and length signed",
    "a custom domain opens its whole bucket: the rewrite rule alone keeps releases and incoming uploads from it",
)

DOCS = "https://developers.cloudflare.com"
API = "https://api.cloudflare.com/client/v4"
# The page of all ways says 100 of any plan, that of prefixes 30: no page is contradicted by fewer.
# https://developers.cloudflare.com/cache/how-to/purge-cache/
# https://developers.cloudflare.com/cache/how-to/purge-cache/purge_by_prefix/
OPERATIONS = 30


def describe(site: Site) -> list[Step]:
    return [
        buckets.made(site, f"{DOCS}/r2/buckets/create-buckets/"),
        buckets.keys(site, f"{DOCS}/r2/api/tokens/"),
        Step(
            f"Connect custom domains: {site.static_url} to {site.bucket}, {site.media_url} to {site.media_bucket}; "
            "with TLS 1.2 or newer; leave the r2.dev addresses off",
            f"{DOCS}/r2/buckets/public-buckets/#custom-domains",
        ),
        buckets.paths(
            site, "Rewrite the paths of both hosts, dynamically by concat()", f"{DOCS}/rules/transform/url-rewrite/"
        ),
        Step(
            "Make a cache rule for both hosts: eligible for cache, edge TTL from the origin's Cache-Control, "
            "errors no longer than 10 seconds",
            f"{DOCS}/cache/how-to/cache-rules/settings/",
        ),
        buckets.answers(
            site, "Set these headers by a response header rule", f"{DOCS}/rules/transform/response-header-modification/"
        ),
        buckets.cors(site, f"{DOCS}/r2/buckets/cors/"),
        buckets.lifecycle(site, f"{DOCS}/r2/buckets/object-lifecycles/"),
        Step(
            "Make an API token with Zone, Cache Purge for this zone alone; CLOUDFLARE_API_TOKEN in `make secrets`, "
            "the zone's ID as cdn_id in site.yml",
            f"{DOCS}/fundamentals/api/get-started/create-token/",
        ),
    ]


def purge(site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
    """By URL, by prefix and by host: https://developers.cloudflare.com/api/resources/cache/methods/purge/"""
    url = f"{API}/zones/{cdn_id(site, 'the zone ID, which the overview of your domain shows')}/purge_cache"
    # https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/
    headers = {"Authorization": f"Bearer {key(keys, 'CLOUDFLARE_API_TOKEN')}", "Content-Type": "application/json"}
    lines = []
    for member, values in _members(site, targets).items():
        for start in range(0, len(values), OPERATIONS):
            batch = values[start : start + OPERATIONS]
            answer = post(url, lambda: headers, json.dumps({member: batch}).encode())
            # https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/#response
            if answer.get("success") is not True:
                raise SlipwayError(f"cannot purge by api.cloudflare.com: it reports no success: {words(answer)}")
            names = dict.fromkeys(value if isinstance(value, str) else value["url"] for value in batch)
            lines.append(f"purged by {member}: {', '.join(names)}")
    return lines


def _members(site: Site, targets: Sequence[Target]) -> dict[str, list[Any]]:
    """The request's body holds one of these, and a list.

    files     whole URLs, each as tags request it and as pages do by CORS: the Origin is in the cache key.
              https://developers.cloudflare.com/cache/how-to/cache-keys/
              https://developers.cloudflare.com/cache/how-to/purge-cache/purge-by-single-file/
    prefixes  host and path, no scheme: https://developers.cloudflare.com/cache/how-to/purge-cache/purge_by_prefix/
    hosts     https://developers.cloudflare.com/cache/how-to/purge-cache/purge-by-hostname/
    """
    members: dict[str, list[Any]] = {"files": [], "prefixes": [], "hosts": []}
    for target in targets:
        if target.is_all:
            members["hosts"].append(target.host)
        elif not target.is_prefix:
            asked = [{"url": target.url, "headers": {"Origin": origin}} for origin in site.origins]
            members["files"] += [target.url, *asked]
        elif target.path.endswith("/*"):
            members["prefixes"].append(target.host + target.path.removesuffix("/*"))
        else:
            raise SlipwayError(f"cannot purge {target.url}: a prefix ends with a slash here; give it as /folder/*")
    return {member: values for member, values in members.items() if values}
