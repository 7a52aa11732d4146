"""Plays ansible/provision.yml: its roles are spoken as they come, the rest goes to a log."""

import os
import re
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

from slipway.tool import config
from slipway.tool.secrets import Secrets
from slipway.tool.server import state
from slipway.tool.server.inventory import Inventory
from slipway.web.errors import SlipwayError

ANSIBLE = state.ROOT / "ansible"
# https://mitogen.networkgenomics.com/ansible_detailed.html: one Python on the host, kept for all tasks. Where it lies
# is this venv's to say, which ansible.cfg cannot. It is pinned, so Ansible's warning of what others may change is moot.
QUICK = {
    "ANSIBLE_STRATEGY": "mitogen_linear",
    "ANSIBLE_STRATEGY_PLUGINS": str(Path(find_spec("ansible_mitogen").origin).parent / "plugins" / "strategy"),
    "ANSIBLE_DEPRECATION_WARNINGS": "0",
}
QUOTES = "'\""
TASK = re.compile(r"^(?:TASK|RUNNING HANDLER) \[(?:(?P<role>\w+) : )?(?P<name>.*?)\] \*+")


def provision(site: config.Site, secrets: Secrets, inventory: Inventory, *arguments: str) -> tuple[list[str], Path]:
    """The tasks that changed something, and the log. Raises SlipwayError with the task and its reason.

    With ``--check`` among the arguments nothing is changed, and it is the tasks that would.
    """
    log = state.directory(site) / "log" / "provision.log"
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory.path, "provision.yml"]
    # The vaulted file itself is YAML, whose texts Ansible takes for templates.
    sealed = state.directory(site) / "secrets.json"
    secrets.seal_for_ansible(sealed)
    command += ["--extra-vars", f"@{sealed}", "--vault-password-file", secrets.password_file, *arguments]
    env = os.environ | QUICK | {"ANSIBLE_FORCE_COLOR": "0", "PYTHONUNBUFFERED": "1"}
    # By lines, so that it can be followed.
    with log.open("w", buffering=1) as file:
        playing = subprocess.Popen(
            [str(part) for part in command],
            cwd=ANSIBLE,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        spoken, began = Spoken(), time.monotonic()
        for line in playing.stdout:
            # Each task with the second at which its first result came: Ansible prints no heading before.
            at = f" {time.monotonic() - began:.1f} s\n" if TASK.match(line) else ""
            file.write(line.rstrip("\n") + at if at else line)
            spoken.hear(line)
        spoken.end()
    if playing.wait():
        raise SlipwayError(f"provisioning failed: {failure(log.read_text())} (all of it: {log})")
    return changed(log.read_text()), log


class Spoken:
    """Prints each role once it has ended, with its seconds and tasks."""

    def __init__(self) -> None:
        self._role = ""
        self._tasks = 0
        self._began = time.monotonic()

    def hear(self, line: str) -> None:
        task = TASK.match(line)
        if not task:
            return
        role = task["role"] or self._role
        if role != self._role:
            self.end()
            self._role, self._tasks, self._began = role, 0, time.monotonic()
        self._tasks += 1

    def end(self) -> None:
        if self._role:
            seconds = time.monotonic() - self._began
            print(f"    {self._role:<12}{self._tasks:>3} tasks {seconds:>7.1f} s", flush=True)


def changed(log: str) -> list[str]:
    """The names of the tasks that changed something, in the order of Ansible's log; a loop's once."""
    found, playing = [], ""
    for line in log.splitlines():
        if heading := TASK.match(line):
            playing = heading["name"]
        elif line.startswith("changed: ") and found[-1:] != [playing]:
            found.append(playing)
    return found


def failure(log: str) -> str:
    """The task that failed and why, in one line. The last counts: a rescue says what the first only hints at."""
    playing, task, reason, folded = "", "", "", False
    for line in log.splitlines():
        # YAML goes on with a long text below it.
        folded = folded and re.match(r" {8,}\S", line) is not None
        if folded:
            reason += f" {line.strip()}"
            continue
        if heading := TASK.match(line):
            playing = heading["name"]
        # "...ignoring" takes a failure back.
        if line.startswith("...ignoring"):
            task, reason = "", ""
        if re.match(r"(fatal|failed): |\[ERROR\]: ", line) and task != playing:
            task, reason = playing, ""
        said = re.match(r"\s+(?:msg|stderr): (?!['\"]{2}$)(?P<text>[^|>].*)", line) or re.match(
            r"(?:fatal|failed): .*?\"msg\": \"(?P<text>.*?)\"", line
        )
        if task == playing and said and not reason:
            reason, folded = said["text"].strip(), True
    if not task:
        lines = [line for line in log.splitlines() if line.strip()] or ["ansible-playbook said nothing"]
        return lines[-1].strip()
    return f"{task}: {reason.strip(QUOTES) or 'see the log'}"
