"""Which key each process of a build is given."""

import json
import os

import pytest

from slipway.tool import config
from slipway.tool.builder import Builder
from slipway.tool.secrets import Secrets
from slipway.tool.server import state

DEPLOYER = {"AWS_ACCESS_KEY_ID": "the-deployer", "AWS_SECRET_ACCESS_KEY": "the-deployer's-secret"}
WEB = {"AWS_ACCESS_KEY_ID": "the-web", "AWS_SECRET_ACCESS_KEY": "the-web's-secret", "SECRET_KEY": "x"}
# In place of manage.py: keeps its environment under its command's name.
MANAGE = """
import json, os, sys
with open(f"{os.path.dirname(os.path.abspath(__file__))}/{sys.argv[1]}.json", "w") as file:
    json.dump(dict(os.environ), file)
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
        builder.push()
        builder.check_migrations("[]", allow=False)
        # What follows it reads the archive that it has made.
        with pytest.raises(FileNotFoundError):
            builder.pack()
        assert dict(os.environ) == before
        return {name: json.loads((tmp_path / f"{name}.json").read_text()) for name in COMMANDS}

    return run


COMMANDS = ("collectstatic", "check_migrations", "pack")


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
