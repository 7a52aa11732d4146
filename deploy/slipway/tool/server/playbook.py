"""Runs ansible/provision.yml: prints each role when it has ended, and logs each task in a line."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TextIO

from slipway.tool import config
from slipway.tool.secrets import Secrets
from slipway.tool.server import state
from slipway.tool.server.inventory import Inventory
from slipway.web.errors import SlipwayError

ANSIBLE = state.ROOT / "ansible"
# https://mitogen.networkgenomics.com/ansible_detailed.html: one Python on the host for all tasks. The plugin's
# path is in this venv, which ansible.cfg cannot name. It is pinned, so Ansible's deprecation warning means nothing.
MITOGEN = {
    "ANSIBLE_STRATEGY": "mitogen_linear",
    "ANSIBLE_STRATEGY_PLUGINS": str(Path(find_spec("ansible_mitogen").origin).parent / "plugins" / "strategy"),
    "ANSIBLE_DEPRECATION_WARNINGS": "0",
}
# One JSON object a line for each event, with its time.
# https://docs.ansible.com/ansible/latest/collections/ansible/posix/jsonl_callback.html
CALLBACK = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.jsonl"}
STARTS = ("v2_playbook_on_task_start", "v2_playbook_on_handler_task_start")
ENDS = {
    "v2_runner_on_ok": "ok",
    "v2_runner_on_skipped": "skipped",
    "v2_runner_on_failed": "failed",
    "v2_runner_on_unreachable": "unreachable",
}
# Ansible's message for a command that failed; the reason is in the command's own output.
NO_REASON = "non-zero return code"


def provision(site: config.Site, secrets: Secrets, inventory: Inventory, *arguments: str) -> tuple[list[str], Path]:
    """The tasks that changed something, and the log. Raises SlipwayError with the task and its reason.

    With ``--check`` among the arguments nothing is changed: they are the tasks that would change something.
    """
    log = state.directory(site) / "log" / "provision.log"
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", inventory.path, "provision.yml"]
    # Not the vault file itself: Ansible takes the strings in YAML as templates.
    sealed = state.directory(site) / "secrets.json"
    secrets.seal_for_ansible(sealed)
    command += ["--extra-vars", f"@{sealed}", "--vault-password-file", secrets.password_file, *arguments]
    env = os.environ | MITOGEN | CALLBACK | {"PYTHONUNBUFFERED": "1"}
    # Line-buffered, so that it can be followed.
    with log.open("w", buffering=1) as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ANSIBLE,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        events = Events(file)
        for line in process.stdout:
            events.read(line)
        events.end_role()
    if process.wait():
        raise SlipwayError(f"provisioning failed: {events.failure()} (all of it: {log})")
    return changed(log.read_text()), log


class Events:
    """Reads what Ansible's callback prints: writes a line of the log for each task, and prints each role."""

    def __init__(self, log: TextIO) -> None:
        self._log = log
        self._role, self._tasks, self._seconds = "", 0, 0.0
        # The last line that is no event: Ansible prints its error so when it cannot start.
        self._other = "ansible-playbook wrote nothing"
        self._failed = ""

    def read(self, line: str) -> None:
        try:
            event = json.loads(line)
            kind = event["_event"]
        except (ValueError, TypeError, KeyError):
            if line.strip():
                self._log.write(line.rstrip("\n") + "\n")
                self._other = line.strip()
            return
        if kind in STARTS:
            self._start(event["task"]["name"])
        elif kind in ENDS:
            for result in event["hosts"].values():
                self._end(ENDS[kind], event["task"], result)

    def end_role(self) -> None:
        if self._role:
            print(f"    {self._role:<12}{self._tasks:>3} tasks {self._seconds:>7.1f} s", flush=True)

    def failure(self) -> str:
        """The task that failed and why, in one line. The last one counts: a rescue block's message is clearer."""
        return self._failed or self._other

    def _start(self, name: str) -> None:
        role = name.partition(" : ")[0] if " : " in name else self._role
        if role != self._role:
            self.end_role()
            self._role, self._tasks, self._seconds = role, 0, 0.0
        self._tasks += 1

    def _end(self, status: str, task: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        began, ended = (datetime.fromisoformat(task["duration"][name]) for name in ("start", "end"))
        seconds = (ended - began).total_seconds()
        self._seconds += seconds
        status = "changed" if status == "ok" and result.get("changed") else status
        self._log.write(f"{seconds:7.1f} s  {status:<11}  {task['name']}\n")
        if status in ("failed", "unreachable"):
            why = reason(result)
            self._failed = f"{task['name'].rpartition(' : ')[2]}: {' '.join(why.split()) or 'see the log'}"
            self._log.writelines(f"{'':12}{line}\n" for line in why.splitlines())


def reason(result: Mapping[str, Any]) -> str:
    """Why a task failed, in Ansible's words or the command's; of a loop, why its first failed item did."""
    failed = next((item for item in result.get("results", ()) if item.get("failed")), result)
    message = str(failed.get("msg", "")).strip()
    written = str(failed.get("stderr") or failed.get("stdout") or "").strip()
    return written if written and message in ("", NO_REASON) else message


def changed(log: str) -> list[str]:
    """The names of the tasks that changed something, in the order of the log."""
    return [match[1] for match in re.finditer(r"^ *[\d.]+ s  changed +(?:\w+ : )?(.+)$", log, re.M)]
