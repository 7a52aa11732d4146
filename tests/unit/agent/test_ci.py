"""The commands that CI's key may run, and that every other request runs nothing."""

import os
import re
import subprocess
import sys

import pytest
import yaml

from slipway import ROOT

CLAIM = "SLIPWAY_HOST=www.example.com SLIPWAY_DOMAIN=example.com SLIPWAY_LAYOUT=1"
RELEASE = "20261130T112316Z-0a1b2c3d"
SHA256, VENV, TOKEN = "a" * 64, "0123456789ab-3.13", "0123456789abcdef"
ALLOWED = (
    "facts www.example.com example.com",
    "hold runner@fv-az1234-567",
    f"receive {RELEASE} {SHA256} {VENV}",
    "applied",
    f"migrate {RELEASE}",
    f"check {RELEASE}",
    f"activate {RELEASE}",
    f"rollback {RELEASE}",
    "releases",
    "prune 5",
    "status",
    "drift",
    "follow",
)
DENIED = (
    # A shell, and what scp, sftp and rsync ask for.
    "",
    "id",
    "sh",
    "sudo sh",
    "sudo sh -c id",
    "bash -i",
    "scp -t /etc",
    "/usr/lib/openssh/sftp-server",
    "internal-sftp",
    "rsync --server . /",
    "ansible-playbook provision.yml",
    # What the server's own command can do besides.
    "slipway",
    "slipway manage shell",
    "slipway manage createsuperuser",
    "slipway unlock",
    "slipway logs",
    "slipway logs site",
    "slipway record f00",
    "slipway rollback",
    "slipway ci releases",
    "slipway --help",
    "slipway -h",
    # More behind a step, in all the ways of a shell.
    "slipway releases; id",
    "slipway releases;id",
    "slipway releases && id",
    "slipway releases | sh",
    "slipway releases\nid",
    "slipway releases\n",
    "slipway releases\tid",
    "slipway releases > /etc/passwd",
    "slipway releases $(id)",
    "slipway releases `id`",
    "slipway releases --help",
    f"slipway migrate {RELEASE} {RELEASE}",
    f"slipway migrate {RELEASE}\n",
    f"slipway migrate {RELEASE};id",
    "slipway migrate $(id)",
    f"slipway migrate '{RELEASE}'",
    f"slipway  migrate {RELEASE}",
    f" slipway migrate {RELEASE}",
    # Names that lead elsewhere, and numbers that are none.
    "slipway migrate ../../../etc",
    "slipway migrate -h",
    f"slipway migrate {RELEASE}/../x",
    f"slipway migrate {RELEASE.replace('2', '٢', 1)}",
    f"slipway receive ../../etc/x {SHA256} {VENV}",
    f"slipway receive {RELEASE} {SHA256[:-1]} {VENV}",
    f"slipway receive {RELEASE} {SHA256} ../{VENV}",
    f"slipway receive {RELEASE} {SHA256}",
    "slipway prune 0",
    "slipway prune -1",
    "slipway prune 5 5",
    "slipway prune",
    "slipway facts",
    "slipway facts $(id)",
    "slipway facts -x",
    "slipway facts www.example.com;id",
    "slipway hold",
    "slipway hold -h",
    "slipway hold a b",
    # Variables that are not for it to set, or twice, or of another form.
    "PATH=/tmp slipway releases",
    "LD_PRELOAD=/tmp/x.so slipway releases",
    "PYTHONPATH=/tmp slipway releases",
    "SLIPWAY_PREFIX=/tmp slipway releases",
    f"SLIPWAY_LOCK={TOKEN} SLIPWAY_LOCK={TOKEN} slipway releases",
    "SLIPWAY_LOCK=$(id) slipway releases",
    "SLIPWAY_LOCK= slipway releases",
    "SLIPWAY_CHECKOUT=x slipway hold a",
    "=x slipway releases",
    f"{CLAIM} id",
    # The same binary by another way.
    "/usr/local/sbin/slipway releases",
    "./slipway releases",
    "slipway\x00releases",
)


@pytest.fixture
def ask(host, unpacked, tmp_path):
    """Asks as sshd does for the key of CI: by the forced command that the playbook writes, through bash and sudo."""
    (tmp_path / "programs" / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (tmp_path / "programs" / "sudo").chmod(0o755)
    said = yaml.safe_load((ROOT / "ansible/roles/base/vars/main.yml").read_text())["base__ci_line"]
    options, command = re.fullmatch(r'([^"]*),command="((?:[^"\\]|\\.)*)" \{\{ slipway_ci_key \}\}', said).groups()
    assert options == "restrict"
    command = command.replace('\\"', '"').replace("{{ layout.agent }}", f"{sys.executable} -IS {unpacked}")
    assert str(unpacked) in command

    def ask(line):
        asked = {} if not line else {"SSH_ORIGINAL_COMMAND": line}
        return subprocess.run(
            ["bash", "-c", command],
            env=os.environ | asked,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return ask


@pytest.mark.parametrize("line", ALLOWED)
def test_each_step_of_a_deploy_is_permitted(line, host, monkeypatch):
    for name in ("HOST", "DOMAIN", "LAYOUT", "LOCK"):
        monkeypatch.delenv(f"SLIPWAY_{name}", raising=False)
    assert host.ci.permitted(f"{CLAIM} SLIPWAY_LOCK={TOKEN} slipway {line}") == line.split()
    assert os.environ["SLIPWAY_LOCK"] == TOKEN


@pytest.mark.parametrize("line", DENIED)
def test_nothing_else_is(line, host):
    for asked in (line, f"{CLAIM} {line}"):
        with pytest.raises(host.ci.Denied):
            host.ci.permitted(asked)


def test_each_command_that_is_permitted_is_one_of_the_agent_s(host, unpacked):
    shown = subprocess.run([sys.executable, unpacked, "--help"], capture_output=True, text=True, check=True).stdout
    known = set(re.search(r"\{([\w,]+)\}", shown)[1].split(","))
    assert set(host.ci.COMMANDS) < known
    assert known - set(host.ci.COMMANDS) == {
        "unlock",
        "manage",
        "logs",
        "record",
        "ci",
        "tables",
        "db",
        "move",
        "restore",
        "jobs",
        "job",
        "upgrades",
        "alarm",
        "maintenance",
        "password",
    }


def test_sshd_s_forced_command_runs_a_step(ask, release):
    release("20261130T112316Z-0a1b2c3d", current=True)
    done = ask(f"{CLAIM} slipway releases")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"id": "20261130T112316Z-0a1b2c3d"' in done.stdout


def test_and_says_of_all_else_that_it_is_denied_in_one_line_by_a_status_of_its_own(ask, tmp_path):
    mark = tmp_path / "mark"
    for line in (
        "",
        "id",
        f"touch {mark}",
        f"{CLAIM} slipway releases; touch {mark}",
        f"$(touch {mark})",
        f"\n touch {mark}",
        "-h",
    ):
        done = ask(line)
        assert (done.returncode, done.stdout) == (77, "")
        assert re.fullmatch(r"slipway: the key of CI may run the steps of a deploy and nothing else: .*\n", done.stderr)
        assert not mark.exists()


def test_the_server_of_another_site_runs_no_step(ask, host):
    for claim in ("", "SLIPWAY_HOST=www.example.org SLIPWAY_DOMAIN=example.org SLIPWAY_LAYOUT=1 "):
        done = ask(f"{claim}slipway releases")
        assert (done.returncode, done.stdout) == (1, "")
        assert "this server serves www.example.com; correct `server`" in done.stderr
    done = ask(f"{CLAIM.replace('LAYOUT=1', 'LAYOUT=0')} slipway releases")
    assert (done.returncode, done.stdout) == (1, "")
    assert "this server was deployed by Slipway of a later version: take the newer one" in done.stderr


def test_a_step_without_the_lock_of_its_deploy_changes_nothing(ask, release):
    release(RELEASE, current=True)
    done = ask(f"{CLAIM} SLIPWAY_LOCK={TOKEN} slipway prune 1")
    assert done.returncode == 1
    assert "deploy lock is gone, nobody holds it" in done.stderr


def test_facts_are_those_that_the_script_finds(ask):
    done = ask(f"{CLAIM} slipway facts localhost")
    found = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    assert found["name"].split()[0] == "localhost"
    assert int(found["memory"]) > 0
