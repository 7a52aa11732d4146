"""The edge in front of a real S3 server: a field changed by the CloudFront API changes the responses."""

import json
from urllib.error import HTTPError
from urllib.request import urlopen

import brotli
import pytest

from tests.integration.cdn.conftest import BUCKET, Deployed
from tests.unit.cdn.environment import CSS

SITE = "https://www.example.com"


def test_a_private_object_reaches_viewers_through_the_edge_alone(deployed: Deployed):
    first, second = deployed.get("/a.css"), deployed.get("/a.css")
    assert (first.status, first.x_cache, second.x_cache) == (200, "Miss", "Hit")
    assert first.body == second.body == CSS
    assert first.headers["Content-Type"] == "text/css; charset=utf-8"
    assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    with pytest.raises(HTTPError, match="403"):
        urlopen(f"{deployed.account.s3.meta.endpoint_url}/{BUCKET}/static/a.css")


def test_the_compressed_copy_is_the_object(deployed: Deployed):
    answer = deployed.get("/a.css", Accept_Encoding="gzip, br")
    assert (answer.headers["Content-Encoding"], brotli.decompress(answer.body)) == ("br", CSS)
    assert answer.headers["ETag"].startswith('W/"')


def test_a_missing_key_is_403_and_can_come_at_once_when_errors_are_not_kept(deployed: Deployed):
    def keep_no_errors(config: dict) -> None:
        item = {"ErrorCode": 403, "ErrorCachingMinTTL": 0}
        config["CustomErrorResponses"] = {"Quantity": 1, "Items": [item]}

    deployed.change(keep_no_errors)
    name = f"{deployed.id}.css"
    assert deployed.get(f"/{name}").status == 403
    deployed.account.s3.put_object(Bucket=BUCKET, Key=f"static/{name}", Body=b"now", ContentType="text/css")
    assert deployed.get(f"/{name}").body == b"now"


def test_without_its_access_control_the_distribution_is_shut_out(deployed: Deployed):
    deployed.change(lambda config: config["Origins"]["Items"][0].update(OriginAccessControlId=""))
    assert deployed.get("/a.css").status == 403


def test_a_distribution_the_bucket_policy_does_not_name_is_shut_out(deployed: Deployed):
    deployed.may_read = False
    deployed.account.write_bucket_policy()
    assert deployed.get("/a.css").status == 403


def test_an_access_control_that_never_signs_shuts_out(deployed: Deployed):
    cloudfront = deployed.account.cloudfront
    origin = cloudfront.get_distribution_config(Id=deployed.id)["DistributionConfig"]["Origins"]["Items"][0]
    control = origin["OriginAccessControlId"]
    found = cloudfront.get_origin_access_control(Id=control)
    config = found["OriginAccessControl"]["OriginAccessControlConfig"] | {"SigningBehavior": "never"}
    cloudfront.update_origin_access_control(Id=control, IfMatch=found["ETag"], OriginAccessControlConfig=config)
    assert deployed.get("/a.css").status == 403


def test_an_invalidation_takes_effect_with_the_next_request(deployed: Deployed):
    deployed.get("/a.css")
    assert deployed.get("/a.css").x_cache == "Hit"
    deployed.account.cloudfront.create_invalidation(
        DistributionId=deployed.id,
        InvalidationBatch={"CallerReference": "1", "Paths": {"Quantity": 1, "Items": ["/a*"]}},
    )
    assert deployed.get("/a.css").x_cache == "Miss"


def test_a_disabled_distribution_is_off(deployed: Deployed):
    deployed.change(lambda config: config.update(Enabled=False))
    assert deployed.get("/a.css").status == 403


def test_another_alias_is_another_host(deployed: Deployed):
    renamed = f"new-{deployed.host}"
    deployed.change(lambda config: config["Aliases"].update(Items=[renamed]))
    assert deployed.get("/a.css").status == 403
    deployed.host = renamed
    assert deployed.get("/a.css").status == 200


def test_compress_switched_off_compresses_nothing(deployed: Deployed):
    deployed.change(lambda config: config["DefaultCacheBehavior"].update(Compress=False))
    assert deployed.get("/a.css", Accept_Encoding="br").headers["Content-Encoding"] is None


def test_the_viewer_protocol_policy_redirects(deployed: Deployed):
    redirect = {"ViewerProtocolPolicy": "redirect-to-https"}
    deployed.change(lambda config: config["DefaultCacheBehavior"].update(redirect))
    answer = deployed.get("/a.css")
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{deployed.host}/a.css")


def test_the_origin_path_is_the_provisioned_one(deployed: Deployed):
    deployed.change(lambda config: config["Origins"]["Items"][0].update(OriginPath=""))
    assert deployed.get("/a.css").status == 403
    assert deployed.get("/static/a.css").status == 200


def test_the_default_root_object_is_the_provisioned_one(deployed: Deployed):
    deployed.change(lambda config: config.update(DefaultRootObject="a.css"))
    assert deployed.get("/").body == CSS


def test_a_response_headers_policy_grants_cors(deployed: Deployed):
    created = deployed.account.cloudfront.create_response_headers_policy(
        ResponseHeadersPolicyConfig={
            "Name": deployed.id,
            "CorsConfig": {
                "AccessControlAllowOrigins": {"Quantity": 1, "Items": [SITE]},
                "AccessControlAllowHeaders": {"Quantity": 1, "Items": ["*"]},
                "AccessControlAllowMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
                "AccessControlAllowCredentials": False,
                "OriginOverride": True,
            },
        }
    )
    policy = {"ResponseHeadersPolicyId": created["ResponseHeadersPolicy"]["Id"]}
    assert deployed.get("/a.css", Origin=SITE).headers["Access-Control-Allow-Origin"] is None
    deployed.change(lambda config: config["DefaultCacheBehavior"].update(policy))
    assert deployed.get("/a.css", Origin=SITE).headers["Access-Control-Allow-Origin"] == SITE
    assert deployed.get("/a.css").headers["Access-Control-Allow-Origin"] is None


def test_a_cache_policy_makes_the_query_count(deployed: Deployed):
    created = deployed.account.cloudfront.create_cache_policy(
        CachePolicyConfig={
            "Name": deployed.id,
            "MinTTL": 1,
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": False,
                "EnableAcceptEncodingBrotli": False,
                "HeadersConfig": {"HeaderBehavior": "none"},
                "CookiesConfig": {"CookieBehavior": "none"},
                "QueryStringsConfig": {"QueryStringBehavior": "all"},
            },
        }
    )
    assert [deployed.get(f"/a.css?v={number}").x_cache for number in (1, 2)] == ["Miss", "Hit"]
    policy = {"CachePolicyId": created["CachePolicy"]["Id"]}
    deployed.change(lambda config: config["DefaultCacheBehavior"].update(policy))
    assert [deployed.get(f"/a.css?v={number}").x_cache for number in (3, 4)] == ["Miss", "Miss"]


def test_the_access_log_is_lines_of_json(deployed: Deployed):
    deployed.get("/a.css", User_Agent="slipway-smoke/run-1")
    (line,) = [line for line in deployed.account.edge.lines() if line["host"] == deployed.host]
    assert (line["run"], line["uri"], line["status"], line["bytes"]) == ("run-1", "/a.css", 200, len(CSS))
    assert json.loads(deployed.account.edge.log.read_text().splitlines()[0])
