"""An empty AWS for each test, in this process: our own CloudFront, and moto for everything else."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
import requests
from botocore.client import BaseClient
from moto import settings
from moto.acm.models import CertBundle, acm_backends

from rehearsal.aws.cloudfront import CloudFront
from rehearsal.aws.control import ControlPlane
from slipway.tool import config
from slipway.tool.aws import identity
from slipway.tool.cdn import waiting
from slipway.tool.cdn.account import Account
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets

REGION = "eu-central-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAADMINISTRATOR000",
    "AWS_SECRET_ACCESS_KEY": "an administrator's secret key",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Cloud:
    """The account as its owner sees it."""

    def __init__(self, plane: ControlPlane, url: str) -> None:
        self.plane = plane
        self.url = url

    def client(self, service: str):
        region = REGION if service == "s3" else "us-east-1"
        return boto3.client(service, endpoint_url=self.url, region_name=region)

    def reset(self) -> None:
        self.plane.cloudfront, self.plane.awkward = CloudFront(), None
        requests.post(f"{self.url}/moto-api/reset", timeout=30).raise_for_status()

    def put(self, bucket: str, key: str, *bodies: bytes) -> None:
        """Puts versions of an object. This endpoint has no TLS, which the bucket's policy asks for."""
        s3 = self.client("s3")
        s3.delete_bucket_policy(Bucket=bucket)
        for body in bodies:
            s3.put_object(Bucket=bucket, Key=key, Body=body)

    def add_zone(self, name: str) -> str:
        """The id of a new public zone."""
        made = self.client("route53").create_hosted_zone(Name=name, CallerReference=name)
        return made["HostedZone"]["Id"].rpartition("/")[2]

    def inventory(self) -> dict[str, list[str]]:
        """Everything in the account, by kind, under the names that a person gave it."""
        cloudfront, iam = self.client("cloudfront"), self.client("iam")
        kept = self.plane.cloudfront.resources
        records = [
            f"{record['Name']} {record['Type']}"
            for zone in self.client("route53").list_hosted_zones()["HostedZones"]
            for record in self.client("route53").list_resource_record_sets(HostedZoneId=zone["Id"])[
                "ResourceRecordSets"
            ]
            if record["Type"] not in ("NS", "SOA")
        ]
        certificates = self.client("acm").list_certificates(Includes={"keyTypes": ["EC_prime256v1", "RSA_2048"]})
        distributions = cloudfront.list_distributions()["DistributionList"].get("Items", [])
        found = {
            "buckets": [one["Name"] for one in self.client("s3").list_buckets()["Buckets"]],
            "distributions": [one["Aliases"]["Items"][0] for one in distributions],
            "access controls": [one.config["Name"] for one in kept["OriginAccessControl"].values()],
            "headers policies": [one.config["Name"] for one in kept["ResponseHeadersPolicy"].values()],
            "certificates": [one["DomainName"] for one in certificates["CertificateSummaryList"]],
            "records": records,
            "users": [one["UserName"] for one in iam.list_users()["Users"]],
            "keys": [
                user["UserName"]
                for user in iam.list_users()["Users"]
                for _ in iam.list_access_keys(UserName=user["UserName"])["AccessKeyMetadata"]
            ],
            "roles": [one["RoleName"] for one in iam.list_roles()["Roles"]],
            "providers": [one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]],
        }
        return {kind: sorted(names) for kind, names in found.items() if names}


def certificates() -> list[CertBundle]:
    """The account's certificates as moto keeps them, to move their clock or their state."""
    kept = [region for account in acm_backends.values() for region in account.values()]
    return [one for region in kept for one in region._certificates.values()]


@pytest.fixture(scope="session")
def plane() -> Iterator[ControlPlane]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        made = ControlPlane(0)
        made.start()
        yield made
        made.stop()


@pytest.fixture
def cloud(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    url = f"http://127.0.0.1:{plane.socket.getsockname()[1]}"
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in (ENVIRONMENT | {"AWS_ENDPOINT_URL": url}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(waiting, "POLL", 0.001)
    # A certificate is issued by the second time that one asks.
    monkeypatch.setattr(settings, "ACM_VALIDATION_WAIT", 0)
    made = Cloud(plane, url)
    made.reset()
    # AWS's own patience is botocore's: here each rejection is ours to handle, and no attempt waits.
    monkeypatch.setitem(identity.SETTINGS, "retries", {"mode": "standard", "total_max_attempts": 1})
    plane.make_awkward()
    return made


@pytest.fixture
def calm(cloud: Cloud) -> None:
    """Documents come back as they were sent, at once: for tests that read them word by word."""
    cloud.plane.awkward, cloud.plane.cloudfront.awkward = None, False


@pytest.fixture
def kept_clients(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """All runs of a test share their clients: to make one takes longer than all that it is asked."""
    make, made = Account._client, {}

    def client(account: Account, service: str, region: str) -> BaseClient:
        if service not in made:
            made[service] = make(account, service, region)
        return made[service]

    monkeypatch.setattr(Account, "_client", client)


@pytest.fixture
def write_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., config.Site]:
    """Writes a site.yml, with its vaulted secrets unless told otherwise."""

    def write(more: str = "", *, vaulted: bool = True) -> config.Site:
        file = tmp_path / "site.yml"
        file.write_text(f"domain: example.com\nregion: {REGION}\n{more}")
        site = config.load(file)
        monkeypatch.setenv("CONFIG", str(file))
        monkeypatch.setenv(PASSWORD_VARIABLE, str(tmp_path / "password"))
        if vaulted and not (tmp_path / "site.secrets.yml").exists():
            (tmp_path / "password").write_text("password\n")
            (tmp_path / "password").chmod(0o600)
            Secrets.write(site, {"SECRET_KEY": "the site's secret"})
        return site

    return write


@pytest.fixture
def site(write_site: Callable[..., config.Site]) -> config.Site:
    return write_site()
