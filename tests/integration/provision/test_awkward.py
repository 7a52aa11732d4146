"""AWS is not ready at once, and says no for reasons of its own."""

import pytest

from rehearsal.aws.awkward import DELAYS, THROTTLED, UNVERIFIED
from slipway.tool import config
from slipway.tool.cdn import cloudfront, waiting
from slipway.tool.cdn.destroy import destroy
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError
from tests.integration.provision.conftest import Cloud, certificates
from tests.integration.provision.test_whole import WHOLE


def provision(site: config.Site, **options) -> cloudfront.Provisioned:
    return cloudfront.provision(site, Secrets.load(site), **options)


def test_every_delay_is_waited_for_with_a_line_and_none_is_left(cloud: Cloud, write_site):
    cloud.add_zone("example.com")
    site = write_site("github: owner/name\n")
    said: list[str] = []
    provision(site, say=said.append)
    assert cloud.plane.awkward.in_use == {}
    destroy(site, Secrets.load(site), media=True, backup=True, say=said.append)
    provision(site, say=said.append)
    rejected = set(cloud.plane.awkward.rejected)
    for made, delayed in DELAYS.items():
        if made == "s3:DELETE" or not made.startswith("s3:"):
            assert {f"{name} {code}" for name, code, _ in delayed} & rejected, made
    assert {f"{name} {code}" for name, (code, _) in THROTTLED.items()} <= rejected
    assert "sts:GetCallerIdentity InvalidClientTokenId" in rejected
    assert "cloudfront:CreateDistributionWithTags InvalidViewerCertificate" in rejected
    waits = [line for line in said if line.startswith("wait   for ")]
    assert any("bucket example-com (OperationAborted): 0 s so far, 45 min at most" in line for line in waits)
    assert any("static distribution static.example.com (InvalidViewerCertificate)" in line for line in waits)
    assert any("to be released by its distributions" in line for line in waits)
    assert provision(site).changes == ()


def test_a_rejection_that_stays_ends_with_awss_words(cloud: Cloud, site: config.Site):
    cloud.plane.awkward.always["s3:PUT tagging"] = ("OperationAborted", 409, "A conflicting operation is in progress.")
    said: list[str] = []
    with pytest.raises(SlipwayError) as caught:
        provision(site, say=said.append)
    assert str(caught.value) == (
        "s3:PutBucketTagging on bucket example-com failed: 409 OperationAborted: A conflicting operation is in "
        "progress; another change of it is under way; wait a minute and run it again: it goes on from here"
    )
    waits = [line for line in said if "OperationAborted" in line]
    assert len(waits) == 45 * 60 / waiting.PRINT
    del cloud.plane.awkward.always["s3:PUT tagging"]
    provision(site)
    assert cloud.inventory() == WHOLE


@pytest.mark.usefixtures("kept_clients")
def test_ctrl_c_while_it_waits_loses_nothing(cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch):
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    for _ in range(100):
        with monkeypatch.context() as patch:
            patch.setattr(waiting.time, "sleep", interrupted)
            try:
                provision(site)
            except KeyboardInterrupt:
                continue
        break
    assert cloud.inventory() == WHOLE
    assert provision(site).changes == ()


def test_an_account_that_must_be_verified_is_said_in_awss_words(cloud: Cloud, site: config.Site):
    cloud.plane.awkward.always["cloudfront:CreateDistributionWithTags"] = ("AccessDenied", 403, UNVERIFIED)
    with pytest.raises(SlipwayError) as caught:
        provision(site)
    assert str(caught.value) == (
        "access denied for cloudfront:CreateDistribution and cloudfront:TagResource on static distribution "
        f"static.example.com: {UNVERIFIED.rstrip('.')}; ask AWS Support, https://console.aws.amazon.com/support, then "
        "run it again: it goes on from here"
    )


def test_a_region_that_nobody_switched_on_is_named(cloud: Cloud, site: config.Site):
    cloud.plane.awkward.regions_off.add(site.region)
    with pytest.raises(SlipwayError, match=r"^region eu-central-1 is not switched on in this account: "):
        provision(site)
    # In none the key is known: then it is the key.
    cloud.plane.awkward.regions_off.add("us-east-1")
    with pytest.raises(SlipwayError, match="this access key does not exist"):
        provision(site)


@pytest.mark.parametrize("kind", ["Distribution", "ResponseHeadersPolicy"])
def test_a_quota_is_named_with_awss_words(cloud: Cloud, site: config.Site, kind: str):
    cloud.plane.cloudfront.quotas[kind] = 0
    with pytest.raises(SlipwayError, match=r"You have reached your limit of .*; a quota of the account is used up"):
        provision(site)


def test_destroy_ends_when_acm_takes_too_long_and_goes_on_later(
    cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch
):
    provision(site)
    users = cloud.plane.awkward.arns
    monkeypatch.setattr(cloud.plane.awkward, "arns", lambda arn: users(arn) or ["arn:aws:cloudfront::1:distribution/D"])
    with pytest.raises(SlipwayError, match=r"ACM has not released the certificate of .*; run it again"):
        destroy(site, Secrets.load(site), media=True, backup=True)
    assert list(cloud.inventory()) == ["certificates"]
    monkeypatch.setattr(cloud.plane.awkward, "arns", users)
    destroy(site, Secrets.load(site), media=True, backup=True)
    assert cloud.inventory() == {}


def test_a_certificate_that_something_else_uses_stays_at_once(
    cloud: Cloud, site: config.Site, monkeypatch: pytest.MonkeyPatch
):
    provision(site)
    balancer = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/a/b"
    monkeypatch.setattr(cloud.plane.awkward, "arns", lambda arn: [balancer] if arn else [])
    said: list[str] = []
    notes = destroy(site, Secrets.load(site), media=True, backup=True, say=said.append).notes
    assert notes[0].endswith(f"stays, something else uses it: {balancer}")
    assert not [line for line in said if "released" in line]


def test_certificates_that_never_came_are_destroyed_too(cloud: Cloud, site: config.Site):
    tags = [{"Key": "slipway-site", "Value": "example-com"}]
    acm = cloud.client("acm")
    cloud.plane.awkward = None
    acm.request_certificate(DomainName="static.example.com", ValidationMethod="DNS", Tags=tags)
    for one in certificates():
        one.status = "VALIDATION_TIMED_OUT"
    destroy(site, Secrets.load(site), media=True, backup=True)
    assert cloud.inventory() == {}
