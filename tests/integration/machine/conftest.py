"""A bare machine, and the real playbook on it. Minutes each: `pytest -m rehearsal tests/integration/machine`."""

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal.machine.boot import Machine
from rehearsal.processes import Processes

ROOT = Path(__file__).resolve().parents[3]
ANSIBLE = ROOT / "ansible"
ADMIN = "deploy"


def pytest_ignore_collect(collection_path, config):
    """Only a run that asks for rehearsals boots a machine."""
    return None if "rehearsal" in config.option.markexpr else True


class Host:
    """The machine as the playbook's user sees it."""

    def __init__(self, machine, directory):
        self.machine = machine
        self.directory = directory
        self.inventory = directory / "inventory.json"
        self.inventory.write_text(json.dumps(self._inventory()))

    def _inventory(self):
        groups = {group: {"hosts": {"vps": None}} for group in ("web", "db", "lb")}
        variables = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.machine.ports[22],
            "ansible_ssh_common_args": f"-F {self.machine.ssh_config}",
            "slipway_site_host": "www.example.test",
            "slipway_redirect_hosts": ["example.test"],
            "slipway_tls": "letsencrypt",
            "slipway_database_local": True,
            "slipway_memory_mb": 512,
        }
        return {"all": {"vars": variables, "children": groups}}

    def provision(self, *arguments):
        """Plays provision.yml and returns the names of the tasks that changed something."""
        start = time.monotonic()
        log = self.directory / "ansible.log"
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-i", self.inventory, "provision.yml", *arguments],
            cwd=ANSIBLE,
            env=os.environ | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_LOG_PATH": str(log)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stderr[-2000:]}\n{done.stdout[-4000:]}"
        print(f"provision {' '.join(arguments)}: {time.monotonic() - start:.0f} s")
        plays = json.loads(done.stdout[done.stdout.index("{") :])["plays"]
        results = [(task["task"]["name"], task["hosts"]["vps"]) for play in plays for task in play["tasks"]]
        return [name.split(" : ")[-1] for name, result in results if result.get("changed")]

    def run(self, command):
        """What a command prints on the machine; the admin's sudo runs it."""
        return self.machine.run(f"sudo sh -c {shlex.quote(command)}", ADMIN)


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A machine that has been provisioned once."""
    directory = tmp_path_factory.mktemp("machine")
    machine = Machine(os.environ.get("OS") or "trixie", directory / "run")
    with Processes(directory / "log") as processes:
        start = time.monotonic()
        machine.boot(processes)
        print(f"boot: {time.monotonic() - start:.0f} s")
        try:
            provisioned = Host(machine, directory)
            provisioned.first = provisioned.provision()
            yield provisioned
        finally:
            machine.stop()
