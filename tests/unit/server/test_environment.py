"""Slipway's own variables of the site's processes cannot be overridden, on the server and in a build."""

import json

import pytest

from slipway.tool import config
from slipway.tool.builder import WITHHELD, Builder
from slipway.tool.secrets import Secrets
from slipway.tool.secrets.sections import check
from slipway.tool.server import inventory, state
from slipway.web.errors import SlipwayError

DOMAIN = "domain: example.com\nregion: eu-central-1\n"
# Between them they bring each variable.
SITES = {
    "cloudfront": f"{DOMAIN}waive: {{SECURE_HSTS_SECONDS: an intranet}}\n",
    "akamai": f"{DOMAIN}provider: akamai\nendpoint: https://eu-central-1.linodeobjects.com\n",
    "pull": f"{DOMAIN}provider: pull\n",
}


@pytest.fixture(params=SITES.values(), ids=SITES)
def described(request, tmp_path, monkeypatch):
    """site.yml, and what its site's processes get on the server and in a build where neither adds a variable."""
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    file = tmp_path / "site.yml"
    file.write_text(f"{request.param}server: 203.0.113.7\nsettings: email.mime\nwsgi: email.mime\n")
    secrets = Secrets(tmp_path / "s", tmp_path / "p", {}, {}, {})
    site = config.load(file)
    return file, inventory.environment(site, secrets), Builder(site, secrets)._environment(WITHHELD)


def test_none_of_them_can_be_set_in_site_yml_or_in_the_secrets(described):
    file, on_server, in_build = described
    said = file.read_text()
    for name in {*on_server, *in_build, "WEB_CONCURRENCY"} - set(WITHHELD.environment()):
        file.write_text(f"{said}environment: {{{name}: theirs}}\n")
        with pytest.raises(SlipwayError, match=f"environment: {name}: Slipway sets it itself; ") as rejected:
            config.load(file)
        assert "\n" not in str(rejected.value)
        if name in inventory.LOCAL_DATABASE:
            # A secret may: it names the database that is not on the server.
            continue
        file.write_text(said)
        text = json.dumps({"slipway_secrets": {"web": {"SECRET_KEY": "x", name: "theirs"}}})
        with pytest.raises(SlipwayError, match=f"web: {name}: no secret, and Slipway sets it itself; "):
            check(config.load(file), file, text)


def test_a_build_has_what_the_server_has(described):
    _, on_server, in_build = described
    # Which module answers, and its database, is the server's alone; this shell, and who may push, the build's.
    assert on_server.items() - in_build.items() == {
        ("SLIPWAY_WSGI", "email.mime"),
        *inventory.LOCAL_DATABASE.items(),
    }
    assert set(in_build) - set(on_server) - set(WITHHELD.environment()) == {"SLIPWAY_BUILD"}


def test_what_site_yml_and_the_secrets_say_is_the_same_in_a_build_whatever_this_shell_has(tmp_path, monkeypatch):
    for name in ("FEATURE", "EMAIL_URL", "STATIC_URL", "AWS_ENDPOINT_URL_S3", "OF_THE_SHELL"):
        monkeypatch.setenv(name, "of this shell")
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    file = tmp_path / "site.yml"
    said = {"FEATURE": "on", "AWS_ENDPOINT_URL_S3": "https://s3.example.net"}
    file.write_text(f"{DOMAIN}settings: email.mime\nwsgi: email.mime\nenvironment: {json.dumps(said)}\n")
    secrets = Secrets(tmp_path / "s", tmp_path / "p", {"EMAIL_URL": "smtp://mail.example.com"}, {}, {})
    site = config.load(file)
    on_server, in_build = (
        inventory.environment(site, secrets) | secrets.web,
        Builder(site, secrets)._environment(WITHHELD),
    )
    assert {name: in_build[name] for name in on_server if name in in_build} == {
        name: value for name, value in on_server.items() if name in in_build
    }
    assert (in_build["FEATURE"], in_build["OF_THE_SHELL"]) == ("on", "of this shell")


def test_an_endpoint_that_site_yml_leaves_open_is_anybodys(tmp_path):
    file = tmp_path / "site.yml"
    file.write_text(f"{DOMAIN}environment: {{AWS_ENDPOINT_URL_S3: 'https://s3.example.net'}}\n")
    assert config.load(file).extra == {"AWS_ENDPOINT_URL_S3": "https://s3.example.net"}
