"""A release arrives complete or not at all."""

import errno
import gzip
import hashlib
import importlib
import io
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest


def tar(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, body in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return buffer.getvalue()


MEMBERS = {"manage.py": b"print(1)", "project/a.py": b"A = 1", "build/manifests/objects.json": b"{}"}
CODE = gzip.compress(tar(MEMBERS), mtime=0)
SHA = hashlib.sha256(CODE).hexdigest()
# Where this Python's venvs have their packages.
LIB = f"python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


@pytest.fixture
def venv(host):
    """The venv is on the host already."""
    folder = host.paths.VENVS / "lock"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(os.path.realpath("/proc/self/exe"))
    (folder / "whole").touch()
    return folder


def test_code_and_venv_stand_together_and_nobody_else_can_write(host, venv):
    host.receive.receive("1", SHA, "lock", io.BytesIO(tar({"release.tar.gz": CODE})))
    release = host.paths.RELEASES / "1"
    assert (release / "project" / "a.py").read_bytes() == b"A = 1"
    assert (release / "venv").resolve() == venv
    assert not any(path.stat().st_mode & 0o022 for path in release.rglob("*") if not path.is_symlink())
    assert host.releases.metadata("1")["sha256"] == SHA
    assert list(release.rglob("*.pyc"))


def test_the_same_release_once_more_changes_nothing(host, venv):
    for _ in range(2):
        host.receive.receive("1", SHA, "lock", io.BytesIO(tar({"release.tar.gz": CODE})))
    assert host.releases.ids() == ["1"]


@pytest.mark.parametrize(
    ("stream", "sha", "says"),
    [
        (tar({"release.tar.gz": CODE})[:-11_000], SHA, "broken|other bytes"),
        (tar({"release.tar.gz": CODE}), "0" * 64, "other bytes"),
        (b"", SHA, "broken"),
    ],
    ids=["cut off", "another hash", "nothing"],
)
def test_what_was_lost_on_the_way_is_no_release(host, venv, stream, sha, says):
    with pytest.raises(host.paths.HostError, match=says):
        host.receive.receive("1", sha, "lock", io.BytesIO(stream))
    assert host.releases.ids() == []
    host.receive.receive("1", SHA, "lock", io.BytesIO(tar({"release.tar.gz": CODE})))
    assert host.releases.ids() == ["1"]


PACKAGES = gzip.compress(tar({f"lib/{LIB}/boat.py": b"OARS = 2", f"lib/{LIB}/half.py": b"print 1", "bin/row": b"#!"}))


def test_a_venv_is_made_of_the_packages_that_were_sent(host):
    members = {"release.tar.gz": CODE, "packages.tar.gz": PACKAGES}
    host.receive.receive("1", SHA, "lock", io.BytesIO(tar(members)))
    venv = host.paths.VENVS / "lock"
    python = host.paths.RELEASES / "1" / "venv" / "bin" / "python"
    asked = [python, "-c", "import sys, boat; print(sys.prefix, boat.OARS, boat.__cached__)"]
    prefix, oars, cached = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    assert (os.path.realpath(prefix), oars) == (str(venv), "2")
    assert Path(cached).exists()
    assert (venv / "bin" / "row").exists()
    assert not any(path.stat().st_mode & 0o022 for path in venv.rglob("*") if not path.is_symlink())


def test_packages_that_came_broken_leave_no_venv_that_looks_whole(host):
    members = {"release.tar.gz": CODE, "packages.tar.gz": PACKAGES[: len(PACKAGES) // 2]}
    with pytest.raises(host.paths.HostError, match=r"cannot be unpacked: .*; run `make deploy` again"):
        host.receive.receive("1", SHA, "lock", io.BytesIO(tar(members)))
    assert not (host.paths.VENVS / "lock").exists()
    with pytest.raises(host.paths.HostError, match="no packages were sent"):
        host.receive.receive("1", SHA, "lock", io.BytesIO(tar({"release.tar.gz": CODE})))


def test_a_disk_that_fills_up_leaves_nothing_and_is_reported_in_one_line(host, venv, monkeypatch, capsys):
    def full(archive, target, **_):
        (target / "half").write_text("a file")
        raise OSError(errno.ENOSPC, "No space left on device", str(target / "half"))

    monkeypatch.setattr(host.receive, "unpack", full)
    monkeypatch.setattr("sys.argv", ["slipway", "receive", "1", SHA, "lock"])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(host.locks, "fence", lambda token: None)
    main = importlib.import_module("agent.__main__")
    # pytest's own stdin cannot be read.
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(tar({"release.tar.gz": CODE}))))
    assert main.main() == 1
    said = capsys.readouterr().err
    assert re.fullmatch(r"slipway: /.*/half on the server: No space left on device; make room there .*\n", said)
    assert list(host.paths.RELEASES.iterdir()) == []


BROKEN_COMPILER = b"""
import io, sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
    member = tarfile.TarInfo(NAME)
    member.size = 4
    archive.addfile(member, io.BytesIO(b"evil"))
"""


@pytest.mark.parametrize("name", ["manage.py", "project/b.py", "project/a.pyc", "project/__pycache__/a.py", "manage"])
def test_a_compiler_that_was_broken_into_replaces_and_adds_nothing_but_bytecode(name, host, venv, monkeypatch):
    program = BROKEN_COMPILER.replace(b"NAME", ascii(name).encode())
    monkeypatch.setattr(host.bytecode.pkgutil, "get_data", lambda package, resource: program)
    host.receive.receive("1", SHA, "lock", io.BytesIO(tar({"release.tar.gz": CODE})))
    release = host.paths.RELEASES / "1"
    assert b"evil" not in [path.read_bytes() for path in release.rglob("*") if path.is_file()]
    assert (release / "manage.py").read_bytes() == MEMBERS["manage.py"]
