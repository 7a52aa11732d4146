"""Which host keys are trusted, by ssh itself."""

import dataclasses
import subprocess
import sys

import pytest

from slipway.tool.server import host_keys, state
from slipway.tool.server.connection import Connection, Unreachable


@pytest.fixture
def configured(site, tmp_path, monkeypatch):
    """The site with an ssh_config of these lines, at a terminal or not."""
    monkeypatch.setattr(state, "directory", lambda site: tmp_path)
    monkeypatch.delenv("CI", raising=False)

    def make(*lines, terminal=True):
        file = tmp_path / "ssh_config"
        known = f"UserKnownHostsFile {tmp_path / 'known_hosts'}"
        file.write_text("\n  ".join(["Host *", known, "GlobalKnownHostsFile /dev/null", *lines]) + "\n")
        monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal, raising=False)
        return dataclasses.replace(site, ssh_config=str(file))

    return make


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("StrictHostKeyChecking yes", "yes"),
        ("StrictHostKeyChecking accept-new", "accept-new"),
        ("StrictHostKeyChecking no", "accept-new"),
        ("StrictHostKeyChecking ask", "accept-new"),
    ],
)
def test_what_the_user_wrote_is_kept(line, wanted, configured):
    site = configured(line)
    assert host_keys.trust(site) == wanted
    assert f"StrictHostKeyChecking={wanted}" in Connection(site).command("id")


def test_a_new_key_is_accepted_only_at_a_terminal_and_before_the_server_is_provisioned(configured, monkeypatch):
    assert host_keys.trust(configured(terminal=False)) == "yes"
    site = configured()
    assert host_keys.trust(site) == "accept-new"
    monkeypatch.setenv("CI", "true")
    assert host_keys.trust(site) == "yes"
    monkeypatch.delenv("CI")
    host_keys.provisioned(site)
    assert host_keys.trust(site) == "yes"


def test_a_new_server_in_the_place_of_a_lost_one_is_a_first_contact_again(configured):
    site = configured()
    host_keys.provisioned(site)
    assert host_keys.trust(dataclasses.replace(site, server="203.0.113.8")) == "accept-new"


@pytest.mark.parametrize(("lines", "name"), [([], "203.0.113.7"), (["Port 2222"], "[203.0.113.7]:2222")])
def test_the_fingerprint_of_a_saved_key_is_shown(lines, name, configured, tmp_path):
    site = configured(*lines)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    (tmp_path / "known_hosts").write_text(f"{name} {(tmp_path / 'key.pub').read_text()}")
    shown = subprocess.run(
        ["ssh-keygen", "-lf", tmp_path / "key.pub"], capture_output=True, text=True, check=True
    ).stdout
    assert host_keys.fingerprint(site).startswith(f"{shown.split()[1]}, ")


def test_first_contact_says_the_fingerprint(configured, tmp_path, monkeypatch, capsys):
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho \"Warning: Permanently added '203.0.113.7' (ED25519)\" >&2\n")
    program.chmod(0o755)
    site = configured()
    monkeypatch.setattr(host_keys, "fingerprint", lambda site: "SHA256:abc")
    connection = Connection(site)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    connection.run("true")
    assert capsys.readouterr().out == "    first contact with 203.0.113.7: SHA256:abc\n"


def test_an_unknown_key_has_another_error_than_a_changed_one(configured, tmp_path, monkeypatch):
    program = tmp_path / "ssh"
    said = "No ED25519 host key is known for 203.0.113.7 and you have requested strict checking."
    program.write_text(f"#!/bin/sh\necho '{said}' >&2; echo 'Host key verification failed.' >&2; exit 255\n")
    program.chmod(0o755)
    connection = Connection(configured(terminal=False))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(Unreachable, match=r"no host key of it is known here.*compare the fingerprint") as rejected:
        connection.run("true")
    assert "\n" not in str(rejected.value)
