"""Runs Ansible itself, away from any host and from the user's own configuration."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ANSIBLE = ROOT / "ansible"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="session")
def ansible(tmp_path_factory):
    """Runs one of Ansible's commands and returns what it printed; fails the test when it fails."""
    home = tmp_path_factory.mktemp("ansible")

    def run(command, *arguments):
        env = os.environ | {
            "HOME": str(home),
            "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
            "ANSIBLE_LOG_PATH": str(home / "ansible.log"),
            "ANSIBLE_REMOTE_TEMP": str(home),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_NOCOLOR": "1",
        }
        done = subprocess.run(
            [BIN / command, *map(str, arguments)], cwd=ANSIBLE, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def render(ansible, tmp_path_factory):
    """Renders templates by Ansible itself: pairs of path and variables in, texts out, in the same order."""

    def run(jobs):
        directory = tmp_path_factory.mktemp("rendered")
        # Within Ansible's own process: to write each would start a module of its own, which takes a second.
        tasks = [
            {
                "name": str(template),
                "ansible.builtin.set_fact": {
                    "rendered": f"{{{{ rendered | default([]) + [lookup('ansible.builtin.template', '{template}')] }}}}"
                },
                "vars": variables,
            }
            for template, variables in jobs
        ]
        written = directory / "rendered.json"
        tasks.append({"ansible.builtin.copy": {"content": "{{ rendered | to_json }}", "dest": str(written)}})
        playbook = directory / "render.yml"
        playbook.write_text(json.dumps([{"hosts": "localhost", "connection": "local", "tasks": tasks}]))
        ansible("ansible-playbook", "--inventory", "localhost,", playbook)
        return json.loads(written.read_text())

    return run
