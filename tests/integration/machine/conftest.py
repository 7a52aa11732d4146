"""A bare machine, and the real playbook on it. Minutes each: `pytest -m rehearsal tests/integration/machine`."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy import budget, config
from deploy.host import inventory, playbook
from deploy.secrets import PASSWORD_VARIABLE, Secrets
from rehearsal.acts import Acts
from rehearsal.diary import Diary
from rehearsal.machine.boot import Machine
from rehearsal.processes import Processes
from rehearsal.world import World

ROOT = Path(__file__).resolve().parents[3]
ANSIBLE = ROOT / "ansible"


def pytest_ignore_collect(collection_path, config):
    """Only a run that asks for rehearsals boots a machine."""
    return None if "rehearsal" in config.option.markexpr else True


class Provisioned:
    """The machine as the playbook's user sees it. ``first`` are the tasks that changed the bare one."""

    def __init__(self, acts):
        self.machine = acts.machine
        self.run = acts.host.run
        self.site = acts.world.site
        self._environment = acts.world.person()
        self._secrets = Secrets.load(self.site)
        memory = int(self.machine.run("awk '/^MemTotal/ {print int($2 / 1024)}' /proc/meminfo"))
        planned = budget.plan(memory, 1)
        self._inventory = inventory.write(self.site, self._secrets, planned)
        self.first = self.play()

    def play(self, *arguments):
        """Plays provision.yml and returns the names of the tasks that changed something."""
        start = time.monotonic()
        command = [Path(sys.executable).with_name("ansible-playbook"), "-i", self._inventory.path, "provision.yml"]
        command += ["--extra-vars", f"@{self._secrets.path}", "--vault-password-file", self._secrets.password_file]
        done = subprocess.run(
            [*command, *arguments],
            cwd=ANSIBLE,
            env=self._environment
            | playbook.QUICK
            | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_LOG_PATH": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stderr[-2000:]}\n{done.stdout[-4000:]}"
        print(f"provision {' '.join(arguments)}: {time.monotonic() - start:.0f} s")
        plays = json.loads(done.stdout[done.stdout.index("{") :])["plays"]
        results = [
            (task["task"]["name"], result)
            for play in plays
            for task in play["tasks"]
            for result in task["hosts"].values()
        ]
        return [name.split(" : ")[-1] for name, result in results if result.get("changed")]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A machine in a world of its own that has been provisioned once."""
    directory = tmp_path_factory.mktemp("machine")
    machine = Machine(os.environ.get("OS") or "trixie", directory / "machine")
    with pytest.MonkeyPatch.context() as patch, Processes(directory / "log") as processes:
        # The world sets it, for this process too.
        patch.setenv(PASSWORD_VARIABLE, "")
        acts = Acts(World(directory, config.load()), machine, processes, Diary(directory / "log"))
        start = time.monotonic()
        machine.boot(processes)
        print(f"boot: {time.monotonic() - start:.0f} s")
        try:
            acts.start_world()
            acts.place()
            yield Provisioned(acts)
        finally:
            machine.stop()
