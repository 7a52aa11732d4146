"""A server of another site is rejected by name, for every command."""

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from slipway.tool import VERSION, commands
from slipway.tool.__main__ import main
from slipway.tool.secrets import Secrets
from slipway.tool.server import owner
from slipway.tool.server.layout import LAYOUT, VALUES

OURS = {"site": "example.com", "layout": LAYOUT.version, "site_host": "www.example.com"}
OTHER = {"site": "other.example", "layout": LAYOUT.version, "site_host": "www.other.example"}
COMMANDS = [
    "alarm",
    "audit",
    "backup",
    "db",
    "deploy",
    "jobs",
    "logs",
    "maintenance",
    "move",
    "prune",
    "releases",
    "restore",
    "rollback",
    "shell",
    "status",
    "unlock",
]
# What a command cannot do without.
MORE = {"move": ("--to", "203.0.113.8"), "restore": ("--yes", "example.com")}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server in a folder: its files lie below it, ssh and sudo run here, and ``called()`` is what else ran."""
    called = tmp_path / "called"
    programs = {
        "ssh": 'for line; do :; done; exec sh -c "$line"',
        "sudo": 'exec "$@"',
        **dict.fromkeys(("slipway", "systemd-run", "journalctl", "df"), f'echo "$0 $*" >> {called}'),
    }
    (tmp_path / "bin").mkdir()
    for name, body in programs.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    below = {name: f"{tmp_path}{path}" for name, path in VALUES.items() if str(path).startswith("/")}
    monkeypatch.setattr(owner, "LAYOUT", SimpleNamespace(**(VALUES | below)))

    def record(said, release=""):
        (tmp_path / "etc" / "slipway").mkdir(parents=True, exist_ok=True)
        # As Ansible's to_nice_json writes it.
        text = json.dumps(said | {"tls": True, "memory_max": "80M"}, indent=4, sort_keys=True)
        (tmp_path / "etc" / "slipway" / "release.json").write_text(text)
        if release:
            (tmp_path / "srv" / "slipway").mkdir(parents=True)
            (tmp_path / "srv" / "slipway" / "current").symlink_to(f"releases/{release}")

    return SimpleNamespace(record=record, called=lambda: called.read_text() if called.exists() else "")


@pytest.fixture
def ask(site, server):
    """Runs `echo reached` behind the check; returns its output and its error."""

    def ask(said=None, *, release="", **how):
        if said is not None:
            server.record(said, release)
        line = owner.guard(site, **{"take_over": False} | how) + "echo reached"
        done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
        assert done.returncode == (0 if done.stdout else 1)
        return done.stdout.strip(), done.stderr.strip()

    return ask


def test_ones_own_server_a_bare_one_and_one_of_the_version_before_are_reached(ask):
    assert ask() == ("reached", "")
    assert ask(OURS) == ("reached", "")
    assert ask({"site_host": "www.example.com"}) == ("reached", "")


@pytest.mark.parametrize("said", [OTHER, {"site_host": "www.other.example"}])
def test_another_sites_server_is_rejected_by_name_with_its_release_in_one_line(said, ask):
    out, rejected = ask(said, release="20261121T124102Z-5c9d2f1e")
    assert (out, rejected.count("\n")) == ("", 0)
    for name in ("203.0.113.7", "www.other.example (release 20261121T124102Z-5c9d2f1e)", "site.yml", "TAKE_OVER=1"):
        assert name in rejected
    assert "describes www.example.com;" in rejected


def test_another_host_of_the_same_domain_and_another_domain_of_the_same_host_are_other_sites(ask):
    assert "serves staging.example.com (no release yet)" in ask(OURS | {"site_host": "staging.example.com"})[1]
    said = ask(OURS | {"site": "other.example"})[1]
    assert "serves www.example.com of other.example " in said
    assert "describes www.example.com of example.com;" in said


def test_it_is_reached_by_who_takes_it_over(ask):
    assert ask(OTHER, take_over=True) == ("reached", "")


@pytest.mark.parametrize("take_over", [False, True])
def test_a_server_of_a_later_layout_is_rejected_whoever_asks(take_over, ask):
    later = {"layout": LAYOUT.version + 1, "version": "7.0.1"}
    out, rejected = ask(OURS | later, take_over=take_over)
    assert (out, rejected.count("\n")) == ("", 0)
    assert rejected == (
        f"slipway: server 203.0.113.7 was deployed by Slipway 7.0.1 (layout {LAYOUT.version + 1}), and this checkout "
        f"is {VERSION} (layout {LAYOUT.version}): take the newer one, git pull or merge it"
    )


@pytest.mark.parametrize("take_over", [False, True])
def test_a_server_from_which_the_site_has_moved_is_reached_by_its_move_alone(take_over, ask, tmp_path):
    state = tmp_path / LAYOUT.move_state.lstrip("/")
    state.parent.mkdir(parents=True)
    said = {"state": "moved", "to": "203.0.113.9", "how": "dump", "at": "2026-12-01 01:02:05 UTC"}
    state.write_text(json.dumps(said) + "\n")
    assert ask(OURS, take_over=take_over) == (
        "",
        "slipway: server 203.0.113.7 has moved to 203.0.113.9 on 2026-12-01 01:02:05 UTC, and only forwards to it; "
        "name that one as `server` in site.yml",
    )
    assert ask(OURS, moving=True) == ("reached", "")
    for other in ("closed", "arriving", "arrived"):
        state.write_text(json.dumps(said | {"state": other}))
        assert ask(OURS, take_over=take_over) == ("reached", "")


def test_a_server_of_an_earlier_layout_is_reached(ask):
    assert ask(OURS | {"layout": 1}) == ("reached", "")


def test_every_command_that_reaches_the_server_is_known_here():
    modules = [path for path in Path(commands.__path__[0]).glob("[a-z]*.py") if "connection import" in path.read_text()]
    assert sorted(path.stem for path in modules) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_does_anything_on_another_sites_server(command, site, server, monkeypatch, capfd):
    monkeypatch.setenv("CONFIG", str(site.path))
    secrets = SimpleNamespace(
        web={}, deployer={}, alarms={}, pruner={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    )
    monkeypatch.setattr(Secrets, "load", lambda site: secrets)
    server.record(OTHER)
    assert main([command, *MORE.get(command, ())]) == 1
    assert "slipway: server 203.0.113.7 serves www.other.example" in capfd.readouterr().err
    assert server.called() == ""


def test_who_takes_it_over_gets_to_look_at_it(site, server, monkeypatch, capfd):
    monkeypatch.setenv("CONFIG", str(site.path))
    monkeypatch.setattr(Secrets, "load", lambda site: SimpleNamespace(web={}, deployer={}, alarms={}))
    server.record(OTHER)
    assert main(["deploy", "--take-over"]) == 1
    # The stand-in's facts are none; they were asked for.
    assert "slipway: the server's answer cannot be read" in capfd.readouterr().err
    assert "/df " in server.called()
