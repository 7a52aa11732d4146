"""CloudFront's control plane, without boto3 where boto3 would hide it."""

import uuid
from xml.etree import ElementTree

import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError

from rehearsal.aws import LocalAws
from slipway.tool.cdn.distribution import PREFLIGHT_POLICY
from tests.integration.aws.conftest import Calls
from tests.integration.aws.raw import ask

NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


@pytest.fixture
def cloudfront(calls: Calls) -> BaseClient:
    """A client that sends whatever it is given."""
    return calls.client("cloudfront", config=Config(parameter_validation=False))


@pytest.fixture
def control(cloudfront: BaseClient) -> str:
    return cloudfront.create_origin_access_control(OriginAccessControlConfig=access_control())["OriginAccessControl"][
        "Id"
    ]


def access_control(**changes: str) -> dict[str, str]:
    return {
        "Name": f"control-{uuid.uuid4().hex[:8]}",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    } | changes


def distribution(control: str, alias: str = "", **changes: object) -> dict:
    alias = alias or f"{uuid.uuid4().hex}.example.com"
    origin = {
        "Id": "bucket",
        "DomainName": "example-com.s3.eu-central-1.amazonaws.com",
        "OriginPath": "/static",
        "OriginAccessControlId": control,
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }
    return {
        "CallerReference": uuid.uuid4().hex,
        "Comment": "a & b <c>",
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": [alias]},
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "bucket",
            "ViewerProtocolPolicy": "redirect-to-https",
            "Compress": True,
            "CachePolicyId": OPTIMIZED,
        },
        "CustomErrorResponses": {"Quantity": 1, "Items": [{"ErrorCode": 403, "ErrorCachingMinTTL": 0}]},
    } | changes


def response_headers() -> dict:
    return {
        "Name": f"headers-{uuid.uuid4().hex[:8]}",
        "CorsConfig": {
            "AccessControlAllowOrigins": {"Quantity": 1, "Items": ["https://www.example.com"]},
            "AccessControlAllowHeaders": {"Quantity": 1, "Items": ["*"]},
            "AccessControlAllowMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
            "AccessControlAllowCredentials": False,
            "OriginOverride": True,
        },
        "SecurityHeadersConfig": {
            "ContentSecurityPolicy": {"Override": True, "ContentSecurityPolicy": "default-src 'none'; sandbox"}
        },
    }


def cache_policy() -> dict:
    return {
        "Name": f"cache-{uuid.uuid4().hex[:8]}",
        "MinTTL": 0,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": True,
            "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": {"Quantity": 1, "Items": ["Origin"]}},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
    }


def code(call, **params: object) -> tuple[int, str]:
    """Status and code of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_a_distribution_is_read_back_exactly_as_it_was_sent(cloudfront: BaseClient, control: str):
    sent = distribution(control)
    made = cloudfront.create_distribution(DistributionConfig=sent)
    found = cloudfront.get_distribution_config(Id=made["Distribution"]["Id"])
    assert found["DistributionConfig"] == sent
    assert found["ETag"] == made["ETag"]


def test_a_distribution_over_the_wire_has_cloudfronts_own_form(aws: LocalAws, cloudfront: BaseClient, control: str):
    made = cloudfront.create_distribution(DistributionConfig=distribution(control))
    answer = ask("GET", f"{aws.control_url}/2020-05-31/distribution/{made['Distribution']['Id']}/config")
    assert (answer.status, answer.headers["ETag"]) == (200, made["ETag"])
    root = ElementTree.fromstring(answer.body)
    assert root.tag == f"{{{NAMESPACE}}}DistributionConfig"
    found = root.findtext("{*}Origins/{*}Items/{*}Origin/{*}OriginAccessControlId")
    assert found == control


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("origin_access_control", access_control),
        ("response_headers_policy", response_headers),
        ("cache_policy", cache_policy),
    ],
)
def test_what_a_distribution_refers_to_is_kept_updated_and_deleted(cloudfront: BaseClient, kind: str, config):
    member = "".join(word.title() for word in kind.split("_"))
    sent = config()
    made = getattr(cloudfront, f"create_{kind}")(**{f"{member}Config": sent})
    found = getattr(cloudfront, f"get_{kind}_config")(Id=made[member]["Id"])
    assert (found[f"{member}Config"], found["ETag"]) == (sent, made["ETag"])
    params = {f"{member}Config": sent, "Id": made[member]["Id"]}
    assert code(getattr(cloudfront, f"create_{kind}"), **{f"{member}Config": sent}) == (409, f"{member}AlreadyExists")
    changed = getattr(cloudfront, f"update_{kind}")(**params, IfMatch=made["ETag"])
    assert changed["ETag"] != made["ETag"]
    assert code(getattr(cloudfront, f"update_{kind}"), **params, IfMatch=made["ETag"]) == (412, "PreconditionFailed")
    getattr(cloudfront, f"delete_{kind}")(Id=made[member]["Id"], IfMatch=changed["ETag"])
    assert code(getattr(cloudfront, f"get_{kind}"), Id=made[member]["Id"]) == (404, f"NoSuch{member}")


@pytest.mark.parametrize(
    ("sent", "if_match", "expected"),
    [
        (True, None, (400, "InvalidIfMatchVersion")),
        (True, "E-never-given", (400, "InvalidIfMatchVersion")),
        (False, None, (412, "PreconditionFailed")),
    ],
)
def test_a_wrong_if_match_changes_nothing(
    cloudfront: BaseClient, control: str, sent: bool, if_match: str | None, expected: tuple[int, str]
):
    config = distribution(control)
    made = cloudfront.create_distribution(DistributionConfig=config)
    name, old = made["Distribution"]["Id"], made["ETag"]
    cloudfront.update_distribution(Id=name, DistributionConfig=config, IfMatch=old)
    header = {} if sent and if_match is None else {"IfMatch": if_match or old}
    changed = config | {"Comment": "changed"}
    assert code(cloudfront.update_distribution, Id=name, DistributionConfig=changed, **header) == expected
    assert cloudfront.get_distribution_config(Id=name)["DistributionConfig"] == config


def test_an_alias_belongs_to_one_distribution(cloudfront: BaseClient, control: str):
    first = cloudfront.create_distribution(DistributionConfig=distribution(control, "taken.example.com"))
    expected = (409, "CNAMEAlreadyExists")
    assert code(cloudfront.create_distribution, DistributionConfig=distribution(control, "taken.example.com")) == (
        expected
    )
    config = distribution(control)
    second = cloudfront.create_distribution(DistributionConfig=config)
    config["Aliases"] = {"Quantity": 1, "Items": ["taken.example.com"]}
    changed = {"Id": second["Distribution"]["Id"], "IfMatch": second["ETag"], "DistributionConfig": config}
    assert code(cloudfront.update_distribution, **changed) == expected
    assert first["Distribution"]["Id"] != second["Distribution"]["Id"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Aliases": {"Quantity": 2, "Items": ["one.example.com"]}}, (400, "InconsistentQuantities")),
        ({"HttpVersion": "http9"}, (400, "MalformedInput")),
        ({"Origins": None}, (400, "MalformedInput")),
        (
            {"ViewerCertificate": {"ACMCertificateArn": "arn:aws:acm:eu-central-1:1:certificate/x"}},
            (400, "InvalidViewerCertificate"),
        ),
    ],
)
def test_a_distribution_out_of_shape_is_rejected(
    cloudfront: BaseClient, control: str, change: dict, expected: tuple[int, str]
):
    config = {name: value for name, value in (distribution(control) | change).items() if value is not None}
    assert code(cloudfront.create_distribution, DistributionConfig=config) == expected


@pytest.mark.parametrize(
    ("member", "value", "expected"),
    [
        ("CachePolicyId", "no-such", (404, "NoSuchCachePolicy")),
        ("ResponseHeadersPolicyId", "no-such", (404, "NoSuchResponseHeadersPolicy")),
        ("TargetOriginId", "no-such", (404, "NoSuchOrigin")),
    ],
)
def test_a_distribution_refers_to_what_exists(
    cloudfront: BaseClient, control: str, member: str, value: str, expected: tuple[int, str]
):
    config = distribution(control)
    config["DefaultCacheBehavior"][member] = value
    assert code(cloudfront.create_distribution, DistributionConfig=config) == expected
    assert code(cloudfront.create_distribution, DistributionConfig=distribution("no-such")) == (
        400,
        "InvalidOriginAccessControl",
    )


def test_what_is_in_use_is_not_deleted(cloudfront: BaseClient, control: str):
    cloudfront.create_distribution(DistributionConfig=distribution(control))
    etag = cloudfront.get_origin_access_control(Id=control)["ETag"]
    expected = (409, "OriginAccessControlInUse")
    assert code(cloudfront.delete_origin_access_control, Id=control, IfMatch=etag) == expected


def test_a_distribution_is_disabled_before_it_is_deleted(cloudfront: BaseClient, control: str):
    config = distribution(control)
    made = cloudfront.create_distribution(DistributionConfig=config)
    name = made["Distribution"]["Id"]
    assert code(cloudfront.delete_distribution, Id=name, IfMatch=made["ETag"]) == (409, "DistributionNotDisabled")
    config["Enabled"] = False
    off = cloudfront.update_distribution(Id=name, IfMatch=made["ETag"], DistributionConfig=config)
    cloudfront.delete_distribution(Id=name, IfMatch=off["ETag"])
    assert code(cloudfront.get_distribution, Id=name) == (404, "NoSuchDistribution")


def test_the_managed_cache_policy_can_be_read_and_not_changed(cloudfront: BaseClient):
    found = cloudfront.get_cache_policy(Id=OPTIMIZED)
    config = found["CachePolicy"]["CachePolicyConfig"]
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    assert (config["MinTTL"], config["DefaultTTL"], config["MaxTTL"]) == (1, 86400, 31536000)
    assert key["EnableAcceptEncodingGzip"] and key["EnableAcceptEncodingBrotli"]
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    changed = {"Id": OPTIMIZED, "IfMatch": found["ETag"], "CachePolicyConfig": config}
    assert code(cloudfront.update_cache_policy, **changed) == (403, "AccessDenied")
    managed = cloudfront.list_cache_policies(Type="managed")["CachePolicyList"]["Items"]
    assert OPTIMIZED in [item["CachePolicy"]["Id"] for item in managed]


def test_the_managed_origin_request_policy_passes_a_preflights_headers(cloudfront: BaseClient):
    config = cloudfront.get_origin_request_policy_config(Id=PREFLIGHT_POLICY)["OriginRequestPolicyConfig"]
    assert set(config["HeadersConfig"]["Headers"]["Items"]) == {
        "origin",
        "access-control-request-headers",
        "access-control-request-method",
    }
    assert config["QueryStringsConfig"] == {"QueryStringBehavior": "none"}


def test_distributions_are_listed_page_by_page(cloudfront: BaseClient, control: str):
    made = {
        cloudfront.create_distribution(DistributionConfig=distribution(control))["Distribution"]["Id"] for _ in range(3)
    }
    listed = [
        item["Id"]
        for page in cloudfront.get_paginator("list_distributions").paginate(PaginationConfig={"PageSize": 2})
        for item in page["DistributionList"].get("Items", [])
    ]
    assert made <= set(listed)
    assert len(listed) == len(set(listed))


def test_tags_and_invalidations_are_kept(cloudfront: BaseClient, control: str):
    both = {"DistributionConfig": distribution(control), "Tags": {"Items": [{"Key": "a", "Value": "b"}]}}
    made = cloudfront.create_distribution_with_tags(DistributionConfigWithTags=both)["Distribution"]
    assert cloudfront.list_tags_for_resource(Resource=made["ARN"])["Tags"]["Items"] == both["Tags"]["Items"]
    batch = {"CallerReference": "1", "Paths": {"Quantity": 2, "Items": ["/a.css", "/b/*"]}}
    sent = cloudfront.create_invalidation(DistributionId=made["Id"], InvalidationBatch=batch)["Invalidation"]
    found = cloudfront.get_invalidation(DistributionId=made["Id"], Id=sent["Id"])["Invalidation"]
    assert found["InvalidationBatch"] == batch
    (listed,) = cloudfront.list_invalidations(DistributionId=made["Id"])["InvalidationList"]["Items"]
    assert listed["Id"] == sent["Id"]
    relative = {"CallerReference": "2", "Paths": {"Quantity": 1, "Items": ["a.css"]}}
    rejected = code(cloudfront.create_invalidation, DistributionId=made["Id"], InvalidationBatch=relative)
    assert rejected == (400, "InvalidArgument")


@pytest.mark.parametrize(
    "body",
    [
        b"<OriginAccessControlConfig><Name>n</Name>",
        b"",
        b"<OriginAccessControlConfig><Name>n</Name></OriginAccessControlConfig>",
        b"<OriginAccessControlConfig><Name>n</Name><SigningProtocol>sigv4</SigningProtocol>"
        b"<SigningBehavior>always</SigningBehavior><Typo>1</Typo>"
        b"<OriginAccessControlOriginType>s3</OriginAccessControlOriginType></OriginAccessControlConfig>",
    ],
    ids=["cut short", "empty", "members missing", "unknown member"],
)
def test_a_body_out_of_shape_is_rejected_over_the_wire(aws: LocalAws, body: bytes):
    url = f"{aws.control_url}/2020-05-31/origin-access-control"
    answer = ask("POST", url, body, Content_Type="text/xml")
    assert (answer.status, answer.code) == (400, "MalformedInput")


def test_moto_answers_the_other_services(calls: Calls):
    assert calls.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert "CertificateSummaryList" in calls.client("acm").list_certificates()
    assert "HostedZones" in calls.client("route53").list_hosted_zones()
    assert "Users" in calls.client("iam").list_users()
