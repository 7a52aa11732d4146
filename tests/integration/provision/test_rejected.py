"""Errors of AWS, and missing responses: one line with the call, the resource and the fix."""

from collections.abc import Callable

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from slipway.tool import config
from slipway.tool.cdn import certificate, cloudfront
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError
from tests.integration.provision.conftest import REGION, Cloud


def error_of(site: config.Site, secrets: Secrets | None = None) -> str:
    with pytest.raises(SlipwayError) as caught:
        cloudfront.provision(site, secrets)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Lets one operation answer with an error of this code."""

    def let(operation: str, code: str) -> None:
        call = BaseClient._make_api_call

        def make(client: BaseClient, asked: str, params: dict) -> dict:
            if asked == operation:
                raise ClientError({"Error": {"Code": code, "Message": "AWS's own words"}}, operation)
            return call(client, asked, params)

        monkeypatch.setattr(BaseClient, "_make_api_call", make)

    return let


@pytest.mark.parametrize(
    ("operation", "code", "line"),
    [
        (
            "CreateBucket",
            "BucketAlreadyExists",
            "s3:CreateBucket on bucket example-com failed: BucketAlreadyExists: AWS's own words; "
            "another account has this name; choose another in site.yml",
        ),
        (
            "HeadBucket",
            "403",
            "access denied for s3:ListBucket on bucket example-com; allow it to these credentials, or name another "
            "`bucket` in site.yml: this one may be a stranger's",
        ),
        (
            "ListHostedZones",
            "InvalidClientTokenId",
            "route53:ListHostedZones on hosted zones failed: InvalidClientTokenId: AWS's own words; this access "
            "key does not exist; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        ),
        (
            "ListHostedZones",
            "SignatureDoesNotMatch",
            "route53:ListHostedZones on hosted zones failed: SignatureDoesNotMatch: the secret does not fit the access "
            "key, or this machine's clock is wrong; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
        ),
        (
            "CreateDistributionWithTags",
            "CNAMEAlreadyExists",
            "cloudfront:CreateDistributionWithTags on static distribution static.example.com failed: "
            "CNAMEAlreadyExists: AWS's own words; another distribution, of this or another account, has this alias; "
            "remove it there",
        ),
        (
            "CreateOriginAccessControl",
            "Throttling",
            "cloudfront:CreateOriginAccessControl on origin access control example-com failed: Throttling: AWS's own "
            "words; too many requests at once; wait a minute and run it again: it goes on from here",
        ),
        (
            "RequestCertificate",
            "AccessDeniedException",
            "access denied for acm:RequestCertificate and acm:AddTagsToCertificate on a certificate for "
            "static.example.com and media.example.com: AWS's own words; allow it to these credentials",
        ),
        (
            "CreateUser",
            "SomethingNew",
            "iam:CreateUser on user example-com-deployer failed: SomethingNew: AWS's own words",
        ),
    ],
)
def test_a_rejected_call_is_one_line_and_a_rerun_goes_on(
    cloud: Cloud, site: config.Site, answer, monkeypatch: pytest.MonkeyPatch, operation: str, code: str, line: str
):
    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", BaseClient._make_api_call)
        answer(operation, code)
        assert error_of(site, Secrets.load(site)) == line


def test_without_credentials(cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert error_of(site) == ("no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE")


def test_with_half_of_the_credentials(cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert error_of(site).startswith("incomplete AWS credentials: ")


def test_with_a_profile_that_is_not_there(cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "missing")
    assert error_of(site) == (
        "incomplete AWS credentials: The config profile (missing) could not be found; "
        "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    )


def test_where_nobody_answers(cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("slipway.tool.aws.identity.SETTINGS", {})
    assert error_of(site).endswith("; check the network, and `region` and `endpoint` in site.yml")


def test_a_certificate_of_another_region_stops_it(cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch):
    elsewhere = property(lambda account: account._client("acm", REGION))
    monkeypatch.setattr("slipway.tool.cdn.account.Account.acm", elsewhere)
    assert error_of(site) == (
        "cloudfront:CreateDistributionWithTags on static distribution static.example.com failed: "
        "400 InvalidViewerCertificate: The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't "
        "valid, or doesn't include a valid certificate chain; the certificate must be issued, in us-east-1, and "
        "name the host"
    )
    assert "distributions" not in cloud.inventory()


def test_a_bucket_of_ours_in_another_region(cloud: Cloud, write_site):
    cloudfront.provision(write_site())
    moved = write_site("bucket: example-com\n")
    (moved.path).write_text(moved.path.read_text().replace(REGION, "eu-north-1"))
    assert error_of(config.load(moved.path)) == (
        f"bucket example-com is in {REGION}, and site.yml says eu-north-1; correct `region`, or name another `bucket`"
    )


def test_a_certificate_that_is_never_validated_names_the_records(
    cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", 3600)
    monkeypatch.setattr(certificate, "ISSUED_WITHIN", 0)
    line = error_of(site)
    assert "is not issued yet: check that these DNS records resolve, and run it again: _" in line
    assert " CNAME " in line


def test_a_zone_that_the_domain_does_not_use_is_suspected(
    cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch
):
    cloud.add_zone("example.com")
    monkeypatch.setattr("moto.settings.ACM_VALIDATION_WAIT", 3600)
    monkeypatch.setattr(certificate, "ISSUED_WITHIN", 0)
    assert "that the domain's name servers are ns" in error_of(site)


def test_a_host_that_resolves_elsewhere_already_is_left_to_a_person(cloud: Cloud, site: config.Site):
    zone = cloud.add_zone("example.com")
    old = {"Name": "static.example.com", "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": "cdn.example.net"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": old}]}
    cloud.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    assert error_of(site) == (
        "static.example.com resolves to cdn.example.net already (CNAME in zone example.com); "
        "delete that record, or give the CDN another host in site.yml"
    )


def test_a_user_of_somebody_else_is_left_alone(cloud: Cloud, site: config.Site):
    cloud.client("iam").create_user(UserName="example-com-web")
    assert error_of(site, Secrets.load(site)).startswith("user example-com-web is not ours; ")
