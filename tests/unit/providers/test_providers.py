"""All providers: every one that site.yml may name is complete."""

import subprocess
import sys

import pytest

from slipway.tool import config, providers
from slipway.tool.providers import akamai, by_hand, s3
from slipway.tool.providers.contract import Target
from slipway.tool.secrets import SECTIONS
from slipway.tool.server import stale
from slipway.web.errors import SlipwayError
from slipway.web.stores import DEFAULT, STORES

OTHERS = [name for name in STORES if name != DEFAULT]
EXPERIMENTAL = {"cloudflare", "fastly", "akamai", "rackspace"}
WITH_BUCKETS = [name for name in OTHERS if STORES[name].push]


def test_a_path_means_the_static_host_and_a_url_means_its_own(described):
    site = described("cloudflare")
    paths = ["/favicon.ico", "https://media.example.com/x.jpg", "https://static.example.com/*"]
    assert providers.targets(site, paths) == [
        Target("https://static.example.com", "/favicon.ico"),
        Target("https://media.example.com", "/x.jpg"),
        Target("https://static.example.com", "/*"),
    ]


@pytest.mark.parametrize("path", ["favicon.ico", "https://www.example.com/x", "https://static.example.com.evil/x"])
def test_what_is_on_no_cdn_host_is_rejected(described, path):
    with pytest.raises(SlipwayError, match="cannot purge"):
        providers.targets(described("cloudflare"), [path])


@pytest.mark.parametrize("name", WITH_BUCKETS)
def test_every_step_has_a_page_and_the_hosts_buckets_and_prefixes_are_named(described, name):
    site = described(name)
    steps = providers.of(site).describe(site)
    assert all(step.page.startswith("https://") for step in steps)
    text = " ".join(step.what for step in steps)
    for word in (site.static_url, site.media_url, site.bucket, site.media_bucket, "/static/", "/media/public/"):
        assert word in text
    # An upload opened as a page can neither run nor load anything.
    assert "on media.example.com Content-Security-Policy: default-src 'none'; sandbox" in text
    # Nor may an SVG of some package run what is written into it.
    assert "on static.example.com Content-Security-Policy: script-src 'self'; base-uri 'none'" in text
    # Who may upload from a browser, and how.
    assert f'"{"POST" if STORES[name].form else "PUT"}"' in text or name == "rackspace"


def test_the_vault_has_a_place_for_each_credential_and_for_no_other():
    assert set(SECTIONS["cdn"][1]) == {"CLOUDFLARE_API_TOKEN", "FASTLY_API_TOKEN", *akamai.KEYS}


@pytest.mark.parametrize("name", OTHERS)
def test_make_cdn_says_what_to_do_and_whether_nobody_has_tried_it(described, name, capsys):
    site = described(name)
    assert by_hand.show(site) == 0
    text = capsys.readouterr().out
    assert ("Experimental: " in text) == (name in EXPERIMENTAL)
    assert all(step.page in text for step in providers.of(site).describe(site))


@pytest.mark.parametrize("name", OTHERS)
def test_make_cdn_says_how_the_bucket_of_backups_and_its_keys_are_made(described, name, capsys, tmp_path):
    site = described(name)
    by_hand.show(site)
    text = " ".join(capsys.readouterr().out.split())
    for word in (site.backup_bucket, "versioning", "35 days", "restorer", "BACKUP_PASSPHRASE", "make escrow"):
        assert word in text
    assert ('"s3:AbortMultipartUpload"' in text) == (name == "s3")
    (tmp_path / "site.yml").write_text((tmp_path / "site.yml").read_text() + "backup_bucket: none\n")
    by_hand.show(config.load(tmp_path / "site.yml"))
    assert "BACKUP_PASSPHRASE" not in capsys.readouterr().out


@pytest.mark.parametrize("command", ["describe", "destroy", "policy"])
def test_there_is_no_state_to_read_of_what_was_set_by_hand(described, command):
    with pytest.raises(SlipwayError, match=f"{command}: .*`make cdn`"):
        by_hand.check(command, described("fastly"))


def test_the_command_goes_by_the_provider(described, tmp_path):
    described("akamai")
    command = [sys.executable, "-m", "slipway.tool", "cdn"]
    environ = {"CONFIG": str(tmp_path / "site.yml"), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=config.ROOT, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Akamai and Linode's object storage is set up by hand.")


def test_the_steps_of_a_cdn_that_pulls_name_host_and_origin(described):
    site = described("pull")
    text = " ".join(step.what for step in providers.of(site).describe(site))
    assert f"{site.static_url}/… from {site.site_url}/pulled/…" in text
    assert "Host: www.example.com" in text
    with pytest.raises(SlipwayError, match="purge it there"):
        providers.purge(site, {}, ["/favicon.ico"])


def test_the_documents_call_the_same_ones_experimental():
    said = (config.ROOT / "docs" / "providers.md").read_text()
    for name in OTHERS:
        assert (f"| `{name}`, experimental |" in said) == (name in EXPERIMENTAL)


def test_fastlys_keys_are_made_where_they_can_be_limited_to_a_bucket(described):
    site = described("fastly")
    (step,) = [step for step in providers.of(site).describe(site) if "S3 keys" in step.what]
    assert step.page.endswith("/object-storage-access-keys/") and "one bucket" in step.what


def test_an_s3_server_by_itself_needs_a_host_a_bucket_and_no_cdn(described, tmp_path):
    site = described("s3")
    (tmp_path / "site.yml").write_text((tmp_path / "site.yml").read_text() + "cdn: none\n")
    alone = config.load(tmp_path / "site.yml")
    with_cdn, without = (" ".join(step.what for step in s3.describe(each)) for each in (site, alone))
    assert "Put a CDN" in with_cdn and "Put a CDN" not in without
    assert "static.example.com is example-com's; media.example.com is example-com-media's" in without
    for text in (with_cdn, without):
        assert (
            '"arn:aws:s3:::example-com/static/*"' in text and '"arn:aws:s3:::example-com-media/media/public/*"' in text
        )
    with pytest.raises(SlipwayError, match="there is no CDN"):
        providers.purge(alone, {}, ["/favicon.ico"])
    assert stale.purge(alone, {}, ["https://static.example.com/static/favicon.ico"]) == []


def test_rackspace_says_that_it_has_nothing_to_purge(described):
    with pytest.raises(SlipwayError, match=r"favicon\.ico: Rackspace has no CDN"):
        providers.purge(described("rackspace"), {}, ["/favicon.ico"])
