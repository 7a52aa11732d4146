"""How the server is reached, and what a person reads when it is not."""

import dataclasses
import os

import pytest

from slipway.tool.server import owner
from slipway.tool.server.connection import Connection, Unreachable, reach
from slipway.web.errors import SlipwayError


@pytest.fixture
def ssh(tmp_path, monkeypatch):
    """Puts a program in ssh's place."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def put(script):
        program = folder / "ssh"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    return put


def test_the_admin_speaks_through_sudo_and_root_does_not(site, monkeypatch):
    monkeypatch.setattr(owner, "guard", lambda site, *, take_over: "")
    assert Connection(site).command("id")[-3:] == ["deploy", "203.0.113.7", "sudo sh -c id"]
    assert Connection(site, "root").command("echo 'a b'")[-1] == "echo 'a b'"


def test_a_site_without_a_server_is_told_which_key_to_fill_in(site):
    with pytest.raises(SlipwayError, match=r"site.yml: server: missing"):
        Connection(dataclasses.replace(site, server=""))


def test_what_a_command_refuses_is_said_in_its_own_words(site, ssh):
    ssh("echo noise >&2; echo 'slipway: nothing to go back to' >&2; exit 1")
    with pytest.raises(SlipwayError, match=r"^nothing to go back to$"):
        Connection(site).agent("rollback")


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("root@203.0.113.7: Permission denied (publickey).", "no key of yours is let in"),
        ("ssh: connect to host 203.0.113.7 port 22: Connection timed out", "not reached over SSH: .*timed out"),
        ("@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.", "ssh-keygen -R"),
        ("Timeout, server 203.0.113.7 not responding.", "broke off; the same command again"),
        ("", "broke off; the same command again"),
    ],
)
def test_an_unreachable_server_is_explained(said, wanted, site, ssh):
    ssh(f"echo '{said}' >&2; exit 255")
    with pytest.raises(Unreachable, match=wanted):
        Connection(site).run("true")


def test_a_bare_host_is_reached_as_its_first_user(site, ssh):
    ssh('case "$*" in *"-l root"*) exit 0;; *) echo "Permission denied" >&2; exit 255;; esac')
    assert reach(site).user == "root"


def test_a_host_that_knows_the_admin_is_reached_as_the_admin(site, ssh):
    ssh("exit 0")
    assert reach(site).user == "deploy"


def test_where_ssh_goes_is_read_from_ssh_itself(site, ssh):
    ssh("printf 'user x\\nhostname 127.0.0.1\\nport 22\\n'")
    assert Connection(site).addresses() == {"127.0.0.1"}
    ssh("printf 'hostname no-such-name.invalid\\n'")
    assert Connection(site).addresses() == set()
