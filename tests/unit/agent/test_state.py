"""What a deploy looks at before it believes that a host is still as the playbook left it."""

import json
import os

import pytest

PROGRAMS = {
    "dpkg-query": 'printf "nginx ii \\n"; [ -z "$GONE" ] && printf "openssl ii \\n"; exit 0',
    "systemctl": 'case $1 in is-enabled) printf "enabled\\nenabled\\n";; *) printf "active\\n${SSH:-active}\\n";; esac',
    "nft": 'echo "table inet slipway { $RULE }"',
    "sysctl": 'for key in "$@"; do echo "$key = ${VALUE:-1}"; done',
}


@pytest.fixture
def state(host, tmp_path, monkeypatch):
    """The module on a host whose programs answer as the environment says; ``state.file`` is watched."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, body in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(host.state, "_sysctl_keys", lambda: ["net.ipv4.tcp_syncookies"])
    host.state.file = tmp_path / "conf" / "nginx.conf"
    host.state.file.parent.mkdir()
    host.state.file.write_text("as written")
    watched = {
        "files": [f"{host.state.file.parent}/*", str(tmp_path / "absent")],
        "packages": ["nginx", "openssl"],
        "units": ["nginx.service", "ssh.service"],
        "enabled": ["slipway.socket"],
    }
    host.state.WATCHED.write_text(json.dumps(watched))
    return host.state


def test_a_host_that_was_never_recorded_has_no_fingerprint(state):
    assert state.drift() == {"fingerprint": "", "drifted": []}


def test_a_host_as_it_was_left_has_not_drifted(state):
    assert state.record("f00") is True
    assert state.drift() == {"fingerprint": "f00", "drifted": []}
    assert state.record("f00") is False
    assert state.record("other") is True


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (("GONE", "1"), "package openssl"),
        (("SSH", "inactive"), "unit ssh.service"),
        (("RULE", "tcp dport 9999 accept"), "firewall"),
        (("VALUE", "0"), "sysctl net.ipv4.tcp_syncookies"),
    ],
)
def test_each_drift_is_named(change, name, state, monkeypatch):
    state.record("f00")
    monkeypatch.setenv(*change)
    assert state.drift()["drifted"] == [name]


def test_a_changed_a_new_a_lost_and_a_loosened_file_are_named(state):
    state.record("f00")
    state.file.write_text("by hand")
    assert state.drift()["drifted"] == [str(state.file)]
    state.file.write_text("as written")
    assert state.drift()["drifted"] == []
    state.file.chmod(0o666)
    assert state.drift()["drifted"] == [str(state.file)]
    state.file.unlink()
    assert str(state.file) in state.drift()["drifted"]
    other = state.file.with_name("mine.conf")
    other.write_text("x")
    assert str(other) in state.drift()["drifted"]
