"""Akamai before Linode's object storage."""

import json
from collections.abc import Iterator, Mapping, Sequence

from slipway.tool.config import Site
from slipway.tool.providers import buckets
from slipway.tool.providers.contract import Step, Target, cdn_id, key
from slipway.tool.providers.edgegrid import authorization
from slipway.tool.providers.request import post
from slipway.web.errors import SlipwayError

TITLE = "Akamai and Linode's object storage"
EXPERIMENTAL = True
CANNOT = (
    "a purge takes whole URLs, or /* for the CP code of both hosts",
    "cache hits show only with a Pragma header in the request; the proof sends it",
)

DOCS = "https://techdocs.akamai.com"
STORAGE = f"{DOCS}/cloud-computing/docs"
PROPERTY = f"{DOCS}/property-mgr/docs"
KEYS = ("AKAMAI_HOST", "AKAMAI_CLIENT_TOKEN", "AKAMAI_CLIENT_SECRET", "AKAMAI_ACCESS_TOKEN")
# Bytes of a body; 50,000 are rejected above: https://techdocs.akamai.com/purge-cache/reference/413
BODY = 50_000


def describe(site: Site) -> list[Step]:
    return [
        buckets.made(site, f"{STORAGE}/create-and-manage-buckets"),
        buckets.keys(site, f"{STORAGE}/manage-access-keys"),
        Step(
            f"Make a property for {site.static_url} and {site.media_url} with one CP code, TLS 1.2 and newer, HTTP to "
            f"HTTPS, and an origin each in {site.endpoint}; Origin Characteristics (Akamai Object Storage) signs "
            "with a key that may only read",
            f"{PROPERTY}/origin-charac",
        ),
        buckets.paths(
            site,
            "Put the prefix before the path, by Modify Outgoing Request Path",
            f"{PROPERTY}/modify-outgoing-req-path",
        ),
        Step(
            f"Let Caching honour the origin's Cache-Control, on {site.media_url} its s-maxage too, Cache HTTP Error "
            "Responses keep errors for 10 seconds, and Last Mile Acceleration compress text, scripts and SVG",
            f"{PROPERTY}/caching-2",
        ),
        buckets.answers(
            site, "Set these headers by Modify Outgoing Response Header", f"{PROPERTY}/modify-outgoing-response-header"
        ),
        buckets.cors(site, "https://www.linode.com/docs/guides/working-with-cors-linode-object-storage/"),
        buckets.lifecycle(site, f"{STORAGE}/lifecycle-policies"),
        Step(
            f"Make an API client that may write to the CCU APIs; its values ({', '.join(KEYS)}) in `make secrets`, "
            "the CP code as cdn_id in site.yml",
            f"{DOCS}/developer/docs/edgegrid",
        ),
    ]


def purge(site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
    """Invalidates on the production network, by URL or by CP code.

    https://techdocs.akamai.com/purge-cache/reference/invalidate-url
    https://techdocs.akamai.com/purge-cache/reference/invalidate-cpcode
    """
    keys = {name: key(keys, name) for name in KEYS}
    for target in targets:
        if target.is_prefix and not target.is_all:
            raise SlipwayError(f"cannot purge {target.url}: Akamai purges whole URLs, or /* for the CP code")
    if any(target.is_all for target in targets):
        code = cdn_id(site, "the CP code of your property, a number")
        if not code.isdigit():
            raise SlipwayError(f"{site.path}: cdn_id: {code!r} is not a CP code, which is a number")
        return [_invalidate(keys, "cpcode", [int(code)])]
    return [_invalidate(keys, "url", batch) for batch in _batches([target.url for target in targets])]


def _invalidate(keys: Mapping[str, str], kind: str, objects: Sequence[str | int]) -> str:
    url = f"https://{keys['AKAMAI_HOST']}/ccu/v3/invalidate/{kind}/production"
    body = _body(objects)
    answer = post(
        url, lambda: {"Authorization": authorization(keys, url, body), "Content-Type": "application/json"}, body
    )
    about = f"of {objects[0]}" if len(objects) == 1 else f"of {len(objects)} URLs"
    return f"invalidation {answer.get('purgeId', '')} {about} takes about {answer.get('estimatedSeconds', 5)} seconds"


def _body(objects: Sequence[str | int]) -> bytes:
    return json.dumps({"objects": list(objects)}).encode()


def _batches(urls: Sequence[str]) -> Iterator[list[str]]:
    """As many URLs as fit in a body."""
    batch: list[str] = []
    for url in urls:
        if batch and len(_body([*batch, url])) > BODY:
            yield batch
            batch = []
        batch.append(url)
    yield batch
