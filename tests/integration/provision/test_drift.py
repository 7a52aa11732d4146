"""A change by hand is named, field by field, before it is corrected."""

import json
from collections.abc import Callable

import pytest

from slipway.tool import config
from slipway.tool.cdn import cloudfront
from slipway.tool.secrets import Secrets
from tests.integration.provision.conftest import Cloud

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
        "change bucket example-com: policy: Statement[Everybody] is there, should not be",
    ),
    "name": (record, "change record static.example.com A: AliasTarget.DNSName is 'dother.cloudfront.net.', should be"),
    "policy of a user": (
        iam("put_user_policy", UserName="example-com-web", PolicyName="slipway", PolicyDocument=json.dumps(ALL)),
        "change policy of user example-com-web: Statement[0].Action is ['s3:*'], should be ['s3:GetObject'",
    ),
    "deleted user's policy": (
        iam("delete_user_policy", UserName="example-com-pruner", PolicyName="slipway"),
        "create policy of user example-com-pruner",
    ),
}


@pytest.mark.usefixtures("kept_clients")
def test_every_drift_is_named_by_the_check_and_put_right_by_the_next_run(cloud: Cloud, site: config.Site):
    cloud.add_zone("example.com")
    provision(site)
    for name, (drift, named) in DRIFTS.items():
        drift(cloud)
        planned = provision(site, dry=True).changes
        assert any(line.startswith(named) for line in planned), (name, planned)
        assert len(planned) <= 2, (name, planned)
        assert provision(site).changes == planned, name
        assert provision(site, dry=True).changes == (), name


def test_a_key_that_somebody_deleted_is_said_and_made_again_once_it_is_out_of_the_file(cloud: Cloud, site: config.Site):
    provision(site)
    lost = Secrets.load(site).web["AWS_ACCESS_KEY_ID"]
    cloud.client("iam").delete_access_key(UserName="example-com-web", AccessKeyId=lost)
    (note,) = provision(site, dry=True).notes
    assert note.startswith("web: the key in site.secrets.yml is no working key of user example-com-web")
    Secrets.put(site, "web", dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))
    assert provision(site).changes == ("create key of user example-com-web, into site.secrets.yml",)
    assert Secrets.load(site).web["AWS_ACCESS_KEY_ID"] != lost


def test_a_key_that_is_replaced_is_named_until_it_is_deleted(cloud: Cloud, site: config.Site, monkeypatch):
    provision(site)
    old = Secrets.load(site).web["AWS_ACCESS_KEY_ID"]
    monkeypatch.setattr("slipway.tool.cdn.identities._was_used", lambda *_: True)
    Secrets.put(site, "web", dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))
    named = f"user example-com-web has another key, {old}; delete it in IAM once nothing uses it"
    assert provision(site).notes == (named,)
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
    assert cloud.inventory()["users"] == ["example-com-deployer", "example-com-pruner"]
    assert Secrets.load(site).web["AWS_ACCESS_KEY_ID"] == "AKIAMINE"


def test_a_role_that_trusts_a_branch_is_made_to_trust_the_environment(cloud: Cloud, write_site):
    site = write_site("github: owner/name\n")
    provision(site)
    iam, role = cloud.client("iam"), "example-com-deployer"
    wanted = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    old = json.dumps(wanted).replace("environment:production", "ref:refs/heads/main")
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=old)
    (line,) = provision(site).changes
    assert line.startswith(f"change role {role}: trust: ")
    assert line.endswith("should be 'repo:owner/name:environment:production'")
    assert iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == wanted


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
    assert cloud.inventory()["users"] == ["example-com-pruner", "example-com-web"]
    assert Secrets.load(site).deployer == {}
    assert provision(site, dry=True).changes == ()
    changed = write_site("github: owner@1/other@3\n")
    (line,) = provision(changed).changes
    assert "sub is 'repo:owner@1/name@2:environment:production', should be 'repo:owner@1/other@3:env" in line
    provision(write_site())
    assert "roles" not in cloud.inventory()
    assert Secrets.load(site).deployer
