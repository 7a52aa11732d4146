"""The wanted configuration, before any API call."""

from dataclasses import replace

import pytest

from slipway.tool.cdn.bucket import policy, settings
from slipway.tool.cdn.certificate import covers
from slipway.tool.cdn.distribution import PREFLIGHT_POLICY, distribution, response_headers
from slipway.tool.cdn.drift import without_markers
from slipway.tool.cdn.edges import edges
from tests.unit.aws.sites import ExampleSite

HTTPS = ExampleSite()
HTTP = ExampleSite(scheme="http")
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/c"


def wanted(site: ExampleSite, number: int, certificate: str | None = ARN) -> dict:
    return without_markers(distribution(site, edges(site)[number], "control", "headers", certificate))


def test_each_host_serves_its_own_prefix_through_the_access_control():
    hosts = [
        ("static.example.com", "example-com", "/static"),
        ("media.example.com", "example-com-media", "/media/public"),
    ]
    for number, (alias, bucket, path) in enumerate(hosts):
        config = wanted(HTTPS, number)
        assert config["Aliases"]["Items"] == [alias]
        (origin,) = config["Origins"]["Items"]
        assert origin["DomainName"] == f"{bucket}.s3.eu-central-1.amazonaws.com"
        assert origin["OriginPath"] == path
        assert origin["OriginAccessControlId"] == "control"


def test_over_https_viewers_are_redirected_and_old_tls_is_rejected():
    config = wanted(HTTPS, 0)
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert config["ViewerCertificate"]["ACMCertificateArn"] == ARN
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["HttpVersion"] == "http2and3"


def test_over_http_viewers_are_not_redirected():
    config = wanted(HTTP, 0, None)
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "allow-all"
    assert config["ViewerCertificate"] == {"CloudFrontDefaultCertificate": True}


def test_compression_is_on_and_errors_are_not_kept():
    config = wanted(HTTPS, 0)
    assert config["DefaultCacheBehavior"]["Compress"] is True
    kept = {item["ErrorCode"]: item["ErrorCachingMinTTL"] for item in config["CustomErrorResponses"]["Items"]}
    assert kept == {403: 0, 404: 0}


def test_the_static_host_allows_the_sites_origin_alone():
    cors = response_headers(HTTPS, edges(HTTPS)[0])["CorsConfig"]
    assert cors["AccessControlAllowOrigins"]["Items"] == ["https://www.example.com"]
    assert cors["AccessControlAllowCredentials"] is False


def test_with_an_alias_any_origin_reads_and_the_site_s_alone_upload():
    """An answer in a cache names one origin, or any."""
    site = replace(HTTPS, aliases=("shop.example.com",))
    cors = response_headers(site, edges(site)[0])["CorsConfig"]
    assert cors["AccessControlAllowOrigins"]["Items"] == ["*"]
    (rules,) = [each.wanted["CORSRules"] for each in settings(site, edges(site)[1]) if "CORSRules" in each.wanted]
    uploads, reads = rules
    assert uploads["AllowedOrigins"] == ["https://www.example.com", "https://shop.example.com"]
    assert reads["AllowedOrigins"] == ["*"]


def test_an_upload_opened_as_a_page_can_neither_run_nor_load_anything():
    security = response_headers(HTTPS, edges(HTTPS)[1])["SecurityHeadersConfig"]
    assert security["ContentSecurityPolicy"]["ContentSecurityPolicy"] == "default-src 'none'; sandbox"
    assert security["ContentTypeOptions"]["Override"] is True


def test_a_static_file_opened_as_a_page_runs_nothing_that_is_written_into_it():
    security = response_headers(HTTPS, edges(HTTPS)[0])["SecurityHeadersConfig"]
    assert security["ContentSecurityPolicy"]["ContentSecurityPolicy"] == "script-src 'self'; base-uri 'none'"


def test_hsts_is_sent_over_https_alone():
    for site, expected in ((HTTPS, True), (HTTP, False)):
        for edge in edges(site):
            security = without_markers(response_headers(site, edge))["SecurityHeadersConfig"]
            assert ("StrictTransportSecurity" in security) is expected


@pytest.mark.parametrize(
    ("number", "bucket", "prefix"), [(0, "example-com", "static"), (1, "example-com-media", "media/public")]
)
def test_a_bucket_is_read_by_its_distribution_alone(number: int, bucket: str, prefix: str):
    statements = policy(HTTP, edges(HTTP)[number], "arn:distribution")["Statement"]
    assert {s["Action"]: s["Resource"] for s in statements} == {
        "s3:GetObject": f"arn:aws:s3:::{bucket}/{prefix}/*",
        "s3:ListBucket": f"arn:aws:s3:::{bucket}",
    }
    for statement in statements:
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"AWS:SourceArn": "arn:distribution"}}


@pytest.mark.parametrize("number", [0, 1])
def test_plain_http_to_a_bucket_is_denied_where_the_site_has_tls(number: int):
    edge = edges(HTTPS)[number]
    (deny,) = [s for s in policy(HTTPS, edge, "arn")["Statement"] if s["Effect"] == "Deny"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert deny["Resource"] == [f"arn:aws:s3:::{edge.bucket}", f"arn:aws:s3:::{edge.bucket}/*"]


def test_forgotten_uploads_and_old_versions_of_media_are_swept():
    rules = _rules(1)
    assert rules["abort-incomplete-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rules["expire-incoming"]["Filter"] == {"Prefix": "media/incoming/"}
    assert rules["expire-incoming"]["Expiration"] == {"Days": 1}
    assert rules["expire-incoming"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert rules["expire-noncurrent"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_the_static_bucket_keeps_no_versions_and_expires_no_object():
    assert list(_rules(0)) == ["abort-incomplete-uploads"]
    assert "versioning" not in [setting.label for setting in settings(HTTPS, edges(HTTPS)[0])]


def test_logging_and_price_class_are_the_sites_choice():
    assert wanted(HTTPS, 0)["Logging"]["Enabled"] is False
    config = wanted(replace(HTTPS, cdn_logs="my-logs", price_class="PriceClass_100"), 0)
    assert config["Logging"] == {
        "Enabled": True,
        "IncludeCookies": False,
        "Bucket": "my-logs.s3.amazonaws.com",
        "Prefix": "static.example.com/",
    }
    assert config["PriceClass"] == "PriceClass_100"


def test_a_preflight_gets_through_to_the_static_bucket():
    behavior = wanted(HTTPS, 0)["DefaultCacheBehavior"]
    assert "OPTIONS" in behavior["AllowedMethods"]["Items"]
    assert behavior["OriginRequestPolicyId"] == PREFLIGHT_POLICY


def _rules(number: int) -> dict[str, dict]:
    (lifecycle,) = [s for s in settings(HTTPS, edges(HTTPS)[number]) if s.label == "lifecycle"]
    return {rule["ID"]: rule for rule in without_markers(lifecycle.wanted)["Rules"]}


def test_a_certificate_covers_by_name_or_by_wildcard_of_one_level():
    names = ["static.example.com", "media.example.com"]
    assert covers({"static.example.com", "media.example.com"}, names)
    assert covers({"*.example.com"}, names)
    assert not covers({"example.com", "static.example.com"}, names)
    assert not covers({"*.com"}, names)
