"""`make releases`."""

import json

import pytest

from slipway.tool.__main__ import main
from slipway.tool.commands import releases


@pytest.fixture
def listed(described, monkeypatch, capsys):
    """The output for these entries of the agent."""

    def lines(*entries):
        class Server:
            def __init__(self, _):
                pass

            def agent(self, command):
                return json.dumps(entries)

        site = described("cloudfront")
        monkeypatch.setattr(releases, "Connection", Server)
        monkeypatch.setattr(releases.config, "load", lambda: site)
        assert main(["releases"]) == 0
        return [line.split("  ") for line in capsys.readouterr().out.splitlines()]

    return lines


def test_it_lists_when_each_served_first_and_when_it_was_switched_to_last(listed):
    new = {"id": "2", "current": True, "received": "nine", "first": "ten", "activated": "noon"}
    old = {"id": "1", "current": False, "received": "eight", "activated": "eleven"}
    never = {"id": "0", "current": False, "received": "seven", "first": "", "activated": ""}
    head, *rows = [[cell.strip() for cell in line if cell.strip()] for line in listed(new, old, never)]
    assert head == ["release", "received", "served first", "switched to last"]
    assert rows == [["▸ 2", "nine", "ten", "noon"], ["1", "eight", "eleven", "eleven"], ["0", "seven", "never"]]


def test_a_bare_host_has_none(listed):
    assert listed()[-1][-1] == "none yet: `make deploy`"
