"""The facts of a server."""

import json
import os
import subprocess
import time

import pytest

from slipway.tool.server import facts
from slipway.web.errors import SlipwayError
from tests.unit.server.conftest import SAID


def test_the_answer_is_understood():
    said = facts.parse(SAID, 970.0)
    assert (said.system, said.memory, said.python, said.clock_ahead) == ("debian 13", 469, "3.13", 30.0)
    assert said.resolvers == ("127.0.0.53",)
    assert said.resolved == {"www.example.com": ("203.0.113.7",), "example.com": ("203.0.113.7",)}
    assert (said.fingerprint, said.drifted, said.current, said.venvs) == ("f00", (), "2", ("abc-3.13",))


def test_the_paths_that_take_passwords_are_the_last_releases():
    assert facts.parse(SAID, 0.0).sign_in_paths == ("/login/\\Z",)
    assert facts.parse(SAID.replace('["/login/\\\\Z"]', ""), 0.0).sign_in_paths == ()


def test_the_version_and_the_layout_are_those_of_the_last_deploy():
    assert (facts.parse(SAID, 0.0).version, facts.parse(SAID, 0.0).layout) == ("1.0.0", 2)
    earlier = "\n".join(line for line in SAID.splitlines() if not line.startswith("settings")) + "\n"
    assert (facts.parse(earlier, 0.0).version, facts.parse(earlier, 0.0).layout) == ("", 0)


def test_a_bare_host_has_neither_release_nor_fingerprint():
    bare = "\n".join(line for line in SAID.splitlines() if not line.startswith(("drift", "releases"))) + "\n"
    said = facts.parse(bare.replace("venvs=abc-3.13", "venvs="), 0.0)
    assert (said.fingerprint, said.drifted, said.current, said.venvs) == ("", (), "", ())


@pytest.mark.parametrize(
    ("said", "tables", "has_data"),
    # PostgreSQL does not answer: a release that has served has data.
    [("tables=0\n", 0, False), ("tables=3\n", 3, True), ("tables=\n", None, True), ("", None, True)],
)
def test_a_database_with_tables_has_data(said, tables, has_data):
    found = facts.parse(SAID + said, 0.0)
    assert (found.tables, found.has_data) == (tables, has_data)
    bare = "\n".join(line for line in SAID.splitlines() if not line.startswith("releases")) + "\n"
    assert facts.parse(bare + said, 0.0).has_data == bool(tables)


def test_the_generation_and_whether_it_was_restored_are_those_of_the_server():
    generation = 'generation={"generation": "0002", "restored_from": "0001"}\n'
    assert (facts.parse(SAID, 0.0).generation, facts.parse(SAID, 0.0).restored) == ("", False)
    found = facts.parse(SAID + generation, 0.0)
    assert (found.generation, found.restored) == ("0002", True)
    assert not facts.parse(SAID + generation.replace('"0001"', "null"), 0.0).restored


def test_a_name_that_does_not_exist_has_no_address():
    assert (
        facts.parse(SAID.replace("example.com 203.0.113.7\nname", "example.com \nname"), 0.0).resolved[
            "www.example.com"
        ]
        == ()
    )


def test_an_answer_of_another_kind_is_rejected():
    with pytest.raises(SlipwayError, match="cannot be read"):
        facts.parse("Welcome to BusyBox\n", 0.0)


def test_the_script_runs_in_a_plain_shell_and_its_answer_is_understood(tmp_path):
    script = facts.script(["localhost", "no-such-name.invalid"])
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    said = facts.parse(done.stdout, 0.0)
    assert said.memory > 0
    assert said.disk >= 0
    assert said.resolved["no-such-name.invalid"] == ()


def test_a_backslash_arrives_as_one_whatever_the_shells_echo_does(tmp_path, monkeypatch):
    said = {"sign_in_paths": [r"^/admin/login/\d+\.html$"], "drift": {"fingerprint": "f00", "drifted": [r"C:\new"]}}
    (tmp_path / "sign-in.json").write_text(json.dumps(said["sign_in_paths"], indent=2))
    (tmp_path / "drift.json").write_text(json.dumps(said["drift"]))
    (tmp_path / "slipway").write_text(f'#!/bin/sh\n[ "$1" != drift ] || cat {tmp_path}/drift.json\n')
    (tmp_path / "slipway").chmod(0o755)
    below = {name: f"{tmp_path}/{name}" for name in ("venvs", "agent_settings")}
    below |= {"sign_in_paths": f"{tmp_path}/sign-in.json", "agent": f"{tmp_path}/slipway"}
    monkeypatch.setattr(facts.layout, "VALUES", below)
    done = subprocess.run(["sh", "-c", facts.script([])], capture_output=True, text=True, check=True)
    read = facts.parse(done.stdout, 0.0)
    assert read.sign_in_paths == tuple(said["sign_in_paths"])
    assert (read.fingerprint, read.drifted) == ("f00", (r"C:\new",))


def test_the_server_s_own_systemd_reads_each_time_of_the_schedule(tmp_path):
    analyze = tmp_path / "systemd-analyze"
    analyze.write_text('#!/bin/sh\ncase "$3" in daily*) echo "    Next elapse: Wed 2026-12-02 00:00:00 UTC";; esac\n')
    analyze.chmod(0o755)
    script = facts.script([], ["daily UTC", "Mon 6 UTC"])
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env=environment)
    said = facts.parse(done.stdout, time.time())
    assert said.calendars == {"daily UTC": "Wed 2026-12-02 00:00:00 UTC", "Mon 6 UTC": ""}


@pytest.mark.parametrize(("line", "on"), [("", False), ("maintenance=\n", False), ("maintenance=on\n", True)])
def test_maintenance_is_known(line, on):
    assert facts.parse(SAID + line, 0.0).maintenance is on
