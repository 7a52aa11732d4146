"""A local AWS with a bucket, and an edge that reads it; each test has a distribution of its own."""

import copy
import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import boto3
import pytest

from rehearsal import aws, cdn
from tests.unit.cdn.environment import ACCESS_CONTROL, BUCKET_POLICY, CSS, DISTRIBUTION, Answer

BUCKET = "example-com"


@dataclass
class Account:
    """The administrator's clients, and the edge that stands before the account."""

    env: dict[str, str]
    s3: object
    cloudfront: object
    edge: cdn.Cdn
    distributions: list["Deployed"]

    def write_bucket_policy(self) -> None:
        """Let every distribution of the tests read ``static/*``."""
        policy = copy.deepcopy(BUCKET_POLICY)
        arns = [each.arn for each in self.distributions if each.may_read]
        policy["Statement"][0]["Condition"]["StringEquals"]["AWS:SourceArn"] = arns or ["none"]
        self.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))

    def get(self, host: str, path: str, method: str = "GET", **headers: str) -> Answer:
        """One request to the edge; ``Accept_Encoding="br"`` is a header."""
        connection = HTTPConnection("127.0.0.1", self.edge.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host, "Accept-Encoding": ""} | named)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer


@dataclass
class Deployed:
    """A distribution in the account, and its host."""

    account: Account
    id: str
    arn: str
    host: str
    may_read: bool = True

    def change(self, change: Callable[[dict], None]) -> None:
        """Change one field through the API, as a person would in the console."""
        found = self.account.cloudfront.get_distribution_config(Id=self.id)
        change(found["DistributionConfig"])
        self.account.cloudfront.update_distribution(
            Id=self.id, IfMatch=found["ETag"], DistributionConfig=found["DistributionConfig"]
        )

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        return self.account.get(self.host, path, method, **headers)


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    directory = tmp_path_factory.mktemp("aws")
    with aws.start(directory) as local:
        env = local.env
        session = boto3.Session(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], region_name=local.region)
        s3 = session.client("s3", endpoint_url=local.s3_url)
        cloudfront = session.client("cloudfront", endpoint_url=local.control_url)
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": local.region})
        edge = cdn.start(env=local.env_of("cdn"), log=directory / "cdn.log")
        yield Account(env, s3, cloudfront, edge, [])
        edge.stop()


@pytest.fixture
def deployed(account: Account) -> Deployed:
    """A distribution on the bucket with one stylesheet under ``/a.css``."""
    name = uuid.uuid4().hex[:12]
    control = account.cloudfront.create_origin_access_control(OriginAccessControlConfig=ACCESS_CONTROL | {"Name": name})
    config = copy.deepcopy(DISTRIBUTION)
    config |= {"CallerReference": name, "Comment": "", "Aliases": {"Quantity": 1, "Items": [f"{name}.example.com"]}}
    config["Origins"]["Items"][0]["OriginAccessControlId"] = control["OriginAccessControl"]["Id"]
    del config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
    created = account.cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
    distribution = Deployed(account, created["Id"], created["ARN"], f"{name}.example.com")
    account.distributions.append(distribution)
    account.write_bucket_policy()
    account.s3.put_object(
        Bucket=BUCKET,
        Key="static/a.css",
        Body=CSS,
        ContentType="text/css; charset=utf-8",
        CacheControl="public, max-age=31536000, immutable",
    )
    return distribution


@pytest.fixture(scope="session")
def quiet_environment() -> dict[str, str]:
    """For an edge that is never asked for anything: endpoints where nobody listens."""
    return {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_CONFIG_FILE": os.devnull,
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
