"""SECRET_KEY: at each moment every process knows what any other has signed."""

import pytest

from slipway.tool.rotation import secret_key
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError


def keys(variables):
    return variables["SECRET_KEY"], [*filter(None, variables.get("SECRET_KEY_FALLBACKS", "").split(","))]


def test_the_new_key_is_accepted_everywhere_before_it_signs(site, server):
    secret_key.rotate(site, Secrets.load(site), server)
    (signs, accepted), (signs_then, accepted_then) = map(keys, server.brought)
    new = accepted[0]
    assert (signs, signs_then) == ("the first", new) and accepted_then == ["the first"]
    assert len(new) > 50 and new != "the first"


def test_a_second_rotation_keeps_the_keys_of_before(site, server):
    secret_key.rotate(site, Secrets.load(site), server)
    second = Secrets.load(site).web["SECRET_KEY"]
    secret_key.rotate(site, Secrets.load(site), server)
    assert keys(Secrets.load(site).web)[1] == [second, "the first"]


@pytest.mark.parametrize("brought", [0, 1])
def test_what_is_interrupted_begins_anew_and_forgets_no_key(brought, site, server, monkeypatch):
    bring = server.bring

    def once(secrets, what):
        server.interrupted = len(server.brought) == brought
        bring(secrets, what)

    monkeypatch.setattr(server, "bring", once)
    with pytest.raises(KeyboardInterrupt):
        secret_key.rotate(site, Secrets.load(site), server)
    left = Secrets.load(site).web
    monkeypatch.setattr(server, "bring", bring)
    server.interrupted = False
    secret_key.rotate(site, Secrets.load(site), server)
    signed_by, accepted = keys(Secrets.load(site).web)
    # The server had one of these, and so had whoever signed in.
    assert {"the first", left["SECRET_KEY"]} <= {signed_by, *accepted}


def test_the_end_takes_the_keys_of_before_away(site, server):
    secret_key.rotate(site, Secrets.load(site), server)
    new = Secrets.load(site).web["SECRET_KEY"]
    secret_key.end(site, Secrets.load(site), server)
    assert Secrets.load(site).web == server.brought[-1] == {"SECRET_KEY": new}
    assert "nothing to end" in secret_key.end(site, Secrets.load(site), server)[0]
    assert len(server.brought) == 3


def test_a_key_that_no_list_can_hold_is_rejected(site, server):
    Secrets.put(site, "web", {"SECRET_KEY": "one,two"})
    with pytest.raises(SlipwayError, match="has a comma") as told:
        secret_key.rotate(site, Secrets.load(site), server)
    assert "one" not in str(told.value).replace("SECRET_KEY", "") and not server.brought
