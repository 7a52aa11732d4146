"""A site with its vaulted file, and a server that notes what it is brought."""

from types import SimpleNamespace

import pytest

from slipway.tool import config
from slipway.tool.rotation import server as rotation_server
from slipway.tool.secrets import PASSWORD_VARIABLE, Secrets
from slipway.tool.server import state


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    file = tmp_path / "site.yml"
    file.write_text("domain: example.com\nregion: eu-central-1\nserver: 203.0.113.7\n")
    monkeypatch.setenv("CONFIG", str(file))
    site = config.load(file)
    Secrets.write(site, web={"SECRET_KEY": "the first"})
    return site


class Server:
    """``brought`` has the web process's variables of each time; ``interrupted`` ends the next one."""

    def __init__(self, site):
        self.brought, self.asked, self.interrupted = [], [], False
        self.host = SimpleNamespace(fingerprint="deployed")
        self.connection = SimpleNamespace(agent=self.agent)
        self.site = site

    def bring(self, secrets, what):
        if self.interrupted:
            raise KeyboardInterrupt
        # What a deploy would bring is in the file already.
        assert Secrets.load(self.site).web == secrets.web
        self.brought.append(dict(secrets.web))

    def agent(self, *words):
        self.asked.append((words, dict(self.brought[-1])))
        return "done"


@pytest.fixture
def server(site, monkeypatch):
    made = Server(site)
    monkeypatch.setattr(rotation_server, "Server", lambda *_: made)
    return made
