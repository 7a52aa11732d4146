"""A fault in what `make cdn` provisions fails the proof; the next `make cdn` names and repairs it."""

import json
from collections.abc import Callable

import pytest

from slipway.tool.cdn import bucket, cloudfront
from tests.integration.smoke.deployment import Deployment

Wanted = dict  # a configuration, in the API's shape


def no_compression(config: Wanted) -> None:
    config["DefaultCacheBehavior"]["Compress"] = False


def another_bucket(config: Wanted) -> None:
    origin = config["Origins"]["Items"][0]
    origin["DomainName"] = origin["DomainName"].replace(".s3.", "-media.s3.")


def no_access_control(config: Wanted) -> None:
    config["Origins"]["Items"][0]["OriginAccessControlId"] = ""


def no_cors(config: Wanted) -> None:
    config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] = ""
    # With it the bucket's own rules answer every request.
    config["Origins"]["Items"][0]["CustomHeaders"] = {"Quantity": 0}


def spoil(fault: Callable[[Wanted], None]) -> Callable[[pytest.MonkeyPatch], None]:
    """Lets our own code describe the static host with a fault."""

    def inject(patch: pytest.MonkeyPatch) -> None:
        sound = cloudfront.distribution

        def faulty(site, edge, *arguments):
            wanted = sound(site, edge, *arguments)
            if edge.kind == "static":
                fault(wanted)
            return wanted

        patch.setattr(cloudfront, "distribution", faulty)

    return inject


def open_bucket(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(bucket, "PUBLIC_ACCESS_BLOCK", dict.fromkeys(bucket.PUBLIC_ACCESS_BLOCK, False))


FAULTS = {
    "no compression": ("H", spoil(no_compression)),
    "wrong origin": ("H", spoil(another_bucket)),
    "no access control": ("AH", spoil(no_access_control)),
    "no CORS": ("H", spoil(no_cors)),
    "public bucket": ("A", open_bucket),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_provisioning_turns_the_proof_red(
    deployment: Deployment, sound: dict, monkeypatch: pytest.MonkeyPatch, name: str
):
    assert sound["verdict"] == "passed"
    by, fault = FAULTS[name]
    site, before = deployment.local_site.site, json.loads(deployment.provisioned.read_text())
    for variable, value in deployment.local_site.variables("admin").items():
        if variable.startswith("AWS_"):
            monkeypatch.setenv(variable, value)
    with monkeypatch.context() as patch:
        fault(patch)
        assert cloudfront.provision(site).changes
    try:
        deployment.invalidate()
        report = deployment.prove(browser=None, provisioned=deployment.describe())
    finally:
        repaired = cloudfront.provision(site).changes
        deployment.invalidate()
    assert repaired
    assert json.loads(deployment.describe().read_text()) == before
    failed = {letter for letter, check in report["checks"].items() if check["state"] == "failed"}
    assert report["verdict"] == "failed"
    assert set(by) <= failed, report["findings"]
