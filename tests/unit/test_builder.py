"""Which key each process of a build is given."""

import fcntl
import json
import os
import time

import pytest

from slipway.tool import config, front_end
from slipway.tool.builder import Builder
from slipway.tool.secrets import Secrets
from slipway.tool.server import state
from slipway.web.errors import SlipwayError

DEPLOYER = {"AWS_ACCESS_KEY_ID": "the-deployer", "AWS_SECRET_ACCESS_KEY": "the-deployer's-secret"}
WEB = {"AWS_ACCESS_KEY_ID": "the-web", "AWS_SECRET_ACCESS_KEY": "the-web's-secret", "SECRET_KEY": "x"}
# In place of manage.py: keeps its environment under its command's name when it is told, and what it was told.
MANAGE = """
import json, os, sys
assert sys.argv.pop(1) == "when_told"
here = os.path.dirname(os.path.abspath(__file__))
open(f"{here}/{sys.argv[1]}.started", "w").close()
if line := sys.stdin.readline():
    with open(f"{here}/{sys.argv[1]}.json", "w") as file:
        json.dump({**os.environ, "told": line}, file)
    sys.stderr.write("slipway: it is wrong\\n" if "fails" in line else "")
    sys.exit("fails" in line)
"""


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Runs the processes of a build; gives their environments by command."""
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "log").mkdir()
    (tmp_path / "site.yml").write_text("domain: example.com\nregion: eu-central-1\n")
    monkeypatch.setattr(state, "ROOT", tmp_path)
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    site = config.load(tmp_path / "site.yml")

    def run(deployer):
        builder = Builder(site, Secrets(site.path, site.path, web=WEB, deployer=deployer, smoke={}))
        before = dict(os.environ)
        builder.start_checks(allow_unsafe=False)
        builder.start()
        builder.checks("[]")
        builder.push()
        # What follows it reads the archive that it has made.
        with pytest.raises(FileNotFoundError):
            builder.pack()
        assert dict(os.environ) == before
        return {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in COMMANDS}

    return run


COMMANDS = ("collectstatic", "check_release", "pack")


@pytest.mark.parametrize("deployer", [DEPLOYER, {}], ids=["a vaulted key", "the key of this shell"])
def test_the_push_alone_has_the_deployer_s_key(deployer, build, monkeypatch):
    shell = {"AWS_ACCESS_KEY_ID": "the-shell", "AWS_SECRET_ACCESS_KEY": "the-shell's", "AWS_SESSION_TOKEN": "its-token"}
    for name, value in shell.items():
        monkeypatch.setenv(name, value)
    environments = build(deployer)
    pushing = environments.pop("collectstatic")
    expected = deployer or shell
    assert {name: pushing.get(name) for name in shell} == {name: expected.get(name) for name in shell}
    for environment in environments.values():
        assert not {*DEPLOYER.values(), *WEB.values(), *shell.values()} & set(environment.values()) - {"x"}
        # Settings that ask for the variable find it, as on the server.
        assert environment["AWS_ACCESS_KEY_ID"] == "withheld" and environment["SECRET_KEY"] == "x"


@pytest.fixture
def builder(build, tmp_path):
    site = config.load(tmp_path / "site.yml")
    building = Builder(site, Secrets(site.path, site.path, web=WEB, deployer=DEPLOYER, smoke={}))
    yield building
    building.end()


def started(tmp_path, name):
    """Waits for the process: it has loaded what it needs, and its turn has not come."""
    while not (tmp_path / f"{name}.started").exists():
        time.sleep(0.01)


def test_a_process_that_has_started_waits_for_its_turn_and_is_told_once(builder, tmp_path):
    builder.start_checks(allow_unsafe=False)
    builder.start_checks(allow_unsafe=False)
    builder.start()
    for name in COMMANDS:
        started(tmp_path, name)
    assert not [name for name in COMMANDS if (tmp_path / f"{name}.json").exists()]
    builder.checks('["wall.0001_initial"]')
    assert json.loads((tmp_path / "check_release.json").read_text())["told"] == '["wall.0001_initial"]\n'
    assert not (tmp_path / "collectstatic.json").exists()


def test_a_deploy_that_fails_before_leaves_no_process_and_nothing_is_pushed(builder, tmp_path):
    builder.start()
    processes = list(builder._waiting.values())
    for name in ("collectstatic", "pack"):
        started(tmp_path, name)
    builder.end()
    assert [process.poll() for process in processes] == [-9, -9]
    assert not (tmp_path / "collectstatic.json").exists()


def test_its_last_line_is_the_error(builder):
    builder.start_checks(allow_unsafe=False)
    with pytest.raises(SlipwayError, match=r"^it is wrong$"):
        builder.checks("fails")


def test_what_one_site_builds_is_pushed_before_another_site_builds(builder, tmp_path, monkeypatch):
    monkeypatch.setattr(front_end, "ROOT", tmp_path)
    monkeypatch.setattr(front_end, "build", lambda *_: None)
    builder.build_front_end()
    with (tmp_path / ".slipway" / "front-end.lock").open() as file:
        with pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        builder.start()
        builder.push()
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(file, fcntl.LOCK_UN)
        builder.build_front_end()
        # A deploy that fails before its push.
        builder.end()
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
