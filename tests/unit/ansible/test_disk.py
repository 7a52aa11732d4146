"""The disk watch: slipway-disk checks once, in folders of the test's own."""

import os
import shutil
import signal
import subprocess

import pytest

from tests.unit.ansible.conftest import ANSIBLE

WATCH = ANSIBLE / "roles" / "base" / "files" / "slipway-disk"
MB = 1 << 20


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


class Host:
    """Folders as a server has them, and what was run that only root may."""

    def __init__(self, folder):
        self.nginx, self.postgresql, self.data = folder / "nginx", folder / "postgresql", folder / "data"
        self.reserve, self.ran, self.programs = folder / "reserve", folder / "ran", folder / "bin"
        for each in (self.nginx, self.postgresql, self.data, self.programs):
            each.mkdir()
        (folder / "nginx.pid").write_text(str(os.getpid()))
        # What needs root is noted here.
        for name in ("setpriv", "mount"):
            program(self.programs / name, f'echo "$*" >> {self.ran}')
        self.stands(free=1000, roots=50)
        self.env = {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "LOG_MB": "1",
            "LOG_COUNT": "2",
            "RESERVE_MB": "3",
            "LOW_MB": "64",
            "NGINX_LOGS": str(self.nginx),
            "NGINX_PID": str(folder / "nginx.pid"),
            "POSTGRESQL_LOGS": str(self.postgresql),
            "POSTGRESQL_DATA": str(self.data),
            "RESERVE": str(self.reserve),
        }

    def stands(self, free, roots, let_in=False):
        """MB that are free for all and for root alone; whether PostgreSQL's group is let into the second."""
        blocks = f"{free * 256} {(free + roots) * 256} 4096"
        program(self.programs / "stat", f'[ "$1" = -f ] && echo {blocks} || exec {shutil.which("stat")} "$@"')
        program(self.programs / "id", f'[ "$1" = -g ] && echo 115 || exec {shutil.which("id")} "$@"')
        options = f"rw,resgid={115 if let_in else 11},errors=remount-ro"
        program(self.programs / "findmnt", f"echo ext4 / {options}")

    def look(self, command="once", **changed):
        done = subprocess.run([WATCH, command], env=self.env | changed, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


@pytest.fixture
def told():
    """The signals that nginx, whose pid is this process's, was sent."""
    heard = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    yield heard
    signal.signal(signal.SIGUSR1, before)


def log(path, letter, size):
    path.write_bytes(letter.encode() * size)
    path.chmod(0o640)
    return path


def first(path):
    return path.read_text()[:1]


def test_a_log_past_its_size_is_rotated_and_so_many_old_ones_are_kept(host, told):
    access = log(host.nginx / "access.log", "a", MB + 1024)
    log(host.nginx / "error.log", "e", MB)
    for number, letter in ((1, "b"), (2, "c")):
        log(host.nginx / f"access.log.{number}", letter, 10)
    host.look()
    assert sorted(path.name for path in host.nginx.iterdir()) == [
        "access.log",
        "access.log.1",
        "access.log.2",
        "error.log",
    ]
    assert access.stat().st_size == 0
    assert [first(host.nginx / f"access.log.{number}") for number in (1, 2)] == ["a", "b"]
    assert access.stat().st_mode & 0o777 == 0o640
    assert told == [signal.SIGUSR1]


def test_a_log_that_its_writer_keeps_open_is_copied_and_emptied(host, told):
    kept = log(host.postgresql / "postgresql-17-main.log", "p", MB + 1024)
    with kept.open("a") as writer:
        host.look()
        writer.write("next")
    assert kept.read_text() == "next"
    assert first(host.postgresql / "postgresql-17-main.log.1") == "p"
    assert told == []


def test_a_flood_that_outruns_the_watch_does_not_push_out_what_was_before_it(host, told):
    flooded = log(host.nginx / "error.log", "e", 2 * MB)
    log(host.nginx / "error.log.1", "b", 10)
    assert f"{flooded} grew" in host.look()
    assert flooded.stat().st_size == 0
    assert first(host.nginx / "error.log.1") == "b"


def test_all_logs_together_have_a_cap_whatever_is_written(host, told):
    for _ in range(6):
        for path in (host.nginx / "access.log", host.nginx / "error.log", host.postgresql / "postgresql-17-main.log"):
            with path.open("a") as writer:
                writer.write("x" * (MB * 6 // 5))
        host.look()
        everything = sum(path.stat().st_size for folder in (host.nginx, host.postgresql) for path in folder.iterdir())
        assert everything <= 3 * 3 * 1.25 * MB


def test_a_link_is_no_log(host, tmp_path, told):
    target = log(tmp_path / "target", "t", 2 * MB)
    (host.nginx / "access.log").symlink_to(target)
    host.look()
    assert target.stat().st_size == 2 * MB


def size(path):
    """MB that a file really has on the disk."""
    return path.stat().st_blocks * 512 / MB


def test_a_reserve_is_taken_while_there_is_room_and_given_up_when_there_is_none(host):
    assert host.look() == "3 MB are in reserve\n"
    host.stands(free=64, roots=50)
    assert host.look() == ""
    host.stands(free=63, roots=50)
    assert "the disk is full: 63 MB were left" in host.look()
    assert not host.reserve.exists()
    assert not host.ran.exists()


def test_room_has_to_come_back_before_the_reserve_is_taken_again(host):
    host.stands(free=300, roots=50)
    assert host.look() == ""
    host.stands(free=310, roots=50)
    assert "in reserve" in host.look()


@pytest.mark.parametrize(("let_in", "taken"), [(False, 53), (True, 3)])
def test_the_reserve_is_larger_by_what_root_alone_could_take_of_it(let_in, taken, host):
    host.stands(free=1000, roots=50, let_in=let_in)
    host.look()
    assert taken <= size(host.reserve) < taken + 1


def test_where_roots_part_is_too_large_for_that_it_is_reported(host):
    host.stands(free=100_000, roots=50_000)
    assert "root can fill the disk" in host.look()
    assert 3 <= size(host.reserve) < 4


def test_roots_part_is_room_for_postgresql_where_its_group_is_let_in(host):
    host.look()
    host.stands(free=0, roots=50, let_in=True)
    assert "the disk is full: 50 MB were left" in host.look()
    host.stands(free=0, roots=64, let_in=True)
    assert host.look() == ""


def test_postgresql_is_let_into_roots_part_of_a_disk_that_is_the_hosts_own(host):
    program(host.programs / "systemd-detect-virt", "exit 0")
    host.look("let-in")
    assert not host.ran.exists()
    program(host.programs / "systemd-detect-virt", "exit 1")
    host.look("let-in")
    assert host.ran.read_text() == "-o remount,resgid=115 /\n"
    host.stands(free=1000, roots=50, let_in=True)
    host.look("let-in")
    assert host.ran.read_text().count("\n") == 1
    assert not host.reserve.exists()


def test_with_the_reserve_gone_postgresqls_wal_goes_round(host):
    host.stands(free=10, roots=0)
    host.look()
    assert host.ran.read_text() == "--reuid=postgres --regid=postgres --init-groups -- psql -qXc CHECKPOINT postgres\n"


def test_a_host_without_postgresql_keeps_no_reserve(host):
    host.data.rmdir()
    assert host.look() == ""
    assert not host.reserve.exists()


def test_a_file_system_that_cannot_allocate_in_advance_is_reported(host):
    program(host.programs / "fallocate", "exit 1")
    assert "there is no reserve" in host.look()
    assert not host.reserve.exists()


def template(role, name):
    return (ANSIBLE / "roles" / role / "templates" / name).read_text()


def test_both_ways_of_rotation_keep_as_many_and_none_needs_space():
    unit = template("base", "slipway-disk.service.j2")
    assert "LOG_COUNT={{ base_log_count }}" in unit
    for name in ("logrotate-nginx.j2", "logrotate-postgresql-common.j2"):
        lines = [line.strip() for line in template("base", name).splitlines()]
        assert {"daily", "rotate {{ base_log_count }}", "maxage {{ base_log_count + 1 }}", "nocompress"} <= set(lines)


def test_the_journal_has_a_cap_a_rate_and_no_second_copy():
    lines = template("base", "journald.conf.j2").splitlines()
    wanted = ["SystemMaxUse={{ base_journal_disk }}", "RateLimitBurst=500", "LineMax=2K", "ForwardToSyslog=no"]
    assert [line for line in lines if line in wanted] == wanted


def test_postgresql_keeps_to_the_wal_files_that_it_has_and_logs_no_statement_of_a_visitors():
    lines = template("postgresql", "slipway.conf.j2").splitlines()
    # As much as it may have is there: a full disk is asked for none more, nor for the file of each checkpoint.
    assert {f"{name}_wal_size = {{{{ postgresql_wal_files * 16 }}}}MB" for name in ("min", "max")} < set(lines)
    assert "max_replication_slots = 0" in lines
    assert "log_min_error_statement = fatal" in lines
