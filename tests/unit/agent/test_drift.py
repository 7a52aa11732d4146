"""What a deploy compares to find out whether a host has drifted."""

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
def drift(host, tmp_path, monkeypatch):
    """The module on a host whose programs answer as the environment says; ``drift.file`` is watched."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, body in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{body}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(host.drift, "_sysctl_keys", lambda: ["net.ipv4.tcp_syncookies"])
    host.drift.file = tmp_path / "conf" / "nginx.conf"
    host.drift.file.parent.mkdir()
    host.drift.file.write_text("as written")
    watched = {
        "files": [f"{host.drift.file.parent}/*", str(tmp_path / "absent")],
        "packages": ["nginx", "openssl"],
        "units": ["nginx.service", "ssh.service"],
        "enabled": ["slipway.socket"],
    }
    host.drift.WATCHED.write_text(json.dumps(watched))
    return host.drift


def test_a_host_that_was_never_recorded_has_no_fingerprint(drift):
    assert drift.compare() == {"fingerprint": "", "drifted": []}


def test_a_host_as_it_was_left_has_not_drifted(drift):
    assert drift.save("f00") is True
    assert drift.compare() == {"fingerprint": "f00", "drifted": []}
    assert drift.save("f00") is False
    assert drift.save("other") is True


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (("GONE", "1"), "package openssl"),
        (("SSH", "inactive"), "unit ssh.service"),
        (("RULE", "tcp dport 9999 accept"), "firewall"),
        (("VALUE", "0"), "sysctl net.ipv4.tcp_syncookies"),
    ],
)
def test_each_drift_is_named(change, name, drift, monkeypatch):
    drift.save("f00")
    monkeypatch.setenv(*change)
    assert drift.compare()["drifted"] == [name]


def test_a_changed_a_new_a_lost_and_a_loosened_file_are_named(drift):
    drift.save("f00")
    drift.file.write_text("by hand")
    assert drift.compare()["drifted"] == [str(drift.file)]
    drift.file.write_text("as written")
    assert drift.compare()["drifted"] == []
    drift.file.chmod(0o666)
    assert drift.compare()["drifted"] == [str(drift.file)]
    drift.file.unlink()
    assert str(drift.file) in drift.compare()["drifted"]
    other = drift.file.with_name("mine.conf")
    other.write_text("x")
    assert str(other) in drift.compare()["drifted"]
