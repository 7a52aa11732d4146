"""Any S3 server: MinIO, Garage, Ceph, Hetzner, DigitalOcean, Backblaze; before it a CDN of one's own, or none."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from slipway.tool.config import Site
from slipway.tool.providers import buckets
from slipway.tool.providers.contract import Step, Target
from slipway.web.errors import SlipwayError

TITLE = "An S3 server"
EXPERIMENTAL = False
CANNOT = (
    "Slipway cannot purge your CDN: a replaced file without a hash in its name is old there for five minutes",
    "the browser sends each photo by a presigned PUT, since not every server has POST Object",
    "the ETag of an object has to be the MD5 of its bytes: no encryption with keys of a KMS",
    "with `cdn: none` nothing compresses text, and every visitor's request goes to the S3 server",
    "with `cdn: none` a page may be unable to read what a tag has loaded before: many servers send CORS headers to "
    "requests with Origin alone",
)

API = "https://docs.aws.amazon.com/AmazonS3/latest/API"
GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"


def describe(site: Site) -> list[Step]:
    none = site.cdn == "none"
    return [
        buckets.made(site, f"{API}/API_CreateBucket.html"),
        buckets.keys(site, f"{GUIDE}/security-iam.html"),
        *map(_public, (site.bucket, site.media_bucket), buckets.SERVED.values()),
        _reads(site),
        buckets.cors(site, f"{API}/API_PutBucketCors.html"),
        buckets.lifecycle(site, f"{API}/API_PutBucketLifecycleConfiguration.html"),
        *(_hosts(site) if none else _cdn(site)),
    ]


def _public(bucket: str, prefix: str) -> Step:
    """The policy by which visitors, or a CDN without a key, read what is served and nothing else."""
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/{prefix}*"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return Step(
        f"Set this policy on {bucket}, unless your CDN signs its requests: {policy}. A server without bucket policies "
        "(Backblaze, Garage) makes the bucket public as a whole: who knows an unpublished upload's name then reads it",
        f"{API}/API_PutBucketPolicy.html",
    )


def _reads(site: Site) -> Step:
    rule = {
        "AllowedOrigins": [*site.readers],
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedHeaders": ["*"],
        "MaxAgeSeconds": 86_400,
    }
    both = f"{site.bucket} and {site.media_bucket}"
    return Step(f"Set this CORS rule on {both}, for reads: {json.dumps(rule)}", f"{API}/API_PutBucketCors.html")


def _cdn(site: Site) -> list[Step]:
    return [
        Step(
            f"Put a CDN, or a reverse proxy with a cache, before {site.endpoint}: for {site.static_url} and "
            f"{site.media_url}, over TLS 1.2 or newer. Let it honour Cache-Control with s-maxage, compress text, "
            "scripts and SVG, keep errors for 10 seconds at most, and forward no cookies",
            f"{GUIDE}/website-hosting-custom-domain-walkthrough.html",
        ),
        buckets.paths(site, "Let it put bucket and prefix before the path", f"{GUIDE}/VirtualHosting.html"),
        buckets.answers(site, "Let it set these headers", f"{GUIDE}/cors.html"),
    ]


def _hosts(site: Site) -> list[Step]:
    hosts = ((site.static_url, site.bucket), (site.media_url, site.media_bucket))
    named = "; ".join(f"{urlsplit(url).netloc} is {bucket}'s" for url, bucket in hosts)
    return [
        Step(
            f"Let each bucket answer under a host of its own, with a certificate for it: {named}. That is its virtual "
            "host at the server, or a name of yours with a CNAME to it where the server allows one",
            f"{GUIDE}/VirtualHosting.html",
        )
    ]


def purge(site: Site, keys: Mapping[str, str], targets: Sequence[Target]) -> list[str]:
    """Raises SlipwayError: Slipway has no API to call."""
    what = "there is no CDN" if site.cdn == "none" else "Slipway knows no API of your CDN; purge it there"
    raise SlipwayError(f"cannot purge {targets[0].url}: {what}")
