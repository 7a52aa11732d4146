"""`make cdn` and the commands that read its result, as a person or a Makefile calls them."""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import boto3
import pytest

from rehearsal.aws import LocalAws
from rehearsal.aws.local import ROOT
from slipway.tool import config


@pytest.fixture
def site_yml(tmp_path: Path) -> Path:
    domain = f"site-{uuid.uuid4().hex[:12]}.example.com"
    file = tmp_path / "site.yml"
    file.write_text(
        f"domain: {domain}\nsite: http://www.{domain}\nstatic: http://static.{domain}\n"
        f"media: http://media.{domain}\ntls: none\nregion: eu-central-1\n"
    )
    return file


CHECK = ["cdn", "--check"]


def call(aws: LocalAws, site_yml: Path, *arguments: str, identity: str = "admin") -> subprocess.CompletedProcess[str]:
    env = os.environ | aws.env_of(identity) | {"CONFIG": str(site_yml)}
    command = [sys.executable, "-m", "slipway.tool", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_provision_says_what_it_changed_and_then_that_nothing_is_left(aws: LocalAws, site_yml: Path):
    first, second, checked = (call(aws, site_yml, *arguments) for arguments in (["cdn"], ["cdn"], CHECK))
    assert "create static distribution" in first.stdout
    assert "cloudfront.net" in first.stdout
    assert second.stdout.startswith("In account 123456789012, as arn:")
    assert second.stdout.splitlines()[1].startswith("nothing to change: ")
    assert checked.stdout.startswith("no drift: ")
    assert (first.returncode, second.returncode, checked.returncode) == (0, 0, 0)


def test_a_plan_with_its_costs_is_printed_before_the_changes(aws: LocalAws, site_yml: Path):
    output = call(aws, site_yml, "cdn").stdout
    assert "Exists already:\n    nothing\n" in output
    plan, _, done = output.partition("What it costs:")
    made = re.findall(r"(?m)^ +(create .*)$", plan)
    assert f"create bucket {_name(site_yml)}-media in eu-central-1" in made
    assert [line for line in done.splitlines() if line.startswith("create ")] == made
    assert "$" in done


def test_a_check_names_the_drift_changes_nothing_and_fails(aws: LocalAws, site_yml: Path):
    untouched = call(aws, site_yml, *CHECK)
    assert (untouched.returncode, "create static distribution" in untouched.stdout) == (1, True)
    call(aws, site_yml, "cdn")
    s3 = boto3.client("s3", endpoint_url=aws.s3_url, region_name=aws.region, **_keys(aws))
    s3.put_bucket_versioning(Bucket=f"{_name(site_yml)}-media", VersioningConfiguration={"Status": "Suspended"})
    for _ in range(2):
        done = call(aws, site_yml, *CHECK)
        assert done.stdout.splitlines()[0].strip() == (
            f"change bucket {_name(site_yml)}-media: versioning: Status is 'Suspended', should be 'Enabled'"
        )
        assert (done.returncode, done.stderr) == (1, "slipway: 1 difference; `make cdn` makes the changes above\n")


def test_describe_purge_and_policy_speak_of_what_was_provisioned(aws: LocalAws, site_yml: Path):
    call(aws, site_yml, "cdn")
    described = json.loads(call(aws, site_yml, "describe").stdout)
    assert described["static"]["config"]["Enabled"] is True
    assert described["static"]["bucket"]["bucket_url"].startswith(aws.s3_url)
    assert call(aws, site_yml, "purge", "/favicon.ico", identity="deployer").stdout.startswith("invalidation I")
    policy = json.loads(call(aws, site_yml, "policy", "deployer").stdout)
    assert described["static"]["arn"] in str(policy)
    assert json.loads(call(aws, site_yml, "describe", identity="deployer").stdout) == described
    assert "s3:PutObject" in call(aws, site_yml, "policy", "web").stdout


def test_a_failure_is_one_line_and_status_1(aws: LocalAws, site_yml: Path):
    done = call(aws, site_yml, "cdn", identity="web")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("slipway: access denied for s3:ListBucket on bucket site-")
    assert len(done.stderr.splitlines()) == 1


def _name(site_yml: Path) -> str:
    return config.load(site_yml).name


def _keys(aws: LocalAws) -> dict[str, str]:
    return {name.lower(): aws.env[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
