"""Provisioning against the stand-in, over http."""

import json
import uuid
from dataclasses import replace

import pytest

from rehearsal.aws import LocalAws
from slipway.tool import providers
from slipway.tool.cdn import cloudfront
from slipway.tool.providers import cloudfront as cloudfront_provider
from slipway.web.errors import SlipwayError
from tests.integration.aws.conftest import Calls
from tests.unit.aws.sites import ExampleSite

pytestmark = pytest.mark.usefixtures("account")


@pytest.fixture(scope="module")
def provisioned(aws: LocalAws) -> ExampleSite:
    """A provisioned site, for tests that break it and have it repaired."""
    name = f"site-{uuid.uuid4().hex[:12]}"
    made = ExampleSite(name=name, scheme="http", domain=f"{name}.example.com")
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in aws.env.items():
            patch.setenv(variable, value)
        cloudfront.provision(made)
    return made


def test_a_site_is_provisioned_whole(site: ExampleSite):
    done = cloudfront.provision(site)
    described = cloudfront.describe(site)
    assert [host.alias for host in done.hosts] == [f"static.{site.domain}", f"media.{site.domain}"]
    assert [described[kind]["distribution_id"] for kind in ("static", "media")] == [
        host.distribution_id for host in done.hosts
    ]
    for kind, path, name in (("static", "/static", site.bucket), ("media", "/media/public", site.media_bucket)):
        bucket = described[kind]["bucket"]
        assert bucket["name"] == name
        assert set(bucket["public_access_block"].values()) == {True}
        assert bucket["ownership"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        assert bucket["cors"]["CORSRules"][0]["AllowedOrigins"] == [site.site_url]
        assert bucket["tags"] == {"slipway-site": site.name}
        config = described[kind]["config"]
        assert config["Origins"]["Items"][0]["OriginPath"] == path
        assert described[kind]["origin_access_control"]["SigningBehavior"] == "always"
        assert described[kind]["cache_policy"]["Name"] == "Managed-CachingOptimized"
    assert described["media"]["bucket"]["versioning"] == {"Status": "Enabled"}
    assert len(described["media"]["bucket"]["lifecycle"]["Rules"]) == 3
    json.dumps(described)


def test_each_bucket_policy_names_the_distribution_that_was_made(site: ExampleSite):
    done = cloudfront.provision(site)
    described = cloudfront.describe(site)
    for host in done.hosts:
        statements = described[host.kind]["bucket"]["policy"]["Statement"]
        assert {s["Condition"]["StringEquals"]["AWS:SourceArn"] for s in statements} == {host.arn}


def test_a_second_run_changes_nothing_and_says_so(site: ExampleSite, calls: Calls):
    first = cloudfront.provision(site)
    before = _etags(calls, first)
    second = cloudfront.provision(site)
    assert first.changes
    assert second.changes == ()
    assert second.hosts == first.hosts
    assert _etags(calls, second) == before


def test_nothing_is_there_before_the_first_run(site: ExampleSite):
    assert cloudfront.describe(site) == {
        kind: {"bucket": None, "url": url, "distribution_id": None}
        for kind, url in (("static", site.static_url), ("media", site.media_url))
    }


def _switch_compression_off(config: dict) -> None:
    config["DefaultCacheBehavior"]["Compress"] = False


def _drop_access_control(config: dict) -> None:
    config["Origins"]["Items"][0]["OriginAccessControlId"] = ""


def _drop_headers_policy(config: dict) -> None:
    del config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]


def _keep_errors(config: dict) -> None:
    config["CustomErrorResponses"]["Items"][0]["ErrorCachingMinTTL"] = 300


def _move_origin(config: dict) -> None:
    config["Origins"]["Items"][0]["DomainName"] = "www.example.com"


@pytest.mark.parametrize(
    ("drift", "named"),
    [
        (_switch_compression_off, "DefaultCacheBehavior.Compress is False, should be True"),
        (_drop_access_control, "Origins.Items[bucket].OriginAccessControlId is ''"),
        (_drop_headers_policy, "DefaultCacheBehavior.ResponseHeadersPolicyId is absent"),
        (_keep_errors, "CustomErrorResponses.Items[403].ErrorCachingMinTTL is 300, should be 0"),
        (_move_origin, "Origins.Items[bucket].DomainName is 'www.example.com'"),
    ],
)
def test_a_drifted_distribution_is_repaired_and_the_field_named(
    calls: Calls, provisioned: ExampleSite, drift, named: str
):
    wanted = cloudfront.describe(provisioned)
    client, identifier = calls.client("cloudfront"), wanted["static"]["distribution_id"]
    found = client.get_distribution_config(Id=identifier)
    drift(found["DistributionConfig"])
    client.update_distribution(Id=identifier, IfMatch=found["ETag"], DistributionConfig=found["DistributionConfig"])
    (change,) = cloudfront.provision(provisioned).changes
    assert change.startswith("change static distribution: ")
    assert named in change
    assert cloudfront.describe(provisioned) == wanted


def test_what_aws_or_a_person_added_to_a_distribution_stays(calls: Calls, site: ExampleSite):
    done = cloudfront.provision(site)
    client, identifier = calls.client("cloudfront"), done.hosts[0].distribution_id
    found = client.get_distribution_config(Id=identifier)
    config = found["DistributionConfig"] | {"WebACLId": "arn:aws:wafv2:us-east-1:1:global/webacl/a/b"}
    client.update_distribution(Id=identifier, IfMatch=found["ETag"], DistributionConfig=config)
    assert cloudfront.provision(site).changes == ()
    assert client.get_distribution_config(Id=identifier)["DistributionConfig"] == config


@pytest.mark.parametrize(
    ("call", "named"),
    [
        ("delete_public_access_block", "public access block"),
        ("delete_bucket_cors", "cors"),
        ("delete_bucket_lifecycle", "lifecycle"),
        ("delete_bucket_policy", "policy"),
    ],
)
def test_a_drifted_bucket_is_repaired_and_the_part_named(calls: Calls, provisioned: ExampleSite, call: str, named: str):
    wanted = cloudfront.describe(provisioned)
    getattr(calls.client("s3"), call)(Bucket=provisioned.bucket)
    (planned,) = cloudfront.provision(provisioned, dry=True).changes
    assert cloudfront.describe(provisioned) != wanted
    (change,) = cloudfront.provision(provisioned).changes
    assert change == planned
    assert change.startswith(f"create bucket {provisioned.bucket}: {named}")
    assert cloudfront.describe(provisioned) == wanted


def test_what_closes_a_bucket_to_the_cdn_or_opens_it_to_others_is_repaired(calls: Calls, provisioned: ExampleSite):
    s3, bucket = calls.client("s3"), provisioned.bucket
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    owner = s3.get_bucket_acl(Bucket=bucket)
    everybody = {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    grants = [*owner["Grants"], {"Grantee": everybody, "Permission": "READ"}]
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy={"Owner": owner["Owner"], "Grants": grants})
    assert cloudfront.provision(provisioned).changes == (
        f"change bucket {bucket}: ACL gives READ to global/AllUsers, should give nothing to others",
        f"change bucket {bucket}: website is there, should not be: the bucket is private",
        f"change bucket {bucket}: requester pays, should not: nobody who reads it would",
    )
    assert cloudfront.provision(provisioned).changes == ()


def test_what_may_be_the_owners_wish_is_named_and_left(calls: Calls, provisioned: ExampleSite):
    s3, bucket = calls.client("s3"), provisioned.bucket
    role, copies = "arn:aws:iam::123456789012:role/copies", "arn:aws:s3:::copies"
    rule = {"ID": "r", "Priority": 1, "Filter": {}, "Status": "Enabled", "Destination": {"Bucket": copies}}
    rule |= {"DeleteMarkerReplication": {"Status": "Disabled"}}
    s3.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": role, "Rules": [rule]})
    s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}, SkipDestinationValidation=True
    )
    s3.put_bucket_logging(
        Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": ""}}
    )
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    done = cloudfront.provision(provisioned)
    assert done.changes == ()
    notes = "\n".join(note for note in done.notes if note.startswith(f"bucket {bucket}: "))
    assert "replication copies its objects to arn:aws:s3:::copies" in notes
    for words in ("notifications (EventBridge", "acceleration", "object lock", "access logs go to logs", "versioning"):
        assert words in notes


def test_a_changed_headers_policy_is_repaired(calls: Calls, provisioned: ExampleSite):
    client = calls.client("cloudfront")
    config = cloudfront.describe(provisioned)["static"]["config"]
    identifier = config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
    found = client.get_response_headers_policy_config(Id=identifier)
    changed = found["ResponseHeadersPolicyConfig"]
    changed["CorsConfig"]["AccessControlAllowOrigins"]["Items"] = ["https://evil.example"]
    client.update_response_headers_policy(Id=identifier, IfMatch=found["ETag"], ResponseHeadersPolicyConfig=changed)
    (change,) = cloudfront.provision(provisioned).changes
    assert "CorsConfig.AccessControlAllowOrigins.Items is ['https://evil.example']" in change


def test_us_east_1_is_not_named_as_a_location(account: LocalAws, calls: Calls, site: ExampleSite):
    cloudfront.provision(replace(site, region="us-east-1"))
    assert calls.client("s3").head_bucket(Bucket=site.bucket)


def test_a_bucket_that_holds_a_strangers_objects_is_left_alone(calls: Calls, site: ExampleSite):
    s3 = calls.client("s3")
    s3.create_bucket(Bucket=site.bucket, CreateBucketConfiguration={"LocationConstraint": site.region})
    s3.put_object(Bucket=site.bucket, Key="theirs", Body=b"")
    with pytest.raises(SlipwayError, match=f"bucket {site.bucket} is not ours: it holds objects"):
        cloudfront.provision(site)
    assert "Status" not in s3.get_bucket_versioning(Bucket=site.bucket)


def test_an_alias_of_somebody_elses_distribution_is_left_alone(calls: Calls, site: ExampleSite):
    done = cloudfront.provision(site)
    client = calls.client("cloudfront")
    client.untag_resource(Resource=done.hosts[0].arn, TagKeys={"Items": ["slipway-site"]})
    with pytest.raises(SlipwayError, match=f"static.{site.domain} already belongs to distribution"):
        cloudfront.provision(site)


def test_access_denied_names_service_action_and_resource(
    account: LocalAws, monkeypatch: pytest.MonkeyPatch, site: ExampleSite
):
    for name, value in account.env_of("web").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SlipwayError, match=f"^access denied for s3:ListBucket on bucket {site.bucket}; .*$"):
        cloudfront.provision(site)


def test_an_unreachable_endpoint_is_one_line(monkeypatch: pytest.MonkeyPatch, site: ExampleSite):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(SlipwayError, match=f"s3 request about bucket {site.bucket} failed") as caught:
        cloudfront.provision(site)
    assert "\n" not in str(caught.value)


def test_missing_credentials_are_one_line(monkeypatch: pytest.MonkeyPatch, site: ExampleSite):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(SlipwayError, match="no AWS credentials; set AWS_ACCESS_KEY_ID"):
        cloudfront.provision(site)


def test_a_purge_reaches_the_host_that_each_path_names(calls: Calls, site: ExampleSite):
    done = cloudfront.provision(site)
    made = _purge(site, ["/favicon.ico", f"{site.media_url}/photo/*", f"{site.static_url}/robots.txt"])
    client = calls.client("cloudfront")
    paths = [
        client.get_invalidation(DistributionId=host.distribution_id, Id=identifier)["Invalidation"][
            "InvalidationBatch"
        ]["Paths"]["Items"]
        for host, identifier in zip(done.hosts, made, strict=True)
    ]
    assert paths == [["/favicon.ico", "/robots.txt"], ["/photo/*"]]


def test_a_purge_of_a_strange_url_or_host_says_what_to_give(site: ExampleSite):
    with pytest.raises(SlipwayError, match="give a path like /favicon\\.ico, or a URL on"):
        _purge(site, ["https://elsewhere.example/a"])
    with pytest.raises(SlipwayError, match=f"no distribution answers to static.{site.domain}"):
        _purge(site, ["/favicon.ico"])


def _purge(site: ExampleSite, paths: list[str]) -> list[str]:
    """The invalidations' ids, by the way of `make purge`."""
    lines = cloudfront_provider.purge(site, {}, providers.targets(site, paths))
    return [line.split()[1] for line in lines]


def _etags(calls: Calls, done: cloudfront.Provisioned) -> list[str]:
    client = calls.client("cloudfront")
    return [client.get_distribution(Id=host.distribution_id)["ETag"] for host in done.hosts]
