"""An object of the bucket is missing, stale or has wrong metadata."""

import gzip
import hashlib
import json
from collections.abc import Iterator

import requests

from tests.integration.smoke.broken import broken
from tests.integration.smoke.deployment import Deployment

BUNDLE = r"static/CACHE/css/.+\.css"
IMMUTABLE = "public, max-age=31536000, immutable"


@broken("m13", by="P", url="/img/", place="://", says="answers 40", fix="missing in the bucket: push again")
def one_file_missing(site: Deployment) -> Iterator[None]:
    with site.removed(site.key(r"static/img/.+\.(webp|jpg|png|svg)")):
        yield


@broken("m14", by="H", url="/CACHE/css/", place="://www.", says="do not match the hash")
def stale_manifest(site: Deployment) -> Iterator[None]:
    with site.stored(site.key(BUNDLE), lambda body: body + b"\n/* of another build */"):
        yield


@broken("m16", by="P", url="/css/earlier.", place="earlier.json", says="answers 40")
def previous_release_deleted(site: Deployment) -> Iterator[dict]:
    body, bucket = b"h1 { color: teal }\n", site.bucket
    digest = hashlib.md5(body).hexdigest()
    key, headers = f"static/css/earlier.{digest[:12]}.css", {"content_type": "text/css; charset=utf-8"}
    earlier = site.directory / "earlier.json"
    known = {key: {"md5": digest, "bytes": len(body), "cache_control": IMMUTABLE, **headers}}
    earlier.write_text(json.dumps({"version": 1, "objects": known}))
    client, stored = site.client("s3"), {"ContentType": headers["content_type"], "CacheControl": IMMUTABLE}
    client.put_object(Bucket=bucket, Key=key, Body=body, **stored)
    options = {"manifests": (site.manifest, earlier)}
    sound = site.prove(**options, browser=None)
    assert sound["verdict"] == "passed", sound["findings"]
    client.delete_object(Bucket=bucket, Key=key)
    site.invalidate()
    yield options


@broken("m17", by="HB", url="/CACHE/css/", place="://www.", says={"H": "'text/plain'", "B": "stylesheet"})
def wrong_content_type(site: Deployment) -> Iterator[None]:
    with site.stored(site.key(BUNDLE), ContentType="text/plain"):
        yield


@broken("m18", browser=False, by="H", url="/CACHE/css/", place="://www.", says="max-age=60")
def short_max_age(site: Deployment) -> Iterator[None]:
    with site.stored(site.key(BUNDLE), CacheControl="public, max-age=60"):
        yield


@broken("m19", browser=False, by="H", url="/favicon.ico", place="objects.json", says="on a name without a hash")
def immutable_without_a_hash(site: Deployment) -> Iterator[None]:
    with site.stored("static/favicon.ico", CacheControl=IMMUTABLE):
        yield


@broken("m21", by="H", url="/CACHE/css/", place="://www.", says="compressed twice")
def compressed_twice(site: Deployment) -> Iterator[None]:
    with site.stored(site.key(BUNDLE), lambda body: gzip.compress(gzip.compress(body)), ContentEncoding="gzip"):
        yield


@broken("m21b", by="H", url="/CACHE/css/", place="://www.", says="the body is not br")
def brotli_mislabelled(site: Deployment) -> Iterator[None]:
    with site.stored(site.key(BUNDLE), ContentEncoding="br"):
        yield


@broken("m32", by="H", url="/CACHE/css/", place="://www.", says="do not match the hash")
def page_cached_under_an_assets_name(site: Deployment) -> Iterator[None]:
    """The bucket is sound again by the time of the run: the edge is not."""
    key = site.key(BUNDLE)
    page = requests.get(
        f"http://127.0.0.1:{site.local_site.ports['www']}/", headers=host(site.local_site.site.site_url)
    ).content
    path, static = key.removeprefix("static/"), host(site.local_site.site.static_url)
    client, bucket = site.client("s3"), site.bucket
    sound = client.get_object(Bucket=bucket, Key=key)
    client.put_object(Bucket=bucket, Key=key, Body=page, ContentType="text/html", CacheControl=IMMUTABLE)
    site.invalidate()
    for coding in ("br, gzip", "gzip", "identity"):
        url = f"http://127.0.0.1:{site.local_site.ports['cdn']}/{path}"
        requests.get(url, headers=static | {"Accept-Encoding": coding}).raise_for_status()
    headers = {name: sound[name] for name in ("ContentType", "CacheControl")}
    client.put_object(Bucket=bucket, Key=key, Body=sound["Body"].read(), **headers)
    try:
        yield
    finally:
        site.invalidate()


def host(url: str) -> dict[str, str]:
    return {"Host": url.partition("://")[2]}
