"""A local AWS for the session, and a site for each test."""

import uuid

import boto3
import pytest
from botocore.client import BaseClient

from rehearsal.aws import LocalAws
from tests.unit.aws.sites import ExampleSite


class Calls:
    """boto3 clients of the local AWS, by identity."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws

    def client(self, service: str, identity: str = "admin", **options: object) -> BaseClient:
        env = self.aws.env_of(identity)
        return boto3.client(
            service,
            endpoint_url=self.aws.s3_url if service == "s3" else self.aws.control_url,
            aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
            region_name=self.aws.region,
            **options,
        )


@pytest.fixture(scope="session")
def calls(aws: LocalAws) -> Calls:
    return Calls(aws)


@pytest.fixture
def site() -> ExampleSite:
    """A site over http, nothing of it provisioned yet."""
    name = f"site-{uuid.uuid4().hex[:12]}"
    return ExampleSite(name=name, scheme="http", domain=f"{name}.example.com")


@pytest.fixture
def bucket(calls: Calls) -> str:
    """A new bucket, as CreateBucket leaves it."""
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    calls.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return name


@pytest.fixture
def account(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    """The environment of an administrator, as provisioning finds it."""
    for name, value in aws.env.items():
        monkeypatch.setenv(name, value)
    return aws
