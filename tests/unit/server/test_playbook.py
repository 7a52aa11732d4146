"""Ansible's events: roles as they end, tasks in the log, and the task and reason of a failure."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.tool.server import playbook


def event(kind, name, seconds=1.0, **result):
    task = {"name": name, "duration": {"start": "2026-11-30T12:00:00.000000Z"}}
    if kind in playbook.STARTS:
        return json.dumps({"_event": kind, "hosts": {}, "task": task}) + "\n"
    task["duration"]["end"] = f"2026-11-30T12:00:{seconds:09.6f}Z"
    return json.dumps({"_event": kind, "hosts": {"example-com": result}, "task": task}) + "\n"


def task(name, ending="v2_runner_on_ok", seconds=1.0, **result):
    """The two events of a task."""
    return [event("v2_playbook_on_task_start", name), event(ending, name, seconds, **result)]


@pytest.fixture
def read():
    """Reads events; the object, and the log that it wrote."""

    def read(*lines):
        log = io.StringIO()
        events = playbook.Events(log)
        for line in lines:
            events.read(line)
        events.end_role()
        return events, log.getvalue()

    return read


def test_each_role_is_printed_with_its_tasks_and_seconds(read, capsys):
    read(*task("base : Install missing packages", seconds=40.5), *task("base : Add swap"), *task("nginx : Start nginx"))
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["base", "2", "tasks", "41.5", "s"],
        ["nginx", "1", "tasks", "1.0", "s"],
    ]


PLAY = [
    {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "handlers": [{"name": "Handle", "ansible.builtin.raw": "true"}],
        "tasks": [
            {"name": "Change", "ansible.builtin.raw": "true", "notify": "Handle"},
            {"name": "Ignore", "ansible.builtin.raw": "false", "ignore_errors": True},
            {"name": "Handlers", "ansible.builtin.meta": "flush_handlers"},
            {
                "block": [{"name": "Test", "ansible.builtin.fail": {"msg": "hinted at"}}],
                "rescue": [{"name": "Report", "ansible.builtin.fail": {"msg": "gone\nwrong"}}],
            },
        ],
    }
]


@pytest.fixture
def ansible_events(tmp_path):
    """What ansible-playbook prints of it."""
    (tmp_path / "play.yml").write_text(json.dumps(PLAY))
    command = [Path(sys.executable).with_name("ansible-playbook"), "--inventory", "localhost,", tmp_path / "play.yml"]
    env = (
        os.environ
        | playbook.CALLBACK
        | {"ANSIBLE_CONFIG": str(playbook.ANSIBLE / "ansible.cfg"), "HOME": str(tmp_path)}
    )
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 2
    return done.stdout.splitlines(keepends=True)


FAILED, UNREACHABLE = "v2_runner_on_failed", "v2_runner_on_unreachable"
INSTALL = "nginx : Install nginx"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (task(INSTALL, FAILED, msg="No package matching 'nginx'"), "Install nginx: No package matching 'nginx'"),
        (task(INSTALL, UNREACHABLE, msg="Failed to connect", unreachable=True), "Install nginx: Failed to connect"),
        # A failure that was ignored or rescued comes before the one that counts.
        (
            [*task("base : Test the login", FAILED, msg="Assertion failed"), *task(INSTALL, FAILED, msg="gone\nwrong")],
            "Install nginx: gone wrong",
        ),
        (
            task(INSTALL, FAILED, msg="non-zero return code", stderr="nft: no such table\n", stdout="x"),
            "Install nginx: nft: no such table",
        ),
        (
            task(
                INSTALL,
                FAILED,
                msg="One or more items failed",
                results=[{"msg": "fine"}, {"failed": True, "msg": "no"}],
            ),
            "Install nginx: no",
        ),
        (task(INSTALL, FAILED, censored="the output has been hidden"), "Install nginx: see the log"),
        (["ERROR! the role 'tls' was not found\n"], "ERROR! the role 'tls' was not found"),
        ([], "ansible-playbook wrote nothing"),
    ],
)
def test_a_failure_is_one_line(lines, says, read):
    events, _ = read(*lines)
    assert events.failure() == says


def test_the_log_has_a_line_for_each_task_with_its_seconds_and_why_it_failed(read):
    _, log = read(
        *task("base : Add swap", seconds=2, changed=True), *task(INSTALL, FAILED, msg="one\ntwo"), "[WARNING]: x\n"
    )
    assert log.splitlines() == [
        "    2.0 s  changed      base : Add swap",
        "    1.0 s  failed       nginx : Install nginx",
        "            one",
        "            two",
        "[WARNING]: x",
    ]


def test_a_tasks_arguments_and_result_are_in_no_log(read):
    told = {"invocation": {"module_args": {"content": "canary"}}, "stdout": "canary", "diff": {"after": "canary"}}
    assert "canary" not in read(*task("base : Add swap", changed=True, **told))[1]


def test_tasks_and_handlers_that_changed_something_are_named(read):
    handler = [event("v2_playbook_on_handler_task_start", "nginx : Reload nginx")]
    handler.append(event("v2_runner_on_ok", "nginx : Reload nginx", changed=True))
    _, log = read(
        *task("base : Write the firewall rules", changed=False), *task("base : Add swap", changed=True), *handler
    )
    assert playbook.changed(log) == ["Add swap", "Reload nginx"]
    assert "   1.0 s  ok " in log


def test_ansible_itself_prints_these_events(ansible_events, read):
    """Of a loop that is ignored, a block that is rescued, and a handler."""
    events, log = read(*ansible_events)
    assert events.failure() == "Report: gone wrong"
    assert playbook.changed(log) == ["Change", "Handle"]
    assert re.findall(r"^ *[\d.]+ s  (\w+)", log, re.M) == ["changed", "failed", "changed", "failed", "failed"]
