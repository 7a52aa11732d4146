"""What provisioning wants, before any API is asked."""

from deploy.cdn.bucket import policy, settings
from deploy.cdn.certificate import covers
from deploy.cdn.distribution import distribution, edges, response_headers
from tests.unit.aws.sites import ExampleSite

HTTPS = ExampleSite()
HTTP = ExampleSite(scheme="http")
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/c"


def wanted(site: ExampleSite, number: int, certificate: str | None = ARN) -> dict:
    return distribution(site, edges(site)[number], "control", "headers", certificate)


def test_each_host_serves_its_own_prefix_through_the_access_control():
    for number, (alias, path) in enumerate([("static.example.com", "/static"), ("media.example.com", "/media/public")]):
        config = wanted(HTTPS, number)
        assert config["Aliases"]["Items"] == [alias]
        (origin,) = config["Origins"]["Items"]
        assert origin["DomainName"] == "example-com.s3.eu-central-1.amazonaws.com"
        assert origin["OriginPath"] == path
        assert origin["OriginAccessControlId"] == "control"


def test_over_https_viewers_are_redirected_and_old_tls_is_refused():
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


def test_an_upload_opened_as_a_page_can_neither_run_nor_load_anything():
    security = response_headers(HTTPS, edges(HTTPS)[1])["SecurityHeadersConfig"]
    assert security["ContentSecurityPolicy"]["ContentSecurityPolicy"] == "default-src 'none'; sandbox"
    assert security["ContentTypeOptions"]["Override"] is True


def test_hsts_is_sent_over_https_alone():
    for site, expected in ((HTTPS, True), (HTTP, False)):
        for edge in edges(site):
            security = response_headers(site, edge)["SecurityHeadersConfig"]
            assert ("StrictTransportSecurity" in security) is expected


def test_the_bucket_is_read_by_its_distributions_alone():
    document = policy(HTTP, {"arn:static": "static/", "arn:media": "media/public/"})
    read = {
        statement["Resource"]: statement["Condition"]["StringEquals"]["AWS:SourceArn"]
        for statement in document["Statement"]
    }
    assert read == {
        "arn:aws:s3:::example-com/static/*": "arn:static",
        "arn:aws:s3:::example-com/media/public/*": "arn:media",
    }
    assert {s["Principal"]["Service"] for s in document["Statement"]} == {"cloudfront.amazonaws.com"}
    assert {s["Action"] for s in document["Statement"]} == {"s3:GetObject"}


def test_plain_http_to_the_bucket_is_denied_where_the_site_has_tls():
    (deny,) = [s for s in policy(HTTPS, {})["Statement"] if s["Effect"] == "Deny"]
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert deny["Resource"] == ["arn:aws:s3:::example-com", "arn:aws:s3:::example-com/*"]


def test_forgotten_uploads_and_old_versions_are_swept():
    (lifecycle,) = [s for s in settings(HTTPS) if s.label == "lifecycle"]
    rules = {rule["ID"]: rule for rule in lifecycle.wanted["Rules"]}
    assert rules["abort-incomplete-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rules["expire-incoming"]["Filter"] == {"Prefix": "media/incoming/"}
    assert rules["expire-incoming"]["Expiration"] == {"Days": 1}
    assert rules["expire-noncurrent"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_a_certificate_covers_by_name_or_by_wildcard_of_one_level():
    names = ["static.example.com", "media.example.com"]
    assert covers({"static.example.com", "media.example.com"}, names)
    assert covers({"*.example.com"}, names)
    assert not covers({"example.com", "static.example.com"}, names)
    assert not covers({"*.com"}, names)
