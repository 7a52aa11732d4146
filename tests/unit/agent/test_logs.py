"""Which logs can be read, and the error for others."""

import os
import subprocess
import sys
import time

import pytest

from slipway.tool.server import agent

# The journal has a line of each unit that it is asked for; systemd knows ssh.service.
JOURNALCTL = """#!/bin/sh
for each; do
    case $each in
        --field=*) echo slipway-check.service ;;
        --unit=*) echo "journal of ${each#--unit=}" ;;
        --follow) exec sleep 60 ;;
    esac
done
"""
SYSTEMCTL = """#!/bin/sh
for each; do
    case $each in
        ssh.service) echo "Id=$each"; echo LoadState=loaded ;;
        *.service) echo "Id=$each"; echo LoadState=not-found ;;
    esac
done
"""


OLDER = ["older of postgresql-17-main", "last of postgresql-17-main"]


@pytest.fixture
def server(host, tmp_path, monkeypatch):
    """A server in folders, with journalctl and systemctl of its own."""
    (tmp_path / "bin").mkdir()
    for name, text in (("journalctl", JOURNALCTL), ("systemctl", SYSTEMCTL)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    for folder, files in (("NGINX_LOGS", ("access", "error")), ("POSTGRESQL_LOGS", ("postgresql-17-main",))):
        path = tmp_path / folder.lower().removesuffix("_logs")
        path.mkdir()
        monkeypatch.setattr(host.logs, folder, path)
        for name in files:
            (path / f"{name}.log").write_text(f"older of {name}\nlast of {name}\n")
    (tmp_path / "clusters" / "17" / "main").mkdir(parents=True)
    (tmp_path / "clusters" / "17" / "main" / "start.conf").write_text("auto\n")
    monkeypatch.setattr(host.units, "CLUSTERS", tmp_path / "clusters")
    return tmp_path


def test_without_a_name_it_is_all_of_them_and_each_line_says_whose_it_is(host, server, capfdbinary):
    host.logs.logs("", 1, False)
    assert capfdbinary.readouterr().out.decode().splitlines() == [
        "site        | journal of slipway.service",
        "site        | journal of slipway-overlap.service",
        "nginx       | journal of nginx.service",
        "access      | last of access",
        "error       | last of error",
        "postgresql  | journal of postgresql@17-main.service",
        "postgresql  | last of postgresql-17-main",
        "certificate | journal of slipway-certificate.service",
    ]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("site", ["journal of slipway.service", "journal of slipway-overlap.service"]),
        ("access", ["older of access", "last of access"]),
        ("error", ["older of error", "last of error"]),
        ("nginx", ["journal of nginx.service"]),
        (
            "postgresql",
            ["journal of postgresql@17-main.service", "older of postgresql-17-main", "last of postgresql-17-main"],
        ),
        ("ssh", ["journal of ssh.service"]),
        ("ssh.service", ["journal of ssh.service"]),
        ("slipway-check", ["journal of slipway-check.service"]),
    ],
)
def test_a_name_is_one_of_them_or_a_unit_and_stands_alone(name, wanted, host, server, capfdbinary):
    host.logs.logs(name, 2, False)
    assert capfdbinary.readouterr().out.decode().splitlines() == wanted


def test_an_unknown_one_is_an_error_that_lists_what_there_is(host, server):
    with pytest.raises(host.paths.HostError) as rejected:
        host.logs.logs("nosuch", 1, False)
    assert str(rejected.value) == (
        "UNIT=nosuch: no such log; there are site, nginx, access, error, postgresql, certificate, "
        "and each unit of systemd's by its name"
    )


def test_it_follows_until_nobody_reads_and_leaves_no_process(host, server, tmp_path):
    packed = agent.pack(tmp_path / "slipway")
    log = server / "nginx" / "error.log"
    follow = (
        f"import sys; sys.path.insert(0, {str(packed)!r}); from pathlib import Path; from agent import logs;"
        f"logs.NGINX_LOGS = Path({str(log.parent)!r}); logs.logs('error', 1, True)"
    )
    process = subprocess.Popen([sys.executable, "-c", follow], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "last of error\n"
    # The log is rotated, as logrotate does.
    log.rename(log.with_suffix(".log.1"))
    log.write_text("after the rotation\n")
    assert process.stdout.readline() == "after the rotation\n"
    (tail,) = _children(process.pid)
    process.stdout.close()
    assert process.wait(timeout=30) == 0
    deadline = time.monotonic() + 30
    while os.path.exists(f"/proc/{tail}") and time.monotonic() < deadline:  # noqa: PTH110
        time.sleep(0.02)
    assert not os.path.exists(f"/proc/{tail}")  # noqa: PTH110


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
        return file.read().split()
