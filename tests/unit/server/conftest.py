import dataclasses

import pytest

from slipway.tool import config
from slipway.tool.aws import identity
from slipway.tool.server import facts

SAID = """system=debian 13
machine=x86_64
memory=469
available=354
cpus=1
disk=4200
clock=1000
glibc=2.41
python=3.13
addresses=127.0.0.1 203.0.113.7 ::1 fe80::1
resolvers=127.0.0.53
name=www.example.com 203.0.113.7
name=example.com 203.0.113.7
venvs=abc-3.13
sign_in_paths=["/login/\\\\Z"]
settings={"layout": 2, "version": "1.0.0", "site_host": "www.example.com"}
drift={"fingerprint": "f00", "drifted": []}
releases=[{"id": "2", "current": true}, {"id": "1", "current": false}]
"""


@pytest.fixture
def site(tmp_path):
    file = tmp_path / "site.yml"
    file.write_text("domain: example.com\nregion: eu-central-1\nserver: 203.0.113.7\n")
    return config.load(file)


@pytest.fixture
def host():
    """The facts of a fit host; keywords make it less fit."""

    def make(**changes):
        return dataclasses.replace(facts.parse(SAID, 1000.0), **changes)

    return make


@pytest.fixture
def one_attempt(monkeypatch):
    """AWS is asked once: to try again takes seconds."""
    monkeypatch.setitem(identity.SETTINGS, "retries", {"total_max_attempts": 1})
