"""The AWS Foundational Security Best Practices for S3, CloudFront and IAM, read back from the account.

https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html

Not held, each with its reason: CloudFront.4 (failover: one bucket is the origin), CloudFront.5 (access logs: `cdn_logs`
in site.yml, off because they hold visitors' addresses), CloudFront.6 (a web application firewall costs money and guards
files that nobody can write through it; one that is there stays), S3.9 (access logs of a bucket: only the CDN reads it,
so they would repeat CloudFront's, with the same addresses), IAM.2 (policies by group: each user has another policy and
is alone in it, so that a group would only be a second place to look), IAM.3 (keys of 90 days: the server needs a new
one at the same moment, so `make cdn` names an older key and how to replace it, and does not).
"""

import json

import pytest

from slipway.tool import config
from slipway.tool.cdn import cloudfront
from slipway.tool.secrets import Secrets
from tests.integration.provision.conftest import Cloud

BUCKETS = ("example-com", "example-com-media")
STRANGER = "*"
pytestmark = pytest.mark.usefixtures("calm")


def test_the_buckets_hold_the_checks_for_s3(cloud: Cloud, site: config.Site):
    cloudfront.provision(site, Secrets.load(site))
    s3 = cloud.client("s3")
    for bucket in BUCKETS:
        blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert len(blocks) == 4 and all(blocks.values()), "S3.1, S3.8"
        statements = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        strangers = [s for s in statements if s["Principal"] == STRANGER]
        assert [s["Effect"] for s in strangers] == ["Deny"], "S3.2, S3.3"
        assert strangers[0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, "S3.5"
        assert strangers[0]["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"], "S3.5"
        assert not [s for s in statements if "AWS" in s["Principal"]], "S3.6"
        (ownership,) = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
        assert ownership["ObjectOwnership"] == "BucketOwnerEnforced", "S3.12"
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
        assert {rule["Status"] for rule in rules} == {"Enabled"}, "S3.13"
        assert any("AbortIncompleteMultipartUpload" in rule for rule in rules), "S3.13"
        (encryption,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256", "S3.4"
    assert s3.get_bucket_versioning(Bucket="example-com-media")["Status"] == "Enabled", "S3.14"


def test_the_distributions_hold_the_checks_for_cloudfront(cloud: Cloud, site: config.Site):
    done = cloudfront.provision(site, Secrets.load(site))
    client = cloud.client("cloudfront")
    for host, bucket in zip(done.hosts, BUCKETS, strict=True):
        found = client.get_distribution_config(Id=host.distribution_id)["DistributionConfig"]
        behavior, certificate = found["DefaultCacheBehavior"], found["ViewerCertificate"]
        (origin,) = found["Origins"]["Items"]
        assert found["DefaultRootObject"], "CloudFront.1"
        assert behavior["ViewerProtocolPolicy"] == "redirect-to-https", "CloudFront.3"
        assert certificate["ACMCertificateArn"].startswith("arn:aws:acm:us-east-1:"), "CloudFront.7"
        assert certificate["SSLSupportMethod"] == "sni-only", "CloudFront.8"
        assert "CustomOriginConfig" not in origin, "CloudFront.9, CloudFront.10"
        assert origin["DomainName"] == f"{bucket}.s3.eu-central-1.amazonaws.com", "CloudFront.12"
        assert cloud.client("s3").head_bucket(Bucket=bucket), "CloudFront.12"
        control = client.get_origin_access_control(Id=origin["OriginAccessControlId"])["OriginAccessControl"]
        signing = control["OriginAccessControlConfig"]
        assert (signing["SigningBehavior"], signing["SigningProtocol"]) == ("always", "sigv4"), "CloudFront.13"
        assert client.list_tags_for_resource(Resource=host.arn)["Tags"]["Items"], "CloudFront.14"
        assert certificate["MinimumProtocolVersion"] == "TLSv1.2_2021", "CloudFront.15"
        assert (found["HttpVersion"], found["IsIPV6Enabled"]) == ("http2and3", True)
        assert set(behavior["AllowedMethods"]["Items"]) == {"GET", "HEAD", "OPTIONS"}


def test_the_users_hold_the_checks_for_iam(cloud: Cloud, site: config.Site):
    cloudfront.provision(site, Secrets.load(site))
    iam = cloud.client("iam")
    for user in iam.list_users()["Users"]:
        name = user["UserName"]
        assert len(iam.list_access_keys(UserName=name)["AccessKeyMetadata"]) == 1
        assert iam.list_attached_user_policies(UserName=name)["AttachedPolicies"] == []
        document = iam.get_user_policy(UserName=name, PolicyName="slipway")["PolicyDocument"]
        for statement in document["Statement"]:
            assert "*" not in "".join(statement["Action"]), "IAM.1, IAM.21"
