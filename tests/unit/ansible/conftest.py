"""Runs Ansible itself, away from any host and from the user's own configuration."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.tool.server.playbook import CALLBACK

ROOT = Path(__file__).resolve().parents[3]
ANSIBLE = ROOT / "ansible"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="session")
def ansible(tmp_path_factory):
    """Runs one of Ansible's commands, with these variables; returns what it printed, fails the test when it fails."""
    home = tmp_path_factory.mktemp("ansible")

    def run(command, *arguments, **variables):
        env = os.environ | {
            "HOME": str(home),
            "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
            "ANSIBLE_LOG_PATH": str(home / "ansible.log"),
            "ANSIBLE_REMOTE_TEMP": str(home),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_NOCOLOR": "1",
            **variables,
        }
        done = subprocess.run(
            [BIN / command, *map(str, arguments)], cwd=ANSIBLE, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def render(ansible, tmp_path_factory):
    """Renders templates by Ansible itself: (path, variables, changed ones) in, texts out, in the same order."""

    def run(jobs):
        # All that have the same variables in one task: each task, and each module that would write a file, starts a
        # process of its own.
        tasks = [_task(variables, list(same)) for variables, same in itertools.groupby(jobs, key=lambda job: job[1])]
        playbook = tmp_path_factory.mktemp("rendered") / "render.yml"
        playbook.write_text(json.dumps([{"hosts": "localhost", "connection": "local", "tasks": tasks}]))
        printed = messages(ansible("ansible-playbook", "--inventory", "localhost,", playbook, **CALLBACK))
        return [text for texts in printed for text in texts]

    return run


def messages(events):
    """What Ansible's debug tasks have printed, of the output by CALLBACK."""
    results = [json.loads(line)["hosts"].get("localhost", {}) for line in events.splitlines() if '"hosts"' in line]
    return [result["msg"] for result in results if "msg" in result]


def _task(variables, jobs):
    """Prints what the jobs render."""
    look_up = "{{{{ lookup('ansible.builtin.template', '{path}', template_vars=changed[{number}]) }}}}"
    texts = [look_up.format(path=path, number=number) for number, (path, _, _) in enumerate(jobs)]
    changed = {"changed": [changed for _, _, changed in jobs]}
    return {"ansible.builtin.debug": {"msg": texts}, "vars": variables | changed}
