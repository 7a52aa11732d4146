"""`make purge` at CloudFront: signed with the vault's key, for the distribution of each path."""

import os
import subprocess
import sys
import uuid

import boto3
import pytest

from slipway.tool import config
from slipway.tool.cdn import cloudfront
from slipway.tool.secrets import Secrets


@pytest.fixture
def site(aws, tmp_path, monkeypatch):
    """A provisioned site whose vault holds the deployer's key; the shell has no key at all."""
    domain = f"site-{uuid.uuid4().hex[:12]}.example.com"
    file = tmp_path / "site.yml"
    file.write_text(
        f"domain: {domain}\nsite: http://www.{domain}\nstatic: http://static.{domain}\n"
        f"media: http://media.{domain}\ntls: none\nregion: eu-central-1\n"
    )
    site = config.load(file)
    for name, value in aws.env_of("admin").items():
        monkeypatch.setenv(name, value)
    cloudfront.provision(site)
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / "password"))
    (tmp_path / "password").write_text("the-password\n")
    (tmp_path / "password").chmod(0o600)
    keys = {name: value for name, value in aws.env_of("deployer").items() if "KEY" in name}
    Secrets.write(site, {"SECRET_KEY": "x"}, keys)
    for name in keys:
        monkeypatch.delenv(name)
    return site


def test_the_vault_s_key_requests_the_invalidation(site, aws):
    command = [sys.executable, "-m", "slipway.tool", "purge", "/favicon.ico", f"{site.media_url}/2026/*"]
    environ = os.environ | {"CONFIG": str(site.path)}
    done = subprocess.run(command, cwd=config.ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["invalidation"] * 2
    assert not any(key in done.stdout for key in aws.env_of("deployer").values())
    client = boto3.client("cloudfront", region_name="us-east-1", **_keys(aws))
    asked = []
    for summary in client.list_distributions()["DistributionList"]["Items"]:
        if site.domain in str(summary["Aliases"]):
            for each in client.list_invalidations(DistributionId=summary["Id"])["InvalidationList"]["Items"]:
                found = client.get_invalidation(DistributionId=summary["Id"], Id=each["Id"])["Invalidation"]
                asked += found["InvalidationBatch"]["Paths"]["Items"]
    assert sorted(asked) == ["/2026/*", "/favicon.ico"]


def _keys(aws):
    env = aws.env_of("admin")
    return {
        "aws_access_key_id": env["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": env["AWS_SECRET_ACCESS_KEY"],
        "endpoint_url": env["AWS_ENDPOINT_URL_CLOUDFRONT"],
    }
