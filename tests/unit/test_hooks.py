"""`hooks` of site.yml: where they run, what they are told, how they end, and when a deploy or a rollback runs them."""

import argparse
import json
import os
import subprocess
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from slipway.tool import config
from slipway.tool.commands import deploy, rollback
from slipway.tool.hooks import Hooks
from slipway.web.errors import SlipwayError


@pytest.fixture
def site(tmp_path):
    """``site(name=command)``: a site with these hooks."""

    def described(**hooks):
        file = tmp_path / "site.yml"
        text = f"domain: example.com\nregion: eu-central-1\nserver: 203.0.113.7\nhooks: {json.dumps(hooks)}\n"
        file.write_text(text)
        return config.load(file)

    return described


def told(tmp_path):
    """The variables that the hook `env > told` has written."""
    return dict(line.split("=", 1) for line in (tmp_path / "told").read_text().splitlines() if "=" in line)


def test_it_runs_in_the_folder_of_site_yml_with_the_facts_and_no_secret(site, tmp_path, monkeypatch):
    for name in ("AWS_SECRET_ACCESS_KEY", "SECRET_KEY", "SSH_AUTH_SOCK", "ANSIBLE_VAULT_PASSWORD_FILE"):
        monkeypatch.setenv(name, "canary-secret")
    monkeypatch.setenv("HOOK_TOKEN", "of-the-team")
    for command in ("init -q", "-c user.name=a -c user.email=a@example.com commit -q --allow-empty -m first"):
        subprocess.run(["git", *command.split()], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True)
    Hooks(site(failed="pwd > where; env > told"), "deploy", release="2", before="1").run("failed", "it broke")
    assert (tmp_path / "where").read_text() == f"{tmp_path}\n"
    variables = told(tmp_path)
    assert {name: value for name, value in variables.items() if name.startswith("SLIPWAY_")} == {
        "SLIPWAY_HOOK": "failed",
        "SLIPWAY_COMMAND": "deploy",
        "SLIPWAY_SITE_URL": "https://www.example.com",
        "SLIPWAY_SERVER": "203.0.113.7",
        "SLIPWAY_RELEASE": "2",
        "SLIPWAY_BEFORE": "1",
        "SLIPWAY_COMMIT": head.stdout.strip(),
        "SLIPWAY_ERROR": "it broke",
    }
    assert variables["HOOK_TOKEN"] == "of-the-team" and variables["HOME"] == os.environ["HOME"]
    assert "canary-secret" not in (tmp_path / "told").read_text()


def test_without_git_the_commit_is_empty_and_so_it_is_in_a_rollback(site, tmp_path, monkeypatch):
    described = site(after_deploy="env > told")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("git was asked"))
    Hooks(described, "rollback").run("after_deploy")
    assert told(tmp_path)["SLIPWAY_COMMIT"] == ""
    monkeypatch.undo()
    Hooks(described, "deploy").run("after_deploy")
    assert told(tmp_path)["SLIPWAY_COMMIT"] == ""


def test_its_output_is_shown_with_its_name(site, capfd):
    Hooks(site(before_build="echo generated; echo 'of it' >&2"), "deploy").run("before_build")
    title, *output, seconds = capfd.readouterr().out.splitlines()
    assert title == "▸ Hook before_build: echo generated; echo 'of it' >&2"
    assert output == ["generated", "of it"] and seconds.endswith(" s")


@pytest.mark.parametrize(
    ("name", "then"),
    [
        ("before_build", "nothing was built or changed"),
        ("before_switch", "nothing was switched: the release that served serves on"),
        ("after_deploy", "2 is live all the same"),
    ],
)
def test_a_failure_is_one_line_that_says_what_serves(name, then, site):
    with pytest.raises(SlipwayError) as failed:
        Hooks(site(**{name: "exit 3"}), "deploy", release="2").run(name)
    assert str(failed.value) == f"hooks: {name}: `exit 3` failed with exit status 3; {then}"


def test_at_its_limit_it_ends_with_all_that_it_has_started(site, tmp_path):
    hooks = Hooks(site(before_build="echo $$ > ids; sleep 60 & echo $! >> ids; wait", timeout=1), "deploy")
    with pytest.raises(SlipwayError, match=r"was ended after 1 seconds, its limit; nothing was built or changed$"):
        hooks.run("before_build")
    assert_ended(tmp_path)


def test_what_it_leaves_in_the_background_ends_with_it(site, tmp_path):
    Hooks(site(before_build="echo $$ > ids; sleep 60 & echo $! >> ids"), "deploy").run("before_build")
    assert_ended(tmp_path)


def assert_ended(folder):
    first, second = (folder / "ids").read_text().split()
    for number in (first, second):
        deadline = time.monotonic() + 5
        while _runs(number):
            assert time.monotonic() < deadline, number
            threading.Event().wait(0.01)


def _runs(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("hook", ['echo "$SLIPWAY_ERROR" > told', 'echo "$SLIPWAY_ERROR" > told; exit 1'])
@pytest.mark.parametrize(
    ("error", "line"),
    [(SlipwayError("no\n way"), "no way"), (KeyboardInterrupt(), "interrupted"), (ValueError(), "ValueError")],
)
def test_failed_gets_the_error_and_never_hides_it(hook, error, line, site, tmp_path, capfd):
    with pytest.raises(type(error)) as raised, Hooks(site(failed=hook), "deploy").reporting():
        raise error
    assert raised.value is error
    assert (tmp_path / "told").read_text() == f"{line}\n"
    assert ("warning: hooks: failed: " in capfd.readouterr().out) == hook.endswith("exit 1")


@pytest.fixture
def deployed(site, monkeypatch, tmp_path):
    """Deploys to a server where release 1 serves, each hook and phase noted; ``fail`` is a phase that raises."""

    def run(fail="", check=False, **hooks):
        def phase(name):
            def play(self, *_):
                with (tmp_path / "played").open("a") as file:
                    file.write(f"{name}\n")
                if name == fail:
                    raise SlipwayError(f"{name} failed")
                return SimpleNamespace(id="2") if name == "build" else 0

            return play

        noted = {name: f"echo {name} $SLIPWAY_RELEASE of $SLIPWAY_BEFORE >> played" for name in hooks or HOOKS}
        described = site(**noted | hooks)
        monkeypatch.setattr(deploy.config, "load", lambda: described)
        monkeypatch.setattr(deploy.Secrets, "load", lambda site: None)
        monkeypatch.setattr(deploy.Deploy, "reasons", lambda self: [])
        monkeypatch.setattr(deploy.Deploy, "summary", lambda self, *_: "live")
        monkeypatch.setattr(deploy.Deploy, "state", lambda self: [])
        for name in ("preflight", "check", "take_lock", "build", "restore", "prepare", "switch", "prune", "back_up"):
            monkeypatch.setattr(deploy.Deploy, name, phase(name))
        host = SimpleNamespace(fingerprint="abc", current="1")
        monkeypatch.setattr(deploy, "Deploy", lambda *given: with_host(DEPLOY(*given), host))
        error = ""
        try:
            deploy.run(argparse.Namespace(check=check))
        except SlipwayError as raised:
            error = str(raised)
        return (tmp_path / "played").read_text().splitlines(), error

    return run


HOOKS = ("before_build", "before_switch", "after_deploy", "failed")
DEPLOY = deploy.Deploy


def with_host(deploying, host):
    deploying.host, deploying.deploy_lock = host, True
    return deploying


def test_a_deploy_runs_each_at_its_step(deployed):
    played, error = deployed()
    assert error == ""
    assert played == [
        *("preflight", "take_lock", "before_build of 1", "build", "restore", "prepare", "before_switch 2 of 1"),
        *("switch", "prune", "back_up", "after_deploy 2 of 1"),
    ]


def test_one_that_fails_before_the_switch_stops_the_deploy(deployed):
    played, error = deployed(before_build="exit 1", failed='echo "$SLIPWAY_ERROR" >> played')
    assert played == ["preflight", "take_lock", error]
    assert error.endswith("nothing was built or changed")


def test_one_that_fails_at_the_switch_stops_the_deploy(deployed):
    played, error = deployed(before_switch="exit 1")
    assert "switch" not in played and played[-1] == "prepare"
    assert error.endswith("the release that served serves on")


def test_one_that_fails_afterwards_is_no_failed_deploy_and_ends_with_an_error(deployed):
    played, error = deployed(after_deploy="exit 1", failed="echo failed >> played")
    assert played[-1] == "back_up" and error.endswith("2 is live all the same")


@pytest.mark.parametrize("phase", ["preflight", "build", "switch"])
def test_a_phase_that_fails_is_told(phase, deployed):
    played, error = deployed(fail=phase)
    assert error == f"{phase} failed"
    assert played[-1] == {"preflight": "failed of", "build": "failed of 1", "switch": "failed 2 of 1"}[phase]


@pytest.mark.parametrize("fail", ["", "preflight", "check"])
def test_a_check_runs_none(fail, deployed):
    played, _ = deployed(check=True, fail=fail)
    assert not [line for line in played if line.split()[0] in HOOKS]


@pytest.mark.parametrize(("error", "wanted"), [("", "after_deploy 1 of 2"), ("no release", "failed 1 of")])
def test_a_rollback_tells_what_serves_and_nothing_holds_it_up(error, wanted, site, monkeypatch, tmp_path):
    def agent(*_):
        if error:
            raise SlipwayError(error)
        return '["2", "1"]'

    described = site(**{name: f"echo {name} $SLIPWAY_RELEASE of $SLIPWAY_BEFORE >> played" for name in HOOKS})
    monkeypatch.setattr(rollback.config, "load", lambda: described)
    monkeypatch.setattr(rollback, "Connection", lambda site: SimpleNamespace(agent=agent))
    monkeypatch.setattr(rollback.lock, "held", nullcontext)
    try:
        rollback.run(argparse.Namespace(to="1"))
    except SlipwayError as raised:
        assert str(raised) == error
    assert (tmp_path / "played").read_text() == f"{wanted}\n"
