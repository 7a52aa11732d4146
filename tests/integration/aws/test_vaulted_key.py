"""A deploy with a key in the vaulted file: it signs the deployer's requests, and no later ones."""

import json
import os
import uuid
from types import SimpleNamespace

import pytest

from slipway.tool import config
from slipway.tool.aws.identity import Identity
from slipway.tool.builder import Builder
from slipway.tool.cdn import cloudfront
from slipway.tool.prune import Prune
from slipway.tool.secrets import Secrets
from slipway.tool.server import state
from slipway.tool.server.run_proof import Proof
from slipway.web.errors import SlipwayError


@pytest.fixture
def site(aws, tmp_path, monkeypatch):
    """A provisioned site; this shell has an account of its own, an administrator's."""
    for name, value in aws.env_of("admin").items():
        monkeypatch.setenv(name, value)
    domain = f"site-{uuid.uuid4().hex[:12]}.example.com"
    file = tmp_path / "site.yml"
    file.write_text(
        f"domain: {domain}\nsite: http://www.{domain}\nstatic: http://static.{domain}\n"
        f"media: http://media.{domain}\ntls: none\nregion: eu-central-1\n"
    )
    monkeypatch.setattr(state, "ROOT", config.ROOT)
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    (tmp_path / "log").mkdir()
    site = config.load(file)
    cloudfront.provision(site)
    return site


@pytest.fixture
def deploy(aws, site, tmp_path):
    """A recorded release, and the proof that follows it; gives what the proof is told is provisioned."""

    def deploy(identity: str) -> dict | None:
        keys = {name: value for name, value in aws.env_of(identity).items() if "KEY" in name}
        secrets = Secrets(site.path, site.path, web={}, deployer=keys, smoke={})
        builder = Builder(site, secrets)
        manifest = tmp_path / "objects.json"
        manifest.write_text('{"objects": {"static/a.css": {}}}')
        if identity == "deployer":
            builder.put_manifest(SimpleNamespace(id="20261130T080000Z-abc", objects=manifest))
        path = Proof(site, secrets, connection=None, builder=builder)._provisioned_state()
        return json.loads(path.read_text()) if path else None

    return deploy


def test_the_provisioned_state_is_seen_after_a_release_was_recorded(deploy, monkeypatch):
    # Nobody but the vaulted key has an account here.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    described = deploy("deployer")
    for host in ("static", "media"):
        assert described[host]["config"]["Origins"]["Items"][0]["OriginAccessControlId"]
        assert described[host]["bucket"]["public_access_block"]["BlockPublicAcls"] is True


def test_a_recorded_release_leaves_this_process_s_environment_as_it_was(deploy, site, monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of the administrator's session")
    before = dict(os.environ)
    assert deploy("deployer")
    assert dict(os.environ) == before
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    # Without a key of its own a prune acts as whoever deploys; the deployer may not delete.
    assert Prune.of(site, Identity()).plan(5, []).kept == ("20261130T080000Z-abc",)


def test_a_key_without_the_permission_to_read_the_state_leaves_it_to_the_users_credentials(deploy, monkeypatch, capsys):
    assert deploy("pruner")["static"]["bucket"]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert deploy("pruner") is None
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(
        "    warning: the provisioned state is not checked: access denied for s3:GetBucketLocation on "
    )


def test_a_purge_uses_the_keys_it_gets_and_leaves_the_environment(aws, site, monkeypatch):
    from slipway.tool.providers import purge

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    before = dict(os.environ)
    with pytest.raises(SlipwayError, match="no AWS credentials"):
        purge(site, {}, [f"{site.static_url}/favicon.ico"])
    keys = {name: value for name, value in aws.env_of("deployer").items() if "KEY" in name}
    assert purge(site, keys, [f"{site.static_url}/favicon.ico"])
    assert dict(os.environ) == before
