"""`make status` and what `make deploy` repeats of it; `make logs`."""

import argparse
import json
from types import SimpleNamespace

import pytest

from slipway.tool.__main__ import main
from slipway.tool.commands import deploy, logs, status
from slipway.web.errors import SlipwayError

STATUS = {
    "release": "2",
    "activated": "noon",
    "services": [
        {"name": "slipway.service", "state": "active", "memory": 65, "restarts": 0},
        {"name": "postgresql@17-main.service", "state": "inactive", "memory": None, "restarts": 2},
    ],
    "memory": {"total": 469, "available": 300, "swap": 12},
    "load": 0.5,
    "disk_free": 4000,
    "certificate": "until May 1",
    "lock": "",
    "problems": [],
}


@pytest.fixture
def server(described, monkeypatch):
    """The agent's status, which a test may change."""
    data, site = dict(STATUS), described("cloudfront")

    class Server:
        def __init__(self, _):
            pass

        def agent(self, command):
            return json.dumps(data)

    monkeypatch.setattr(status, "Connection", Server)
    monkeypatch.setattr(status.config, "load", lambda: site)
    return data


def test_a_server_that_is_well_is_status_0(server, capsys):
    assert main(["status"]) == 0
    output = capsys.readouterr().out
    assert "WRONG" not in output
    assert "postgresql@17-main        inactive         -, restarted 2 times by itself" in output


def test_the_holder_of_the_deploy_lock_is_listed(server, capsys):
    server["lock"] = "me@laptop since noon"
    assert main(["status"]) == 0
    assert "deploy lock  held by me@laptop since noon\n" in capsys.readouterr().out


def test_maintenance_is_a_line_and_no_problem(server, capsys):
    server["maintenance"] = {"since": "2026-12-01 10:00:00 UTC", "way_in": "/slipway-maintenance/x"}
    assert main(["status"]) == 0
    line = "maintenance  since 2026-12-01 10:00:00 UTC: visitors get 503.html; `make maintenance OFF=1` ends it\n"
    assert line in capsys.readouterr().out


def test_each_problem_is_a_line_and_the_status_is_1(server, capsys):
    server["problems"] = ["nginx.service is not running", "a reboot is due"]
    assert main(["status"]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "WRONG        nginx.service is not running",
        "WRONG        a reboot is due",
    ]
    assert main(["status", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"] == server["problems"]


def test_an_agent_of_the_version_before_is_understood(server, capsys):
    del server["problems"], server["lock"]
    server["failed"] = ["nginx.service"]
    assert main(["status"]) == 1
    assert capsys.readouterr().out.endswith("WRONG        nginx.service\n")


def test_a_deploy_repeats_them_at_its_end(described):
    playing = deploy.Deploy(described("cloudfront"), SimpleNamespace(), argparse.Namespace())
    playing.connection = SimpleNamespace(agent=lambda command: json.dumps({"problems": ["a reboot is due"]}))
    assert playing.state() == ["warning   a reboot is due"]

    def gone(command):
        raise SlipwayError("the SSH connection broke off")

    playing.connection = SimpleNamespace(agent=gone)
    assert playing.state() == ["warning   `make status` has no answer: the SSH connection broke off"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "slipway logs --lines=50 --follow"),
        (["--unit", "access", "--no-follow", "--lines", "200"], "slipway logs --lines=200 access"),
        (["--unit", "a b; c"], "slipway logs --lines=50 --follow 'a b; c'"),
    ],
)
def test_logs_are_the_servers_own_and_so_is_the_status(arguments, line, described, monkeypatch):
    asked, site = [], described("cloudfront")

    class Server:
        def __init__(self, _):
            pass

        def command(self, line, alone):
            asked.append(line)
            return ["sh", "-c", "exit 1"]

    monkeypatch.setattr(logs, "Connection", Server)
    monkeypatch.setattr(logs.config, "load", lambda: site)
    assert main(["logs", *arguments]) == 1
    assert asked == [line]


FULL = {"label": "20261201-030000F", "began": "2026-12-01T03:00:00Z", "seconds": 6.1, "size": 94e6, "stored": 11e6}
BACKUPS = {"kind": "wal", "generation": "0001", "waiting": 4, "running": {}, "full": None, "diff": None, "dump": None}


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ({}, []),
        ({"kind": "none"}, ["backups      none, as site.yml says"]),
        (
            BACKUPS | {"running": {"kind": "full", "began": "2026-12-01T03:00:00Z", "percent": 34}},
            [
                "backups      no full backup yet; a full one runs since 2026-12-01T03:00:00Z, 34 %",
                "archive      generation 0001, the oldest WAL that is not archived is 4 s old",
            ],
        ),
        (
            BACKUPS | {"full": FULL, "diff": FULL | {"began": "2026-12-02T03:00:00Z"}},
            [
                "backups      full 2026-12-01T03:00:00Z (11.0 MB, 6 s); "
                "differential 2026-12-02T03:00:00Z (11.0 MB, 6 s)",
                "archive      generation 0001, the oldest WAL that is not archived is 4 s old",
            ],
        ),
        (
            BACKUPS | {"kind": "dump", "waiting": None, "dump": FULL},
            ["backups      dump 2026-12-01T03:00:00Z (11.0 MB, 6 s)"],
        ),
    ],
)
def test_the_last_backups_and_the_one_that_is_made_are_shown(data, lines):
    assert status.backups(data) == lines


@pytest.mark.parametrize(
    ("alarms", "line"),
    [
        ({}, "nobody is told; docs/alarms.md"),
        ({"receivers": {"mail": ""}, "heartbeat": True, "open": [], "waiting": 0}, "mail, heartbeat"),
        (
            {"receivers": {"mail": "away", "webhook": ""}, "heartbeat": False, "open": ["x"], "waiting": 2},
            "mail (takes none), webhook; 1 open; 2 messages wait",
        ),
    ],
)
def test_who_is_told_is_a_line(alarms, line, server, capsys):
    server["alarms"] = alarms
    assert main(["status"]) == 0
    assert f"alarms       {line}\n" in capsys.readouterr().out
