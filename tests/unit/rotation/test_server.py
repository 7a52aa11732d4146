"""What changes a secret on the server: the playbook, and only where it is needed."""

from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from slipway.tool.rotation import server
from slipway.tool.secrets import Secrets
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError


@pytest.fixture
def there(site, monkeypatch):
    """The server; ``there.host`` is what it says of itself, ``there.played`` the playbook's runs."""
    there = SimpleNamespace(
        lock=SimpleNamespace(check=lambda: None),
        played=[],
        locked=[],
        connection=SimpleNamespace(restricted=False, addresses=set),
        host=SimpleNamespace(fingerprint="of before", layout=LAYOUT.version, drifted=(), sign_in_paths=("/in/",)),
    )

    def provision(site, secrets, wanted, deploy_lock):
        there.played.append((dict(secrets.web), wanted.fingerprint, deploy_lock))
        return there.connection, SimpleNamespace(**vars(there.host) | {"fingerprint": wanted.fingerprint})

    monkeypatch.setattr(server, "reach", lambda site: there.connection)
    monkeypatch.setattr(server.facts, "gather", lambda *_: there.host)
    monkeypatch.setattr(server.preflight, "check", lambda *_, **__: "budget")
    monkeypatch.setattr(
        server.inventory,
        "write",
        lambda site, secrets, budget, paths: SimpleNamespace(fingerprint=f"{secrets.web}{paths}"),
    )
    monkeypatch.setattr(server, "provision", provision)

    class Held:
        def __enter__(self):
            there.locked.append(True)
            return there.lock

        def __exit__(self, *_):
            there.locked.append(False)

    monkeypatch.setattr(server.lock, "held", lambda connection: Held())
    return there


def test_it_plays_under_the_lock_and_once_for_the_same_secrets(site, there, capsys):
    with ExitStack() as stack:
        made = server.Server(site, stack)
        made.bring(Secrets.load(site), "a key")
        made.bring(Secrets.load(site), "a key")
        assert there.locked == [True]
    assert [each[2] for each in there.played] == [there.lock] and there.locked == [True, False]
    assert "it is there" in capsys.readouterr().out


def test_nothing_is_played_once_the_lock_is_gone(site, there):
    def gone():
        raise SlipwayError("the deploy lock is gone")

    there.lock.check = gone
    with ExitStack() as stack, pytest.raises(SlipwayError, match="the deploy lock is gone"):
        server.Server(site, stack).bring(Secrets.load(site), "a key")
    assert not there.played


def test_before_the_first_deploy_the_file_alone_changes(site, there, capsys):
    there.host.fingerprint = ""
    with ExitStack() as stack:
        server.Server(site, stack).bring(Secrets.load(site), "a key")
    assert not there.played and not there.locked
    assert "`make deploy` brings a key" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda there: setattr(there.connection, "restricted", True), "the key of CI may not change secrets"),
        (lambda there: setattr(there.host, "layout", LAYOUT.version - 1), "run `make deploy` first"),
    ],
)
def test_a_server_that_cannot_take_it_is_rejected_before_anything_changes(change, says, site, there):
    change(there)
    with ExitStack() as stack, pytest.raises(SlipwayError, match=says):
        server.Server(site, stack)
    assert not there.locked and not there.played
