"""`make maintenance`: what it asks of the server, and what a person reads."""

import json

import pytest

from slipway.tool.__main__ import main
from slipway.tool.commands import maintenance

ON = {"since": "2026-12-01 10:00:00 UTC", "way_in": "/slipway-maintenance/abc"}


@pytest.fixture
def server(described, monkeypatch):
    """``server.state`` is the agent's answer, ``server.asked`` what it was asked."""

    class Server:
        state, asked = {}, []

        def __init__(self, _):
            pass

        def agent(self, *arguments):
            self.asked.append(arguments)
            return json.dumps(self.state)

    site = described("cloudfront")
    monkeypatch.setattr(maintenance, "Connection", Server)
    monkeypatch.setattr(maintenance.config, "load", lambda: site)
    return Server


def test_on_says_until_when_and_how_its_owner_gets_in(server, capsys):
    server.state = ON
    assert main(["maintenance", "--on"]) == 0
    told = capsys.readouterr().out
    assert server.asked == [("maintenance", "on")]
    assert "closed since 2026-12-01 10:00:00 UTC" in told and "until `make maintenance OFF=1`" in told
    assert "https://www.example.com/slipway-maintenance/abc\n" in told


def test_off_and_the_question_change_nothing_more(server, capsys):
    assert main(["maintenance", "--off"]) == main(["maintenance"]) == 0
    assert server.asked == [("maintenance", "off"), ("maintenance",)]
    assert capsys.readouterr().out == "https://www.example.com is open: no maintenance\n" * 2


def test_both_at_once_are_rejected(server, capsys):
    with pytest.raises(SystemExit):
        main(["maintenance", "--on", "--off"])
    assert not server.asked and "not allowed with" in capsys.readouterr().err
