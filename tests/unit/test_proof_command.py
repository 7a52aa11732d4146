"""The proof takes the command line that a deploy and the demo build, and knows the site by it."""

from dataclasses import replace

import pytest

from slipway.tool import config, proof_command
from slipway.web.prefixes import PULLED_PATH
from static_smoke.options import Options, parse

SITE = """\
domain: example.com
region: eu-central-1
settings: email.mime
wsgi: email.mime
paths: [/shop/, "/find/?q=a"]
allow: {/sprite.svg: of another's package}
waive: {SECURE_HSTS_SECONDS: "an intranet = no"}
"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "project").mkdir()
    (tmp_path / "site.yml").write_text(SITE)
    return config.load(tmp_path / "site.yml")


@pytest.fixture
def read(tmp_path):
    """Options of the proof on ``site``."""
    manifest = tmp_path / "build" / "manifests" / "objects.json"
    manifest.parent.mkdir(parents=True)
    manifest.touch()

    def options(site, **more) -> Options:
        folders = {"project": tmp_path / "project", "build": tmp_path / "build", "report": tmp_path / "report"}
        return parse(proof_command.command(site, origin_log=tmp_path / "origin.log", **folders, **more)[3:])

    return options


def test_every_option_says_what_the_site_is(read, site, tmp_path):
    options = read(site, provisioned=site.path)
    assert (options.site, options.static) == ("https://www.example.com/", "https://static.example.com/")
    assert options.media == "https://media.example.com/"
    assert options.paths == ("/shop/", "/find/?q=a")
    assert options.also == site.redirects == ("example.com",)
    assert options.allow == (("/sprite.svg", "of another's package"),)
    assert options.waived == (("SECURE_HSTS_SECONDS", "an intranet = no"),)
    assert options.manifests == (tmp_path / "build" / "manifests" / "objects.json",)
    assert (options.source, options.report) == (tmp_path / "project", tmp_path / "report")
    assert (options.origin_log, options.provisioned) == (tmp_path / "origin.log", site.path)
    assert options.pull == ""
    assert options.depth == "quick"


def test_what_is_not_described_is_not_named(read, site):
    assert read(site).provisioned is None


def test_a_cdn_that_pulls_is_said_to(read, site):
    assert read(replace(site, provider="pull")).pull == PULLED_PATH
