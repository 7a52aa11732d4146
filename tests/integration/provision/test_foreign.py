"""What somebody else made is neither changed nor destroyed, whatever it is called."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from slipway.tool import config
from slipway.tool.cdn import certificate, cloudfront
from slipway.tool.cdn.destroy import destroy
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError
from tests.integration.provision.conftest import Cloud, certificates
from tests.integration.provision.test_whole import WHOLE

SIGNED = {"SigningProtocol": "sigv4", "SigningBehavior": "never", "OriginAccessControlOriginType": "s3"}
PROVIDER = "https://token.actions.githubusercontent.com"


def provision(site: config.Site, **options) -> cloudfront.Provisioned:
    return cloudfront.provision(site, Secrets.load(site), **options)


def access_control(cloud: Cloud) -> None:
    theirs = {"Name": "example-com", "Description": "theirs", **SIGNED}
    cloud.client("cloudfront").create_origin_access_control(OriginAccessControlConfig=theirs)


def headers_policy(cloud: Cloud) -> None:
    theirs = {"Name": "example-com-media", "Comment": "theirs"}
    cloud.client("cloudfront").create_response_headers_policy(ResponseHeadersPolicyConfig=theirs)


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize(
    ("kind", "make", "named"),
    [
        ("OriginAccessControl", access_control, "origin access control example-com (E"),
        ("ResponseHeadersPolicy", headers_policy, "response headers policy example-com-media ("),
    ],
)
def test_what_has_our_name_and_no_tags_is_known_by_its_comment(
    cloud: Cloud, site: config.Site, kind: str, make: Callable[[Cloud], None], named: str
):
    make(cloud)
    before = copy.deepcopy({one.id: one.config for one in cloud.plane.cloudfront.resources[kind].values()})
    for work in (lambda: provision(site, dry=True), lambda: provision(site)):
        with pytest.raises(SlipwayError) as caught:
            work()
        assert str(caught.value).startswith(named)
        assert "is not ours; rename or delete it, or begin its description with slipway-site=example-com" in str(
            caught.value
        )
    notes = destroy(site, Secrets.load(site), media=True, backup=True).notes
    assert [note for note in notes if note.endswith("stays, it is not ours")]
    kept = cloud.plane.cloudfront.resources[kind]
    assert {one: kept[one].config for one in before} == before


def test_ours_is_ours_with_another_description_too(cloud: Cloud, site: config.Site):
    provision(site)
    for one in cloud.plane.cloudfront.resources["OriginAccessControl"].values():
        one.config["Description"] = "edited"
    (line,) = provision(site).changes
    assert line.startswith("change origin access control example-com: Description is 'edited'")
    for one in cloud.plane.cloudfront.resources["OriginAccessControl"].values():
        one.config["Description"] = "edited"
    destroy(site, Secrets.load(site), media=True, backup=True)
    assert cloud.inventory() == {}


@pytest.mark.parametrize("held", ["policy", "tags", "version"])
def test_a_bucket_with_anything_of_somebody_is_not_taken(cloud: Cloud, site: config.Site, held: str):
    s3, bucket, cloud.plane.awkward = cloud.client("s3"), "example-com", None
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": site.region})
    if held == "policy":
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    elif held == "tags":
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "team", "Value": "theirs"}]})
    else:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=bucket, Key="theirs", Body=b"")
        s3.delete_object(Bucket=bucket, Key="theirs")
    with pytest.raises(SlipwayError, match="bucket example-com is not ours: it h"):
        provision(site)
    destroy(site, Secrets.load(site), media=True, backup=True)
    assert "example-com" in cloud.inventory()["buckets"]


@pytest.mark.usefixtures("calm")
def test_the_provider_that_another_role_needs_stays(cloud: Cloud, write_site):
    site, iam = write_site("github: owner/name\n"), cloud.client("iam")
    provision(site)
    (arn,) = cloud.inventory()["providers"]
    trust = iam.get_role(RoleName="example-com-deployer")["Role"]["AssumeRolePolicyDocument"]
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(trust))
    notes = destroy(site, Secrets.load(site), media=True, backup=True).notes
    assert notes == ("OIDC provider token.actions.githubusercontent.com stays, other roles need it: other",)
    assert cloud.inventory() == {"providers": [arn], "roles": ["other"]}


@pytest.mark.usefixtures("calm")
def test_a_provider_without_the_audience_is_named_or_where_it_is_ours_repaired(cloud: Cloud, write_site):
    site, iam = write_site("github: owner/name\n"), cloud.client("iam")
    made = iam.create_open_id_connect_provider(Url=PROVIDER, ClientIDList=["theirs"])
    (problem,) = provision(site).problems
    assert "is not ours and has no audience sts.amazonaws.com" in problem
    arn = {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    assert iam.get_open_id_connect_provider(**arn)["ClientIDList"] == ["theirs"]
    iam.tag_open_id_connect_provider(**arn, Tags=[{"Key": "slipway-site", "Value": "example-com"}])
    # moto does not know the call that adds one.
    done = provision(site, dry=True)
    assert done.changes == (
        "change OIDC provider token.actions.githubusercontent.com: audience sts.amazonaws.com is missing",
    )
    assert done.problems == ()


def test_a_certificate_of_somebody_is_used_and_its_records_are_left(cloud: Cloud, site: config.Site):
    zone, acm, route53 = cloud.add_zone("example.com"), cloud.client("acm"), cloud.client("route53")
    cloud.plane.awkward = None
    names = {"DomainName": "static.example.com", "SubjectAlternativeNames": ["*.example.com"]}
    arn = acm.request_certificate(**names, ValidationMethod="DNS")["CertificateArn"]
    acm.describe_certificate(CertificateArn=arn)
    record = acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"][0]["ResourceRecord"]
    value = [{"Value": record["Value"]}]
    theirs = {"Name": record["Name"], "Type": "CNAME", "TTL": 86_400, "ResourceRecords": value}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": theirs}]}
    )
    done = provision(site)
    assert not [line for line in done.changes if "certificate" in line or "CNAME" in line]
    destroy(site, Secrets.load(site), media=True, backup=True)
    assert cloud.inventory()["certificates"] == ["static.example.com"]
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [one["TTL"] for one in records if one["Type"] == "CNAME"] == [86_400]


def test_a_cname_that_we_asked_for_becomes_an_alias_when_the_zone_moves_here(cloud: Cloud, site: config.Site):
    domains = {host.alias: host.domain for host in provision(site).hosts}
    zone, route53 = cloud.add_zone("example.com"), cloud.client("route53")
    for alias, domain in domains.items():
        held = {"Name": alias, "Type": "CNAME", "TTL": 3600, "ResourceRecords": [{"Value": domain.upper()}]}
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": held}]}
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    changes = provision(site).changes
    for alias, domain in domains.items():
        assert f"change record {alias} CNAME: it becomes A and AAAA of {domain}" in changes
    records = cloud.inventory()["records"]
    assert [one for one in records if not one.startswith("_")] == sorted(
        f"{alias}. {kind}" for alias in domains for kind in ("A", "AAAA")
    )
    assert provision(site, dry=True).changes == ()


def described(name: str, **more: object) -> dict:
    until = datetime.now(UTC) + timedelta(days=200)
    return {"CertificateArn": name, "DomainName": "*.example.com", "NotAfter": until, "Status": "ISSUED", **more}


@pytest.mark.parametrize(
    ("key_type", "is_taken"),
    [("RSA-2048", True), ("RSA_4096", True), ("EC_prime256v1", True), ("EC_secp384r1", False), ("EC_secp521r1", False)],
)
def test_only_keys_that_cloudfront_takes_are_picked(
    cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch, key_type: str, is_taken: bool
):
    account = cloudfront.Account(site.region)
    answers = {
        "list_certificates": {"CertificateSummaryList": [{"CertificateArn": "theirs"}]},
        "describe_certificate": {"Certificate": described("theirs", KeyAlgorithm=key_type)},
    }
    monkeypatch.setattr(account, "call", lambda client, operation, *more, **params: answers[operation])
    assert certificate.find_certificate(account, site) == ("theirs" if is_taken else None)


def test_somebodys_certificate_that_waits_for_an_email_stops_nothing(cloud: Cloud, site: config.Site):
    cloud.plane.awkward = None
    names = {"DomainName": "static.example.com", "SubjectAlternativeNames": ["media.example.com"]}
    cloud.client("acm").request_certificate(**names, ValidationMethod="EMAIL")
    for one in certificates():
        # Nobody answers the e-mail.
        one.created_at += timedelta(days=1)
    provision(site)
    assert cloud.inventory()["certificates"] == ["static.example.com"] * 2


def test_a_domain_longer_than_iam_allows_is_shortened(cloud: Cloud, write_site):
    site = write_site()
    site.path.write_text(site.path.read_text().replace("example.com", f"{'a' * 44}.example.com"))
    site.path.write_text(site.path.read_text() + "bucket: short\nmedia_bucket: short-media\n")
    long = config.load(site.path)
    provision(long)
    users = cloud.inventory()["users"]
    lengths = {one.rpartition("-")[2]: len(one) for one in users}
    assert lengths == {"backup": 63, "deployer": 64, "pruner": 63, "restorer": 64, "web": 60}
    assert provision(long, dry=True).changes == ()
    destroy(long, Secrets.load(long), media=True, backup=True)
    assert cloud.inventory() == {}


def test_a_site_beside_ours_loses_nothing(cloud: Cloud, site: config.Site, tmp_path):
    (tmp_path / "other").mkdir()
    other_file = tmp_path / "other" / "site.yml"
    other_file.write_text(site.path.read_text().replace("example.com", "example.org"))
    other = config.load(other_file)
    provision(site)
    cloudfront.provision(other)
    destroy(other, None, media=True, backup=True)
    assert cloud.inventory() == WHOLE
