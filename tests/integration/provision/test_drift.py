"""A change by hand is named, field by field, before it is corrected."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from slipway.tool import config
from slipway.tool.cdn import access_keys, cloudfront
from slipway.tool.cdn.identities import NAMES
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError
from tests.integration.provision.conftest import Cloud
from tests.integration.provision.test_whole import WHOLE

Drift = Callable[[Cloud], object]


def provision(site: config.Site, **options) -> cloudfront.Provisioned:
    return cloudfront.provision(site, Secrets.load(site), **options)


def edit(kind: str, change: Callable[[dict], object]) -> Drift:
    """Changes the configuration of the static distribution, or of what it names, as the console does."""

    def drift(cloud: Cloud) -> None:
        kept = next(one for one in cloud.plane.cloudfront.resources[kind].values() if "media" not in str(one.config))
        change(kept.config)

    return drift


def s3(operation: str, bucket: str = "example-com", **params) -> Drift:
    return lambda cloud: getattr(cloud.client("s3"), operation)(Bucket=bucket, **params)


def iam(operation: str, **params) -> Drift:
    return lambda cloud: getattr(cloud.client("iam"), operation)(**params)


def record(cloud: Cloud) -> None:
    route53 = cloud.client("route53")
    zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
    elsewhere = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": "dother.cloudfront.net.", "EvaluateTargetHealth": False}
    changed = {"Name": "static.example.com.", "Type": "A", "AliasTarget": elsewhere}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": changed}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def public_policy(cloud: Cloud) -> None:
    client = cloud.client("s3")
    document = json.loads(client.get_bucket_policy(Bucket="example-com")["Policy"])
    document["Statement"].append(
        {"Sid": "Everybody", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    )
    client.put_bucket_policy(Bucket="example-com", Policy=json.dumps(document))


def set_in(*path: str | int, to: object) -> Callable[[dict], object]:
    def change(config: dict) -> None:
        node = config
        for name in path[:-1]:
            node = node[name]
        node[path[-1]] = to

    return change


def items(*found: object, **more: object) -> dict:
    return {"Quantity": len(found), "Items": list(found), **more}


def second_origin(config: dict) -> None:
    more = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}
    config["Origins"] = items(*config["Origins"]["Items"], {"Id": "o", "DomainName": "a.b", "CustomOriginConfig": more})
    behavior = config["DefaultCacheBehavior"] | {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all"}
    config["CacheBehaviors"] = items({"PathPattern": "/old/*", **behavior})


def custom_origin(config: dict) -> None:
    origin = config["Origins"]["Items"][0]
    del origin["S3OriginConfig"]
    origin["CustomOriginConfig"] = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}


def legacy_cache(config: dict) -> None:
    behavior = config["DefaultCacheBehavior"]
    del behavior["CachePolicyId"]
    behavior |= {"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}}, "MinTTL": 0}


def expire_all(client) -> None:
    rules = client.get_bucket_lifecycle_configuration(Bucket="example-com-media")["Rules"]
    rules = [one | ({"Expiration": {"Days": 1}} if one["ID"] == "expire-noncurrent" else {}) for one in rules]
    client.put_bucket_lifecycle_configuration(Bucket="example-com-media", LifecycleConfiguration={"Rules": rules})


def expire_backups(client) -> None:
    every = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    soon = {"ID": "expire-noncurrent", "Status": "Enabled", "Filter": {"Prefix": ""}}
    soon["NoncurrentVersionExpiration"] = {"NoncurrentDays": 1}
    rules = {"Rules": [every, soon]}
    client.put_bucket_lifecycle_configuration(Bucket="example-com-backups", LifecycleConfiguration=rules)


def join_group(client) -> None:
    client.create_group(GroupName="admins")
    client.add_user_to_group(GroupName="admins", UserName="example-com-web")


ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
DEFAULT = "ApplyServerSideEncryptionByDefault"
KMS = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:eu-central-1:1:key/k"}
FUNCTION = {"EventType": "viewer-response", "FunctionARN": "arn:aws:cloudfront::1:function/f"}
LOGGING = {"Enabled": True, "IncludeCookies": True, "Bucket": "theirs.s3.amazonaws.com", "Prefix": ""}
BLOCKS = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy"), True)
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"]}]}
DRIFTS = {
    "compression": (
        edit("Distribution", set_in("DefaultCacheBehavior", "Compress", to=False)),
        "change static distribution: DefaultCacheBehavior.Compress is False, should be True",
    ),
    "alias": (
        edit("Distribution", set_in("Aliases", to={"Quantity": 0})),
        "change static distribution: Aliases.Items is absent, should be ['static.example.com']",
    ),
    "switched off": (
        edit("Distribution", set_in("Enabled", to=False)),
        "change static distribution: Enabled is False, should be True",
    ),
    "old TLS": (
        edit("Distribution", set_in("ViewerCertificate", "MinimumProtocolVersion", to="TLSv1")),
        "change static distribution: ViewerCertificate.MinimumProtocolVersion is 'TLSv1', should be 'TLSv1.2_2021'",
    ),
    "price class": (
        edit("Distribution", set_in("PriceClass", to="PriceClass_100")),
        "change static distribution: PriceClass is 'PriceClass_100', should be 'PriceClass_All'",
    ),
    "unsigned reads": (
        edit("OriginAccessControl", set_in("SigningBehavior", to="never")),
        "change origin access control example-com: SigningBehavior is 'never', should be 'always'",
    ),
    "no HSTS": (
        edit("ResponseHeadersPolicy", set_in("SecurityHeadersConfig", "StrictTransportSecurity", to=None)),
        "change response headers policy example-com-static: SecurityHeadersConfig.StrictTransportSecurity is absent",
    ),
    "open block": (
        s3("put_public_access_block", PublicAccessBlockConfiguration=BLOCKS | {"RestrictPublicBuckets": False}),
        "change bucket example-com: public access block: RestrictPublicBuckets is False, should be True",
    ),
    "no versions": (
        s3("put_bucket_versioning", "example-com-media", VersioningConfiguration={"Status": "Suspended"}),
        "change bucket example-com-media: versioning: Status is 'Suspended', should be 'Enabled'",
    ),
    "no lifecycle": (s3("delete_bucket_lifecycle", "example-com-media"), "create bucket example-com-media: lifecycle"),
    "public policy": (
        public_policy,
        "change bucket example-com: policy: Allow s3:GetObject on * for everybody: should not be there",
    ),
    "name": (record, "change record static.example.com A: AliasTarget.DNSName is 'dother.cloudfront.net.', should be"),
    "policy of a user": (
        iam("put_user_policy", UserName="example-com-web", PolicyName="slipway", PolicyDocument=json.dumps(ALL)),
        "change policy of user example-com-web: Allow s3:* on *: should not be there",
    ),
    "signed readers only": (
        edit("Distribution", set_in("DefaultCacheBehavior", "TrustedKeyGroups", to=items("group", Enabled=True))),
        "change static distribution: DefaultCacheBehavior.TrustedKeyGroups.Enabled is True, should be False",
    ),
    "a country": (
        edit("Distribution", set_in("Restrictions", to={"GeoRestriction": items("DE", RestrictionType="blacklist")})),
        "change static distribution: Restrictions.GeoRestriction.RestrictionType is 'blacklist', should be 'none'",
    ),
    "a function at the edge": (
        edit("Distribution", set_in("DefaultCacheBehavior", "FunctionAssociations", to=items(FUNCTION))),
        "change static distribution: DefaultCacheBehavior.FunctionAssociations holds [{'FunctionARN'",
    ),
    "real-time logs": (
        edit("Distribution", set_in("DefaultCacheBehavior", "RealtimeLogConfigArn", to="arn:aws:kinesis::1:a")),
        "change static distribution: DefaultCacheBehavior.RealtimeLogConfigArn is 'arn:aws:kinesis::1:a', should be ab",
    ),
    "logs": (
        edit("Distribution", set_in("Logging", to=LOGGING)),
        "change static distribution: Logging.Enabled is True, should be False",
    ),
    "a behavior that allows http, with an origin of its own": (
        edit("Distribution", second_origin),
        "change static distribution: CacheBehaviors holds [{'PathPattern': '/old/*'",
    ),
    "cache settings from before there were policies": (
        edit("Distribution", legacy_cache),
        "change static distribution: DefaultCacheBehavior.CachePolicyId is absent, should be '658327ea",
    ),
    "the default certificate": (
        edit("Distribution", set_in("ViewerCertificate", to={"CloudFrontDefaultCertificate": True})),
        "change static distribution: ViewerCertificate.CloudFrontDefaultCertificate is True, should be False",
    ),
    "another origin": (
        edit("Distribution", custom_origin),
        "change static distribution: Origins.Items[bucket].CustomOriginConfig is {",
    ),
    "everybody's origin": (
        edit("ResponseHeadersPolicy", set_in("CorsConfig", "AccessControlAllowOrigins", to=items("*"))),
        "change response headers policy example-com-static: CorsConfig.AccessControlAllowOrigins.Items is ['*'], shoul",
    ),
    "a header taken away": (
        edit("ResponseHeadersPolicy", set_in("RemoveHeadersConfig", to=items({"Header": "ETag"}))),
        "change response headers policy example-com-static: RemoveHeadersConfig is {",
    ),
    "an action of a rule that deletes uploads": (
        lambda cloud: expire_all(cloud.client("s3")),
        "change bucket example-com-media: lifecycle: Rules[expire-noncurrent].Expiration is {'Days': 1}, should be abs",
    ),
    "a KMS key": (
        s3("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": [{DEFAULT: KMS}]}),
        "change bucket example-com: encryption: Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm is 'aws:kms'",
    ),
    "a website": (
        s3("put_bucket_website", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}),
        "change bucket example-com: website is there, should not be",
    ),
    "a managed policy": (
        iam("attach_user_policy", UserName="example-com-web", PolicyArn=ADMINISTRATOR),
        "change user example-com-web: managed policy AdministratorAccess is attached, should not be",
    ),
    "another inline policy": (
        iam("put_user_policy", UserName="example-com-web", PolicyName="more", PolicyDocument=json.dumps(ALL)),
        "change user example-com-web: policy more: Allow s3:* on *: should not be there",
    ),
    "a group": (
        lambda cloud: join_group(cloud.client("iam")),
        "change user example-com-web: it is in group admins, should be in none",
    ),
    "a password": (
        iam("create_login_profile", UserName="example-com-web", Password="aLongEnough1!Password"),
        "change user example-com-web: it has a password for the console, should have none",
    ),
    "backups that are no longer private": (
        s3("delete_public_access_block", "example-com-backups"),
        "create bucket example-com-backups: public access block",
    ),
    "backups without versions": (
        s3("put_bucket_versioning", "example-com-backups", VersioningConfiguration={"Status": "Suspended"}),
        "change bucket example-com-backups: versioning: Status is 'Suspended', should be 'Enabled'",
    ),
    "backups over plain http": (
        s3("delete_bucket_policy", "example-com-backups"),
        "create bucket example-com-backups: policy",
    ),
    "backups that expire": (
        lambda cloud: expire_backups(cloud.client("s3")),
        "change bucket example-com-backups: lifecycle: Rules[all] is there, should not be",
    ),
    "older versions of backups for a day": (
        lambda cloud: expire_backups(cloud.client("s3")),
        "change bucket example-com-backups: lifecycle: Rules[expire-noncurrent].NoncurrentVersionExpiration.Noncurrent"
        "Days is 1, should be 35",
    ),
    "the server may delete versions": (
        iam("put_user_policy", UserName="example-com-backup", PolicyName="slipway", PolicyDocument=json.dumps(ALL)),
        "change policy of user example-com-backup: Allow s3:* on *: should not be there",
    ),
    "deleted user's policy": (
        iam("delete_user_policy", UserName="example-com-pruner", PolicyName="slipway"),
        "create policy of user example-com-pruner",
    ),
}


# Those that others of the list would hide: they come after them.
APART = {
    "alias",
    "another origin",
    "cache settings from before there were policies",
    "the default certificate",
    "an action of a rule that deletes uploads",
}


@pytest.mark.usefixtures("kept_clients")
def test_every_drift_is_named_by_the_check_and_put_right_by_the_next_run(
    cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch
):
    # moto has no managed policies of AWS unless it is told to.
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    cloud.reset()
    cloud.plane.make_awkward()
    cloud.add_zone("example.com")
    provision(site)
    for names in (DRIFTS.keys() - APART, APART):
        for name in sorted(names):
            DRIFTS[name][0](cloud)
        planned = provision(site, dry=True).changes
        for name in names:
            assert any(line.startswith(DRIFTS[name][1]) for line in planned), (name, planned)
        assert provision(site).changes == planned
        assert provision(site, dry=True).changes == ()


def keys_of(cloud: Cloud, user: str) -> list[str]:
    return [one["AccessKeyId"] for one in cloud.client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]]


def take_out(site: config.Site, name: str) -> None:
    Secrets.put(site, name, dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))


def test_keys_that_somebody_deleted_are_differences_and_made_again(cloud: Cloud, site: config.Site):
    provision(site)
    names = NAMES
    lost = {name: getattr(Secrets.load(site), name)["AWS_ACCESS_KEY_ID"] for name in names}
    for name, key in lost.items():
        cloud.client("iam").delete_access_key(UserName=f"example-com-{name}", AccessKeyId=key)
    wanted = [f"change key of user example-com-{n}: {lost[n]}, in site.secrets.yml, was deleted in IAM" for n in names]
    assert provision(site, dry=True).changes == tuple(wanted)
    assert provision(site).changes == tuple(wanted)
    for name in names:
        assert keys_of(cloud, f"example-com-{name}") == [getattr(Secrets.load(site), name)["AWS_ACCESS_KEY_ID"]]
    done = provision(site)
    assert (done.changes, done.problems, done.notes) == ((), (), ())


def test_a_key_that_is_switched_off_is_left_to_a_person(cloud: Cloud, site: config.Site):
    provision(site)
    key = Secrets.load(site).web["AWS_ACCESS_KEY_ID"]
    cloud.client("iam").update_access_key(UserName="example-com-web", AccessKeyId=key, Status="Inactive")
    (problem,) = provision(site).problems
    assert problem.startswith(f"user example-com-web: key {key} of site.secrets.yml is switched off in IAM; ")
    assert keys_of(cloud, "example-com-web") == [key]


def test_a_colleague_with_an_older_file_leaves_the_first_persons_keys(cloud: Cloud, site: config.Site, monkeypatch):
    # Not used yet, as far as IAM knows: that may take hours.
    monkeypatch.setattr(access_keys, "_was_used", lambda *_: False)
    older = site.path.with_name("site.secrets.yml").read_text()
    provision(site)
    newer, first = site.path.with_name("site.secrets.yml").read_text(), keys_of(cloud, "example-com-web")
    site.path.with_name("site.secrets.yml").write_text(older)
    done = provision(site)
    assert not [line for line in done.changes if line.startswith("delete")]
    (mine,) = [key for key in keys_of(cloud, "example-com-web") if key not in first]
    assert Secrets.load(site).web["AWS_ACCESS_KEY_ID"] == mine
    assert f"user example-com-web has another key, {first[0]}; delete it in IAM once nothing uses it" in str(done.notes)
    # A third person, and then the first one again.
    site.path.with_name("site.secrets.yml").write_text(older)
    with pytest.raises(SlipwayError, match=r"has 2 keys, none in site\.secrets\.yml; take the newest"):
        provision(site)
    site.path.with_name("site.secrets.yml").write_text(newer)
    assert provision(site).changes == ()
    assert keys_of(cloud, "example-com-web") == [*first, mine]


def test_a_colleague_of_a_site_from_before_the_tag_leaves_them_too(cloud: Cloud, site: config.Site, monkeypatch):
    # Not used yet, as far as IAM knows: that may take hours.
    monkeypatch.setattr(access_keys, "_was_used", lambda *_: False)
    older = site.path.with_name("site.secrets.yml").read_text()
    provision(site)
    (first,) = keys_of(cloud, "example-com-web")
    cloud.client("iam").untag_user(UserName="example-com-web", TagKeys=["slipway-key"])
    site.path.with_name("site.secrets.yml").write_text(older)
    provision(site)
    assert first in keys_of(cloud, "example-com-web")


def test_a_file_with_a_key_that_was_replaced_is_told_from_a_deleted_key(cloud: Cloud, site: config.Site):
    provision(site)
    older = site.path.with_name("site.secrets.yml").read_text()
    (old,) = keys_of(cloud, "example-com-web")
    take_out(site, "web")
    provision(site)
    cloud.client("iam").delete_access_key(UserName="example-com-web", AccessKeyId=old)
    (new,) = keys_of(cloud, "example-com-web")
    site.path.with_name("site.secrets.yml").write_text(older)
    (problem,) = provision(site).problems
    assert f"user example-com-web, which has {new}; take the newest site.secrets.yml from who has it" in problem
    assert keys_of(cloud, "example-com-web") == [new]


def test_an_old_key_is_to_be_replaced(cloud: Cloud, site: config.Site, monkeypatch):
    provision(site)
    monkeypatch.setattr(access_keys, "ROTATED_AFTER", timedelta(0))
    notes = provision(site).notes
    assert len(notes) == len(NAMES)
    assert "days old; `make rotate` replaces it" in notes[0]


def test_a_key_that_is_replaced_is_named_until_it_is_deleted(cloud: Cloud, site: config.Site):
    provision(site)
    old = Secrets.load(site).web["AWS_ACCESS_KEY_ID"]
    take_out(site, "web")
    (named,) = provision(site).notes
    assert named.startswith(f"user example-com-web has another key, {old}; delete it in IAM once nothing uses it")
    assert Secrets.load(site).web["AWS_ACCESS_KEY_ID"] != old
    assert (provision(site).changes, provision(site).notes) == ((), (named,))
    cloud.client("iam").delete_access_key(UserName="example-com-web", AccessKeyId=old)
    assert provision(site).notes == ()


def test_a_key_of_ones_own_is_left_alone(cloud: Cloud, site: config.Site):
    Secrets.put(site, "web", {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "mine"})
    done = provision(site)
    assert done.notes == (
        "web: site.secrets.yml holds a key that `make cdn` did not make; take it out to have one made",
    )
    assert cloud.inventory()["users"] == [name for name in WHOLE["users"] if name != "example-com-web"]
    assert Secrets.load(site).web["AWS_ACCESS_KEY_ID"] == "AKIAMINE"


def test_a_role_that_trusts_a_branch_is_made_to_trust_the_environment(cloud: Cloud, write_site):
    site = write_site("github: owner/name\n")
    provision(site)
    iam, role = cloud.client("iam"), "example-com-deployer"
    wanted = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    old = json.dumps(wanted).replace("environment:production", "ref:refs/heads/main")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=old)
    more, less = provision(site).changes
    assert more.startswith(f"change role {role}: trust: Allow sts:AssumeRoleWithWebIdentity for arn:aws:iam::")
    assert more.endswith("sub repo:owner/name:ref:refs/heads/main: should not be there")
    assert less.endswith("sub repo:owner/name:environment:production: is missing")
    assert iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == wanted


@pytest.mark.usefixtures("calm")
def test_github_takes_the_deployers_place_and_gives_it_back(cloud: Cloud, write_site):
    provision(write_site())
    site = write_site("github: owner@1/name@2\n")
    planned = provision(site, dry=True).changes
    assert provision(site).changes == planned
    role = cloud.client("iam").get_role(RoleName="example-com-deployer")["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert trust["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": "repo:owner@1/name@2:environment:production",
        }
    }
    assert cloud.inventory()["users"] == [name for name in WHOLE["users"] if name != "example-com-deployer"]
    assert Secrets.load(site).deployer == {}
    assert provision(site, dry=True).changes == ()
    changed = write_site("github: owner@1/other@3\n")
    more, less = provision(changed).changes
    assert "sub repo:owner@1/name@2:environment:production: should not be there" in more
    assert "sub repo:owner@1/other@3:environment:production: is missing" in less
    provision(write_site())
    assert "roles" not in cloud.inventory()
    assert Secrets.load(site).deployer
