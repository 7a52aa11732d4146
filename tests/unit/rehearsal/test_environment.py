"""No account of this shell reaches a rehearsal, and its names resolve correctly."""

import os
import stat
import subprocess
from types import SimpleNamespace

import pytest

from rehearsal import server_site
from rehearsal.local_site import LocalSite
from rehearsal.machine import ssh
from rehearsal.server_site import ServerSite
from slipway.tool import config
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets
from slipway.web.errors import SlipwayError
from tests.clone import clone

MINE = {
    "AWS_ACCESS_KEY_ID": "my-own",
    "AWS_PROFILE": "my-own",
    "AWS_SESSION_TOKEN": "my-own",
    "AWS_CA_BUNDLE": "/my/own.pem",
    "DATABASE_URL": "postgres://production",
    "STATIC_URL": "https://static.my-own.example/",
    "SLIPWAY_BUILD": "/my/own",
    "https_proxy": "http://proxy.my-own.example:3128",
    "SSL_CERT_DIR": "/my/own",
}


# Packages come from the real registries.
OF_TOOLS = ("PIP_PROXY", "npm_config_https_proxy")


@pytest.fixture(autouse=True)
def shell(monkeypatch):
    """A shell that has an account, a proxy and a site of its own."""
    for name, value in MINE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    # ServerSite sets it for this process.
    monkeypatch.setenv(PASSWORD_VARIABLE, "")


@pytest.fixture
def machine(tmp_path):
    ssh.make_key(tmp_path)
    return SimpleNamespace(ports={22: 1, 80: 2, 443: 3}, ssh_config=ssh.write_config(tmp_path, 22))


@pytest.fixture
def rehearsed(tmp_path, machine):
    made = ServerSite(tmp_path / "state", config.load(), None, machine)
    made.trust("-----BEGIN CERTIFICATE-----\nan ACME root\n-----END CERTIFICATE-----\n")
    made.configure()
    return made


def _leaks(environment):
    return [name for name, value in environment.items() if value in MINE.values() and name not in OF_TOOLS]


@pytest.mark.parametrize("identity", ["admin", "web"])
def test_the_demos_processes_know_no_account(identity, tmp_path):
    environment = LocalSite(tmp_path, None).variables(identity)
    assert [name for name in _leaks(environment) if name.startswith(("AWS", "DATABASE", "STATIC", "SLIPWAY"))] == []
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")


def test_the_demos_processes_have_the_variables_of_site_yml_and_of_a_project_s_own(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    (tmp_path / "site.yml").write_text(
        "domain: example.com\nregion: eu-central-1\nsettings: email.mime\nwsgi: email.mime\n"
        "environment: {DJANGO_ADMIN_URL: 'hidden/', LEVEL: 'WARNING: all'}\n"
    )
    monkeypatch.setenv("DJANGO_SENTRY_DSN", "of this shell")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "of.this.shell")
    local = LocalSite(tmp_path / "local", None, source=tmp_path)
    environment = local.variables("web")
    assert environment["DJANGO_ADMIN_URL"] == "hidden/"
    assert environment["LEVEL"] == "WARNING: all"
    assert environment["DJANGO_SENTRY_DSN"] == "of this shell"
    # The demo's own.
    assert environment["DATABASE_URL"].startswith("sqlite:")
    assert environment["DJANGO_SETTINGS_MODULE"] == "email.mime"
    # What a deploy gives the server.
    assert local.user_site.extra.keys() <= environment.keys()


def test_a_rehearsal_builds_and_ships_what_a_deploy_does(tmp_path):
    said = "settings: email.mime\nwsgi: email.mime\nbuild: npm ci\nship: [project/data]\n"
    local = LocalSite(tmp_path / "local", None, source=clone(tmp_path / "clone", said))
    assert (local.site.build, local.site.ship) == ("npm ci", ("project/data",))


def test_the_demo_is_as_strict_as_the_users_own_site(tmp_path):
    said = "waive: {SECURE_HSTS_SECONDS: an intranet}\nallow: {/icons/: drawn for each}\n"
    said += "sign_in_paths: [/graphql/]\npaths: [/shop/]\n"
    source = clone(tmp_path / "clone", f"settings: email.mime\nwsgi: email.mime\n{said}sign_in_tries: 5\n")
    local = LocalSite(tmp_path / "local", None, source=source)
    user, site = local.user_site, local.site
    assert dict(site.waive) == {"SECURE_HSTS_SECONDS": "an intranet"}
    assert [(it.waive, it.allow, it.paths, it.sign_in_paths, it.sign_in_tries) for it in (site,)] == [
        (user.waive, user.allow, user.paths, user.sign_in_paths, user.sign_in_tries)
    ]


def test_who_deploys_knows_no_account_and_no_real_endpoint(rehearsed):
    environment = rehearsed.deployer()
    assert _leaks(environment) == []
    assert "AWS_ACCESS_KEY_ID" not in environment
    assert environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_a_shell_with_a_proxy_leaves_it_to_pip_and_npm_alone(rehearsed):
    environment = rehearsed.deployer()
    assert {environment[name] for name in OF_TOOLS} == {MINE["https_proxy"]}
    assert environment["HTTPS_PROXY"] == f"http://127.0.0.1:{rehearsed.ports['proxy']}"


def test_without_one_the_registries_are_asked_directly(rehearsed, monkeypatch):
    monkeypatch.delenv("https_proxy")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://wheels.example/simple file:///srv/simple")
    past = rehearsed.deployer()["NO_PROXY"].split(",")
    assert {"127.0.0.1", "pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "wheels.example"} <= set(past)
    assert not any("slipway.test" in name for name in past)


def test_a_stand_in_asks_no_proxy(rehearsed):
    environment = rehearsed.variables("cdn")
    assert _leaks(environment) == []
    assert "HTTPS_PROXY" not in environment
    assert environment["AWS_ENDPOINT_URL_S3"] == f"https://127.0.0.1:{rehearsed.ports['s3']}"


def test_the_site_has_the_urls_that_anybody_would_have(rehearsed):
    site = rehearsed.site
    assert site.site_url == "https://www.slipway.test"
    assert site.static_url == "https://static.slipway.test"
    assert site.media_url == "https://media.slipway.test"
    assert site.redirects == ("slipway.test",)
    assert site.ssh_config == str(rehearsed.machine.ssh_config)
    assert site.admin_keys == (rehearsed.machine.ssh_config.with_name("id_ed25519.pub").read_text().strip(),)
    assert site.acme == f"https://acme.slipway.test:{rehearsed.ports['acme']}/dir"


def test_every_name_of_the_site_resolves_to_the_loopback(rehearsed):
    routes = rehearsed.routes()
    assert routes["www.slipway.test:443"] == routes["slipway.test:443"] == 3
    assert routes["www.slipway.test:80"] == 2
    assert routes["static.slipway.test:443"] == routes["media.slipway.test:443"] == rehearsed.ports["cdn"]
    # One URL for the machine, this computer and its browser.
    assert rehearsed.site.extra["AWS_ENDPOINT_URL_S3"] == rehearsed.deployer()["AWS_ENDPOINT_URL_S3"]
    assert routes[rehearsed.s3_url.removeprefix("https://")] == rehearsed.ports["s3"]


def test_the_secrets_open_with_the_rehearsals_own_password(rehearsed, monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, str(rehearsed.password_file))
    rehearsed.write_secrets(SMOKE_LOGIN=rehearsed.login)
    secrets = Secrets.load(rehearsed.site)
    assert secrets.web["AWS_ACCESS_KEY_ID"] != secrets.deployer["AWS_ACCESS_KEY_ID"]
    assert secrets.smoke == {"SMOKE_LOGIN": rehearsed.login}
    assert secrets.web["SECRET_KEY"] not in rehearsed.site.path.read_text()
    assert stat.S_IMODE(rehearsed.password_file.stat().st_mode) == 0o600


def test_the_same_environment_is_found_again(rehearsed):
    again = ServerSite(rehearsed.directory, rehearsed.user_site, None, rehearsed.machine)
    assert (again.ports, again.login) == (rehearsed.ports, rehearsed.login)
    assert again.authority.certificate.read_bytes() == rehearsed.authority.certificate.read_bytes()


def test_a_resumed_machines_older_authority_is_still_believed(rehearsed):
    again = ServerSite(rehearsed.directory, rehearsed.user_site, None, rehearsed.machine)
    again.trust("-----BEGIN CERTIFICATE-----\na newer root\n-----END CERTIFICATE-----\n")
    for text in ("an ACME root", "a newer root", again.authority.certificate.read_text()):
        assert text in again.anchors.read_text()
        assert text in again.trusted.read_text()


def test_a_port_that_somebody_took_meanwhile_is_named(rehearsed, monkeypatch):
    monkeypatch.setattr(server_site, "free_port", lambda port: port + (port == rehearsed.ports["s3"]))
    with pytest.raises(SlipwayError, match=rf"port {rehearsed.ports['s3']} \(s3\) is taken"):
        rehearsed.check_ports()


def test_another_shell_deploys_by_the_same_secrets(rehearsed):
    script = f"{server_site.shell(rehearsed.deployer())}printenv {PASSWORD_VARIABLE}"
    env = {"PATH": os.environ["PATH"], "OTHER": "of this shell"}
    done = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(rehearsed.password_file)
