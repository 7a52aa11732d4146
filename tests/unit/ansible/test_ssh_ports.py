"""The firewall opens the ports on which SSH is reached, whichever they are."""

import json
import os
import re

import pytest

from slipway.tool.server import layout
from slipway.tool.server.playbook import CALLBACK
from tests.unit.ansible.conftest import ANSIBLE, messages
from tests.unit.ansible.test_templates import variables

RULES = ANSIBLE / "roles" / "base" / "templates" / "nftables.conf.j2"
# Name → what sshd listens on by its files, the port of the connection, and the ports that have to be open.
CASES = {
    "the default": (["0.0.0.0:22", "[::]:22"], 22, "22, 80, 443"),
    "another port, and 22 stays closed": (["0.0.0.0:2222", "[::]:2222"], 2222, "80, 443, 2222"),
    "a port for each address": (["203.0.113.7:22", "[2001:db8::7]:2200"], 22, "22, 80, 443, 2200"),
    "a file that was changed since sshd started": (["0.0.0.0:2222"], 22, "22, 80, 443, 2222"),
    "a socket unit of systemd's on another port": (["0.0.0.0:22"], 2222, "22, 80, 443, 2222"),
    "SSH on a port that is open already": (["0.0.0.0:443"], 443, "80, 443"),
}


def settings(addresses):
    """Lines of `sshd -T`; its "port" does not count where an address names one."""
    return ["port 22", "addressfamily any", *(f"listenaddress {each}" for each in addresses), "maxsessions 2"]


def opened(rules):
    """The list of ports in the firewall's rule for TCP."""
    return re.search(r"tcp dport \{ (.*?) \} accept", rules)[1]


@pytest.fixture(scope="module")
def rendered(render):
    jobs = [
        (
            RULES,
            variables("base"),
            {
                "base__sshd": {"stdout_lines": settings(addresses)},
                "base__connection": {"stdout": f"203.0.113.9 51234 198.51.100.7 {port}\r\n"},
            },
        )
        for addresses, port, _ in CASES.values()
    ]
    return dict(zip(CASES, render(jobs), strict=True))


@pytest.mark.parametrize("case", CASES)
def test_the_ports_of_ssh_are_open(case, rendered):
    assert opened(rendered[case]) == CASES[case][-1]


def test_the_ports_are_asked_of_sshd_and_of_the_connection(ansible, tmp_path, monkeypatch):
    sshd = tmp_path / "bin" / "sshd"
    sshd.parent.mkdir()
    printed = "\n".join(settings(["0.0.0.0:2200"]))
    sshd.write_text(f'#!/bin/sh\ntest "$*" = -T && echo "{printed}"\n')
    sshd.chmod(0o755)
    monkeypatch.setenv("PATH", f"{sshd.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SSH_CONNECTION", "203.0.113.9 51234 198.51.100.7 2222")
    role = {"name": "base", "tasks_from": "ssh_ports", "public": True}
    tasks = [
        {"ansible.builtin.include_role": role},
        {"ansible.builtin.debug": {"msg": f"{{{{ lookup('template', '{RULES}') }}}}"}},
    ]
    play = {"hosts": "localhost", "connection": "local", "vars": {"layout": layout.VALUES}, "tasks": tasks}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    (rules,) = messages(ansible("ansible-playbook", "--inventory", "localhost,", tmp_path / "play.yml", **CALLBACK))
    assert opened(rules) == "80, 443, 2200, 2222"
