"""Unpacking as root: new plain files below one folder, or one error and nothing."""

import gzip
import hashlib
import io
import os
import socket
import stat
import tarfile
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.agent.test_receive import CODE, LIB, SHA, tar


def member(name, kind=tarfile.REGTYPE, body=b"", **said):
    made = tarfile.TarInfo(name)
    made.type, made.size = kind, len(body)
    for key, value in said.items():
        setattr(made, key, value)
    return made, body


def packed(*members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for made, body in members:
            archive.addfile(made, io.BytesIO(body))
    return gzip.compress(buffer.getvalue(), mtime=0)


def around(folder):
    """All that lies there, with what it is."""
    return {
        str(path): (path.lstat().st_mode, path.lstat().st_uid, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


LINK = member("out", tarfile.SYMTYPE, linkname="/etc")
FORGED = {
    "a symbolic link": [LINK],
    "a name through a link": [LINK, member("out/passwd", body=b"root::0:0::/:/bin/sh")],
    "a hard link": [member("shadow", tarfile.LNKTYPE, linkname="/etc/shadow")],
    "a hard link to one of its own": [member("a", body=b"1"), member("b", tarfile.LNKTYPE, linkname="a")],
    "a character device": [member("mem", tarfile.CHRTYPE, devmajor=1, devminor=1)],
    "a block device": [member("disk", tarfile.BLKTYPE, devmajor=254)],
    "a fifo": [member("wait", tarfile.FIFOTYPE)],
    "a name that leads out": [member("../../escaped", body=b"x")],
    "a name that leads out and in again": [member("project/../../../escaped", body=b"x")],
    "an absolute name": [member("/tmp/escaped", body=b"x")],
    "a name of two lines": [member("a\nslipway: all is well", body=b"x")],
    "a name that colours the terminal": [member("a\x1b[31m", body=b"x")],
    "a name twice": [member("a", body=b"1"), member("a", body=b"2")],
    "a file as a folder": [member("a", body=b"1"), member("a/b", body=b"2")],
    "a folder as a file": [member("a", tarfile.DIRTYPE), member("a", body=b"2")],
    "ever deeper": [member("a/" * 70 + "b", body=b"x")],
    "a time before all times": [member("a", body=b"x", mtime=-1)],
    "no name": [member("./", body=b"")],
    "a sparse file": [member("a", tarfile.GNUTYPE_SPARSE)],
}
OVER = {
    "the interpreter": [member("bin/python", body=b"#!/bin/sh")],
    "the interpreter by its other name": [member("bin/python3", body=b"#!/bin/sh")],
    "what says which interpreter": [member("pyvenv.cfg", body=b"home = /tmp")],
    "a name through the venv's own link": [member(f"lib64/{LIB}/a.py", body=b"x")],
    "a script in a folder's place": [member("lib", body=b"x")],
}


@pytest.fixture
def venv(host):
    """The packages are on the host already."""
    (host.paths.VENVS / "lock").mkdir()
    (host.paths.VENVS / "lock" / "whole").touch()


def receive(host, code=CODE, packages=None):
    sha = hashlib.sha256(code).hexdigest()
    members = {"release.tar.gz": code} | ({"packages.tar.gz": packages} if packages else {})
    host.receive.receive("1", sha, "lock", io.BytesIO(tar(members)))


@pytest.fixture
def rejected(host, tmp_path):
    """Takes the bundle in and gets one line; nothing has come of it, in any folder."""

    def rejected(**bundle):
        before = around(tmp_path)
        with pytest.raises(host.paths.HostError) as error:
            receive(host, **bundle)
        assert str(error.value).isprintable()
        assert around(tmp_path) == before
        return str(error.value)

    return rejected


@pytest.mark.parametrize("members", FORGED.values(), ids=FORGED.keys())
def test_a_member_that_no_release_has_is_rejected_in_one_line(members, venv, rejected):
    assert rejected(code=packed(*members)).startswith("the release is rejected: ")


@pytest.mark.parametrize("members", (FORGED | OVER).values(), ids=(FORGED | OVER).keys())
def test_a_member_that_no_package_has_is_rejected_too_and_never_replaces_the_venv_s_own(members, rejected):
    interpreter = Path("/proc/self/exe").read_bytes()
    said = rejected(packages=packed(*members))
    assert said.startswith("the packages that were sent are rejected: ") and "project/requirements.in" in said
    assert Path("/proc/self/exe").resolve().read_bytes() == interpreter


def test_the_archive_itself_is_read_as_strictly(host):
    with pytest.raises(host.paths.HostError, match="the release is rejected: out is not a plain file"):
        host.receive.receive("1", SHA, "lock", io.BytesIO(gzip.decompress(packed(LINK))))


def test_the_servers_own_name_for_the_packages_stays_its_own(venv, rejected):
    assert "venv is the server's own name" in rejected(code=packed(member("venv/bin/gunicorn", body=b"x")))


@pytest.mark.parametrize(("limit", "says"), [({"MAX_BYTES": 10_000}, "more than"), ({"MAX_FILES": 2}, "more than")])
def test_an_archive_without_end_is_rejected_before_it_fills_the_disk(limit, says, host, rejected, monkeypatch):
    for name, value in limit.items():
        monkeypatch.setattr(host.unpack, name, value)
    assert says in rejected(packages=packed(*(member(f"lib/{n}", body=b"x" * 4096) for n in range(4))))


def test_what_the_database_needs_to_write_on_is_left_free(host, venv, rejected, monkeypatch):
    small = packed(member("a", body=bytes(8_000_000)))
    monkeypatch.setattr(host.unpack.shutil, "disk_usage", lambda path: SimpleNamespace(free=205 << 20))
    assert "more space than the disk has (5 MB), 200 MB left free" in rejected(code=small)


def test_a_header_that_claims_to_be_long_is_not_read_into_memory(venv, rejected):
    long = packed(member("./@LongLink", tarfile.GNUTYPE_LONGNAME, body=b"a" * (2 << 20)), member("a", body=b"x"))
    assert "a header is too long" in rejected(code=long)


def extended(*headers, kind=tarfile.XHDTYPE):
    """Extended headers, of each its records, and no member after them."""
    buffer = io.BytesIO()
    for body in headers:
        made, _ = member("pax", kind, body)
        buffer.write(made.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512))
    return buffer.getvalue()


def records(*names, value="x"):
    return tarfile.TarInfo.create_pax_global_header(dict.fromkeys(names, value))[512:].rstrip(b"\0")


EXTENDED = {
    "headers upon headers": extended(*[records("comment")] * 2000),
    "global headers upon headers": extended(*[records(f"a{n}") for n in range(2000)], kind=tarfile.XGLTYPE),
    "a sparse file's map without end": extended(records("GNU.sparse.map", value="1," * 80_000)),
}
SIZELESS = extended(records("GNU.sparse.size", value="boat")) + member("a")[0].tobuf()


@pytest.mark.parametrize("archive", EXTENDED.values(), ids=EXTENDED.keys())
def test_a_member_with_headers_without_end_is_one_line(archive, venv, rejected):
    assert "broken: a header is too long" in rejected(code=gzip.compress(archive + bytes(1024)))


def test_headers_that_nobody_can_read_are_one_line(venv, host, rejected):
    assert "the release arrived broken: " in rejected(code=gzip.compress(SIZELESS + bytes(1024)))
    with pytest.raises(host.paths.HostError, match="the release arrived broken: "):
        host.receive.receive("1", SHA, "lock", io.BytesIO(EXTENDED["headers upon headers"]))


def test_what_was_read_of_an_archive_is_not_kept(host, tmp_path):
    small = extended(records("comment", value="x" * 100_000)) + member("a", tarfile.DIRTYPE)[0].tobuf()
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(small * 300))
    tracemalloc.start()
    with host.unpack.opened(tmp_path / "a.tar.gz") as archive:
        host.unpack.unpack(archive, tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20, "30 MB of headers were read"


def test_headers_count_as_what_is_unpacked(host, rejected, monkeypatch):
    monkeypatch.setattr(host.unpack, "MAX_BYTES", 1 << 20)
    small = extended(records("comment", value="x" * 100_000)) + member("a", tarfile.DIRTYPE)[0].tobuf()
    assert "more than" in rejected(packages=gzip.compress(small * 20))


def test_no_bit_and_no_owner_of_an_archive_counts(host, venv):
    receive(
        host,
        code=packed(
            member("project", tarfile.DIRTYPE, mode=0o7777, uid=1234, uname="slipway"),
            member("project/root", body=b"x", mode=0o6777, uid=1234, gid=1234, uname="slipway"),
            member("project/closed.py", body=b"A = 1", mode=0o000, uid=1234),
        ),
    )
    release = host.paths.RELEASES / "1"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in release.rglob("*") if not path.is_symlink()}
    assert modes["project"] == modes["root"] == modes["__pycache__"] == 0o755
    assert modes["closed.py"] == 0o644
    assert {path.lstat().st_uid for path in release.rglob("*")} == {os.getuid()}


def test_a_link_in_the_throwaway_process_s_folder_is_not_followed(host, tmp_path):
    with socket.socket(socket.AF_UNIX) as roots:
        roots.bind(str(tmp_path / "roots.sock"))
        roots.listen()
        (tmp_path / "gunicorn.sock").symlink_to("roots.sock")
        with pytest.raises(OSError, match=r"[Nn]o socket|levels of symbolic links"):
            host.probe.gunicorn(tmp_path / "gunicorn.sock", "/")
        roots.settimeout(0)
        with pytest.raises(BlockingIOError):
            roots.accept()
