"""``python -m deploy.cdn``, as a person or a Makefile calls it."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from rehearsal.aws import LocalAws
from rehearsal.aws.local import ROOT


@pytest.fixture
def site_yml(tmp_path: Path) -> Path:
    domain = f"site-{uuid.uuid4().hex[:12]}.example.com"
    file = tmp_path / "site.yml"
    file.write_text(
        f"domain: {domain}\nsite: http://www.{domain}\nstatic: http://static.{domain}\n"
        f"media: http://media.{domain}\ntls: none\nregion: eu-central-1\n"
    )
    return file


def cdn(aws: LocalAws, site_yml: Path, *arguments: str, identity: str = "admin") -> subprocess.CompletedProcess[str]:
    env = os.environ | aws.env_of(identity) | {"CONFIG": str(site_yml)}
    command = [sys.executable, "-m", "deploy.cdn", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_provision_says_what_it_changed_and_then_that_nothing_is_left(aws: LocalAws, site_yml: Path):
    first, second = (cdn(aws, site_yml, "provision") for _ in range(2))
    assert "static distribution: created" in first.stdout
    assert "cloudfront.net" in first.stdout
    assert second.stdout.startswith("nothing to change: ")
    assert (first.returncode, second.returncode) == (0, 0)


def test_describe_purge_and_policy_speak_of_what_was_provisioned(aws: LocalAws, site_yml: Path):
    cdn(aws, site_yml, "provision")
    described = json.loads(cdn(aws, site_yml, "describe").stdout)
    assert described["static"]["config"]["Enabled"] is True
    assert described["bucket"]["bucket_url"].startswith(aws.s3_url)
    assert cdn(aws, site_yml, "purge", "/favicon.ico", identity="deployer").stdout.startswith("invalidation I")
    policy = json.loads(cdn(aws, site_yml, "policy", "deployer").stdout)
    assert described["static"]["arn"] in str(policy)
    assert "media" not in str(policy)
    assert "s3:PutObject" in cdn(aws, site_yml, "policy", "web").stdout


def test_a_failure_is_one_line_and_status_1(aws: LocalAws, site_yml: Path):
    done = cdn(aws, site_yml, "provision", identity="web")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("slipway: access denied for s3:HeadBucket on bucket site-")
    assert len(done.stderr.splitlines()) == 1
