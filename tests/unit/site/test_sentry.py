"""SENTRY_DSN turns sentry-sdk on, and sends nothing of a visitor."""

import sys
from types import SimpleNamespace

import pytest

from slipway import ROOT
from slipway.tool import config
from slipway.tool import sentry as tool
from slipway.tool.secrets import Secrets
from slipway.web import request_id, sentry

DSN = {"SENTRY_DSN": "https://key@o0.ingest.example/0", "SLIPWAY_ENV": "production"}


@pytest.fixture
def sdk(monkeypatch):
    """In place of sentry-sdk, which a project may have: what it was begun with."""
    begun = []
    client = SimpleNamespace(is_active=lambda: bool(begun))
    module = SimpleNamespace(init=lambda **options: begun.append(options), get_client=lambda: client)
    monkeypatch.setitem(sys.modules, "sentry_sdk", module)
    return begun


def test_it_begins_with_the_release_and_nothing_of_a_visitor(sdk):
    sentry.start(DSN)
    (options,) = sdk
    assert (options["dsn"], options["release"], options["environment"]) == (DSN["SENTRY_DSN"], ROOT.name, "production")
    assert not options["send_default_pii"] and not options["include_local_variables"]
    assert options["max_request_body_size"] == "never"


def test_a_project_that_begins_it_itself_keeps_its_own(sdk):
    sdk.append({"dsn": "its own"})
    sentry.start(DSN)
    assert sdk == [{"dsn": "its own"}]


@pytest.mark.parametrize("environ", [{}, {"SENTRY_DSN": "x"}, DSN | {"SENTRY_DSN": ""}])
def test_without_a_dsn_or_in_development_nothing_begins(environ, sdk):
    sentry.start(environ)
    assert sdk == []


def test_a_project_without_sentry_sdk_goes_on(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    sentry.start(DSN)


def test_an_event_is_found_in_nginx_s_log_by_its_tag():
    token = request_id.current.set("a" * 32)
    try:
        assert sentry._with_request_id({"tags": {"x": "y"}}, {})["tags"] == {"x": "y", "request_id": "a" * 32}
    finally:
        request_id.current.reset(token)
    assert sentry._with_request_id({}, {}) == {}


def test_a_deploy_says_when_the_dsn_does_nothing(tmp_path):
    file = tmp_path / "site.yml"
    file.write_text("domain: example.com\nregion: eu-central-1\n")
    (tmp_path / "project" / "lock").mkdir(parents=True)
    lock = tmp_path / "project" / "lock" / "web-3.13.txt"
    lock.write_text("django==5.2\nraven-sentry-sdk==1\n")
    site = config.load(file)
    with_dsn = Secrets(tmp_path / "s", tmp_path / "p", {"SENTRY_DSN": "x"}, {}, {})
    assert tool.missing(site, with_dsn).startswith("SENTRY_DSN does nothing, the site has no sentry-sdk: ")
    assert tool.missing(site, Secrets(tmp_path / "s", tmp_path / "p", {}, {}, {})) == ""
    lock.write_text("django==5.2\nsentry-sdk==2.75.0 \\\n    --hash=sha256:0\n")
    assert tool.missing(site, with_dsn) == ""
