"""Faults in the configuration of the CDN or the bucket."""

import json
from collections.abc import Iterator

from tests.integration.smoke.broken import broken
from tests.integration.smoke.deployment import Deployment
from tests.integration.smoke.edge import redirecting

READ_BY_ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"]}


@broken("m6", by="AO", url="://static.", place={"A": "provisioned.json", "O": "access.log:"}, says="origin")
def cdn_pulls_from_the_origin(site: Deployment) -> Iterator[dict]:
    host, port = site.address(site.local_site.site.site_url)

    def change(config: dict) -> None:
        origin = config["Origins"]["Items"][0]
        del origin["S3OriginConfig"], origin["OriginAccessControlId"]
        origin |= {"DomainName": host, "OriginPath": ""}
        origin["CustomOriginConfig"] = {"HTTPPort": port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}

    with site.distribution(change):
        yield {"provisioned": site.describe()}


@broken("m7", by="H", url="/CACHE/css/", place="://www.", says="302 to the origin")
def cdn_redirects_to_the_origin(site: Deployment) -> Iterator[dict]:
    path = "/" + site.key(r"static/CACHE/css/.+\.css").removeprefix("static/")
    static = site.address(site.local_site.site.static_url)
    with redirecting(path, f"{site.local_site.site.site_url}/static{path}", static[1]) as port:
        yield {"resolve": {static: ("127.0.0.1", port)}}


@broken("m8", by="H", url="://static.", place="", says="where the origin listens")
def static_host_leads_to_the_origin(site: Deployment) -> Iterator[dict]:
    yield {"resolve": {site.address(site.local_site.site.static_url): ("127.0.0.1", site.local_site.ports["www"])}}


@broken("m9", by="HB", url="://static.", place="://www.", says={"H": "no Access-Control-Allow-Origin", "B": "CORS"})
def no_cors(site: Deployment) -> Iterator[None]:
    def change(config: dict) -> None:
        del config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"], config["Origins"]["Items"][0]["CustomHeaders"]
        del config["DefaultCacheBehavior"]["OriginRequestPolicyId"]

    with site.distribution(change):
        yield


@broken("m35", browser=False, by="H", url="://static.", place="", says="no Vary: Origin")
def cors_for_cors_requests_alone(site: Deployment) -> Iterator[None]:
    def change(config: dict) -> None:
        del config["Origins"]["Items"][0]["CustomHeaders"], config["DefaultCacheBehavior"]["OriginRequestPolicyId"]

    with site.distribution(change):
        yield


@broken("m10", by="B", may="H", url="://static.", place="://www.", says="CORS")
def another_sites_cors(site: Deployment) -> Iterator[None]:
    client = site.client("cloudfront")
    config = client.get_distribution_config(Id=site.static_distribution)["DistributionConfig"]
    policy = config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
    answer = client.get_response_headers_policy(Id=policy)
    before = answer["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]
    changed = json.loads(json.dumps(before))
    changed["CorsConfig"] |= {"OriginOverride": True}
    changed["CorsConfig"]["AccessControlAllowOrigins"]["Items"] = ["https://elsewhere.example"]

    def put(document: dict) -> None:
        etag = client.get_response_headers_policy(Id=policy)["ETag"]
        client.update_response_headers_policy(Id=policy, IfMatch=etag, ResponseHeadersPolicyConfig=document)
        site.invalidate()

    put(changed)
    try:
        yield
    finally:
        put(before)


@broken("m11", browser=False, by="A", url="", place="provisioned.json.static.bucket", says="")
def public_bucket(site: Deployment) -> Iterator[dict]:
    client, bucket = site.client("s3"), site.bucket
    block = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    policy = json.loads(client.get_bucket_policy(Bucket=bucket)["Policy"])
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    opened = policy | {"Statement": [*policy["Statement"], READ_BY_ANYBODY | {"Resource": resources}]}
    client.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration=block | {"BlockPublicPolicy": False, "RestrictPublicBuckets": False},
    )
    client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(opened))
    try:
        yield {"provisioned": site.describe()}
    finally:
        client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        client.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)


@broken(
    "m12",
    by="HA",
    url="://static.",
    place={"A": "provisioned.json", "H": "://www."},
    says={"H": "403", "A": "origin access control"},
)
def no_origin_access_control(site: Deployment) -> Iterator[dict]:
    with site.distribution(lambda config: config["Origins"]["Items"][0].update(OriginAccessControlId="")):
        yield {"provisioned": site.describe()}


@broken("m20", browser=False, by="H", url="/CACHE/css/", place="://www.", says="bytes sent uncompressed")
def compression_off(site: Deployment) -> Iterator[None]:
    with site.distribution(lambda config: config["DefaultCacheBehavior"].update(Compress=False)):
        yield
