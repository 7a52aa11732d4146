"""The connection to the server, and the errors when there is none."""

import dataclasses
import os

import pytest

from slipway.tool.server import lock, owner, state
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
    monkeypatch.setattr(owner, "guard", lambda site, **_: "")
    assert Connection(site).command("id")[-3:] == ["deploy", "203.0.113.7", "sudo sh -c id"]
    assert Connection(site, "root").command("echo 'a b'")[-1] == "echo 'a b'"


def test_without_a_server_the_error_names_the_key_to_fill_in(site):
    with pytest.raises(SlipwayError, match=r"site.yml: server: missing"):
        Connection(dataclasses.replace(site, server=""))


def test_a_commands_own_error_is_raised_unchanged(site, ssh):
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


def test_so_is_one_that_gives_no_lock(site, ssh, tmp_path, monkeypatch):
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    ssh("echo 'ssh: connect to host 203.0.113.7 port 22: Connection refused' >&2; exit 255")
    with (
        pytest.raises(Unreachable, match=r"not reached over SSH: .*Connection refused; see server in"),
        lock.held(Connection(site)),
    ):
        pytest.fail("held")


def test_another_host_key_is_removed_by_the_name_that_known_hosts_has(site, ssh):
    settings = "printf 'hostname 203.0.113.7\\nport 2222\\n'"
    ssh(f'case "$*" in *" -G "*|"-G "*) {settings};; *) echo "Host key verification failed." >&2; exit 255;; esac')
    with pytest.raises(Unreachable, match=r"ssh-keygen -R '\[203\.0\.113\.7\]:2222'$"):
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


CI = f"ssh-ed25519 {'A' * 68} ci"
# Answers as a server does to the key of CI: what it was asked for is the last word, and is noted.
NOTED = """
[ "$1" = -G ] && exit
for last; do :; done
echo "$last" >> "$ASKED"
"""
RESTRICTED = f"""{NOTED}
case $last in
    *" slipway "*) echo '[]' ;;
    *) echo "slipway: the key of CI may not: denied: $last" >&2; exit 77 ;;
esac
"""


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """What the server was asked for."""
    file = tmp_path / "asked"
    monkeypatch.setenv("ASKED", str(file))
    return lambda: file.read_text().splitlines()


def test_with_the_key_of_ci_only_a_command_line_is_sent_and_no_shell(site, ssh, asked):
    ssh(RESTRICTED)
    connection = Connection(dataclasses.replace(site, ci_key=CI))
    connection.token = "0123456789abcdef"
    assert connection.agent("releases") == "[]"
    assert connection.agent("prune", "5") == "[]"
    claim = "SLIPWAY_HOST=www.example.com SLIPWAY_DOMAIN=example.com SLIPWAY_LAYOUT=4 SLIPWAY_LOCK=0123456789abcdef"
    # That it is restricted is asked once.
    assert asked() == ["true", f"{claim} slipway releases", f"{claim} slipway prune 5"]


def test_what_that_key_may_not_is_the_server_s_own_error(site, ssh, asked):
    ssh(RESTRICTED)
    with pytest.raises(SlipwayError, match=r"^the key of CI may not: denied: .* id$"):
        Connection(dataclasses.replace(site, ci_key=CI)).run("id")


def test_a_key_that_may_run_a_shell_is_not_restricted_whatever_site_yml_says(site, ssh, asked, monkeypatch):
    monkeypatch.setattr(owner, "guard", lambda site, **_: "")
    ssh(NOTED)
    Connection(dataclasses.replace(site, ci_key=CI)).agent("releases")
    Connection(site).agent("releases")
    line = "sudo sh -c 'slipway releases'"
    # Where CI has no key nobody is asked.
    assert asked() == ["true", line, line]


def test_an_admin_is_reached_by_the_key_of_ci_too(site, ssh, asked):
    ssh(RESTRICTED)
    connection = reach(dataclasses.replace(site, ci_key=CI))
    assert (connection.user, connection.restricted) == ("deploy", True)
    ssh("echo 'Permission denied (publickey)' >&2; exit 255")
    with pytest.raises(Unreachable, match="no key of yours"):
        reach(dataclasses.replace(site, ci_key=CI))


def test_a_server_that_may_have_a_key_of_ci_s_is_asked_once_whether_it_lets_in(site, ssh, asked):
    ssh(NOTED)
    assert not reach(dataclasses.replace(site, ci_key=CI)).restricted
    assert asked() == ["true"]


def test_progress_is_printed_as_it_comes_and_is_no_part_of_the_error(site, ssh, tmp_path, monkeypatch):
    monkeypatch.setattr(owner, "guard", lambda site, **_: "")
    os.mkfifo(tmp_path / "seen")
    # It ends once its progress has been printed.
    said = f"echo 'progress: waiting' >&2; timeout 9 cat {tmp_path}/seen >&2; echo 'slipway: no' >&2; exit 1"
    ssh(f'[ "$1" = -G ] || {{ {said}; }}')
    lines = []

    def printing(text, **_):
        lines.append(text)
        (tmp_path / "seen").write_text("noise\n")

    monkeypatch.setattr("builtins.print", printing)
    with pytest.raises(SlipwayError, match=r"^no$"):
        Connection(site).agent("check", "1")
    assert lines == ["    waiting"]
