"""admin_keys without a key of this machine: rejected before they reach the server."""

import dataclasses
import os
import subprocess

import pytest

from slipway.tool.server import lockout
from slipway.web.errors import SlipwayError


@pytest.fixture
def make(tmp_path):
    """Makes a key pair; returns the public half as a line."""

    def make(name, passphrase=""):
        private = tmp_path / name
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", private]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return private.with_suffix(".pub").read_text().strip()

    return make


@pytest.fixture
def described(site, tmp_path, monkeypatch):
    """The site with these admin_keys, reached by the key called `mine` and whatever an agent of the test's holds."""
    config = tmp_path / "ssh_config"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "no-agent"))

    def describe(*keys, more=""):
        config.write_text(f"Host 203.0.113.7\n  IdentityFile {tmp_path / 'mine'}\n{more}")
        return dataclasses.replace(site, ssh_config=str(config), admin_keys=keys)

    return describe


def test_ones_own_key_is_enough_whatever_its_comment(make, described):
    mine, other = make("mine"), make("other")
    lockout.check(described(other, mine.rpartition(" ")[0] + " another comment"))
    lockout.check(described())


def test_ci_s_key_is_enough_since_it_runs_no_playbook(make, described):
    mine, other = make("mine"), make("other")
    lockout.check(dataclasses.replace(described(other), ci_key=mine))


def test_ci_s_key_that_opens_a_shell_all_the_same_is_rejected(make, described):
    mine, other = make("mine"), make("other")
    with pytest.raises(SlipwayError, match=r"ci_key opens a shell there") as rejected:
        lockout.check_ci(dataclasses.replace(described(), ci_key=mine))
    assert "authorized_keys" in str(rejected.value) and "\n" not in str(rejected.value)
    lockout.check_ci(dataclasses.replace(described(), ci_key=other))
    lockout.check_ci(described())


def test_keys_of_others_alone_are_rejected_in_one_line_with_what_to_add(make, described):
    mine, other = make("mine"), make("other")
    with pytest.raises(SlipwayError) as rejected:
        lockout.check(described(other))
    assert f"add yours, such as `{mine}`" in str(rejected.value)
    assert "203.0.113.7" in str(rejected.value) and "\n" not in str(rejected.value)


def test_a_key_without_its_public_file_is_read_and_one_that_cannot_be_is_left_to_the_playbook(
    make, described, tmp_path
):
    make("mine")
    other = make("other")
    (tmp_path / "mine.pub").unlink()
    with pytest.raises(SlipwayError, match="add yours"):
        lockout.check(described(other))
    (tmp_path / "mine").unlink()
    make("mine", "a passphrase")
    (tmp_path / "mine.pub").unlink()
    lockout.check(described(other))


@pytest.mark.parametrize("named", [False, True])
def test_what_an_agent_holds_counts(named, make, described, tmp_path, monkeypatch):
    make("mine")
    held = make("held")
    socket = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.PIPE, text=True)
    try:
        # It says so once it listens; the socket is there before.
        assert str(socket) in agent.stdout.readline()
        subprocess.run(
            ["ssh-add", "-q", tmp_path / "held"], env=os.environ | {"SSH_AUTH_SOCK": str(socket)}, check=True
        )
        if not named:
            monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        lockout.check(described(held, more=f"  IdentityAgent {socket}\n" if named else ""))
        with pytest.raises(SlipwayError, match="add yours"):
            lockout.check(described(held, more="  IdentityAgent none\n"))
    finally:
        agent.terminate()
        agent.communicate()
