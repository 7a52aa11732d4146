"""DATABASE_URL's password: the site has both before the database changes it."""

import pytest

from slipway.tool.rotation import database_password
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

URL = "postgres://site:of%20before@db.example.com:5433/wall?sslmode=require"


@pytest.fixture
def elsewhere(site):
    return Secrets.put(site, "web", {"DATABASE_URL": URL})


def test_the_site_has_both_when_the_database_changes_and_then_the_new_one_alone(site, server, elsewhere):
    database_password.rotate(site, elsewhere, server)
    before, after = server.brought
    ((words, there),) = server.asked
    assert words == ("password",) and there == before
    new = before["DATABASE_PASSWORD_NEXT"]
    assert before["DATABASE_URL"] == URL and len(new) > 40
    assert after["DATABASE_URL"] == URL.replace("of%20before", new)
    assert "DATABASE_PASSWORD_NEXT" not in after and Secrets.load(site).web == after


def test_an_interrupted_run_goes_on_with_the_password_that_the_database_may_have(site, server, elsewhere, monkeypatch):
    monkeypatch.setattr(server.connection, "agent", lambda *_: (_ for _ in ()).throw(SlipwayError("broke off")))
    with pytest.raises(SlipwayError, match="broke off"):
        database_password.rotate(site, elsewhere, server)
    first = Secrets.load(site).web["DATABASE_PASSWORD_NEXT"]
    monkeypatch.setattr(server.connection, "agent", server.agent)
    database_password.rotate(site, Secrets.load(site), server)
    assert first in Secrets.load(site).web["DATABASE_URL"]


@pytest.mark.parametrize("url", ["", "postgres:///slipway", "postgres://site@db.example.com/wall"])
def test_where_there_is_none_nothing_changes(url, site, server):
    secrets = Secrets.put(site, "web", {"DATABASE_URL": url}) if url else Secrets.load(site)
    with pytest.raises(SlipwayError, match=r"DATABASE_URL: no password in site\.secrets\.yml"):
        database_password.rotate(site, secrets, server)
    assert not server.brought


def test_before_the_first_deploy_nobody_could_change_it(site, server, elsewhere):
    server.host.fingerprint = ""
    with pytest.raises(SlipwayError, match="run `make deploy` first"):
        database_password.rotate(site, elsewhere, server)
    assert "DATABASE_PASSWORD_NEXT" not in Secrets.load(site).web
