"""`make prune`: its requests to the server, and that a check neither locks nor deletes."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from slipway.tool.__main__ import main
from slipway.tool.commands import prune
from slipway.tool.prune import Plan
from slipway.web.errors import SlipwayError

PLAN = Plan(("r2", "r1"), ("static/a.css", "static/b.css"), 2_500_000)


class Done(list):
    """``lost`` is whether the lock is gone before anything is deleted."""

    lost = False


@pytest.fixture
def happened(tmp_path, monkeypatch):
    """What was done, in its order."""
    (tmp_path / "site.yml").write_text("domain: example.com\nregion: eu-central-1\nserver: 192.0.2.1\n")
    monkeypatch.setenv("CONFIG", str(tmp_path / "site.yml"))
    done = Done()

    class Server:
        def __init__(self, _):
            pass

        def agent(self, *arguments):
            done.append(" ".join(arguments))
            return json.dumps([{"id": "r1"}, {"id": "r2"}])

    class Pruner:
        @classmethod
        def of(cls, site, identity):
            assert (site.bucket, identity.keys) == ("example-com", {"AWS_ACCESS_KEY_ID": "pruner"})
            return cls()

        def plan(self, keep, on_server):
            done.append(f"plan {keep} {on_server}")
            return PLAN

        def carry_out(self, plan):
            done.append(f"delete {len(plan.to_delete)}")

    vault = SimpleNamespace(pruner={"AWS_ACCESS_KEY_ID": "pruner"})

    def check():
        if done.lost:
            raise SlipwayError("the deploy lock is gone")

    @contextmanager
    def held(_):
        done.append("lock")
        yield SimpleNamespace(check=lambda: check())
        done.append("unlock")

    monkeypatch.setattr(prune, "Connection", Server)
    monkeypatch.setattr(prune, "Prune", Pruner)
    monkeypatch.setattr(prune.lock, "held", held)
    monkeypatch.setattr(prune.Secrets, "load", classmethod(lambda cls, site: vault))
    return done


def test_it_deletes_under_the_deploy_lock(happened, capsys):
    assert main(["prune"]) == 0
    assert happened == ["lock", "releases", "plan 5 ['r1', 'r2']", "delete 2", "unlock"]
    assert capsys.readouterr().out == "2 objects (2.5 MB) deleted; kept: those of 2 releases\n"


def test_nothing_is_deleted_once_the_lock_is_gone(happened, capsys):
    happened.lost = True
    assert main(["prune"]) == 1
    assert happened == ["lock", "releases", "plan 5 ['r1', 'r2']"]
    assert capsys.readouterr().err == "slipway: the deploy lock is gone\n"


def test_a_check_lists_what_would_go_and_changes_nothing(happened, capsys):
    assert main(["prune", "--check"]) == 0
    assert happened == ["releases", "plan 5 ['r1', 'r2']"]
    assert capsys.readouterr().out.splitlines() == [
        "static/a.css",
        "static/b.css",
        "2 objects (2.5 MB) to delete; kept: those of 2 releases",
    ]


def test_keys_without_a_client_are_one_line(monkeypatch, tmp_path, capsys):
    (tmp_path / "site.yml").write_text("domain: example.com\nregion: eu-central-1\nserver: 192.0.2.1\n")
    monkeypatch.setenv("CONFIG", str(tmp_path / "site.yml"))
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setattr(prune.Secrets, "load", classmethod(lambda cls, site: SimpleNamespace(pruner={})))
    assert main(["prune"]) == 1
    assert capsys.readouterr().err.startswith("slipway: incomplete AWS credentials: ")
