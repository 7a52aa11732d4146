"""What an upgrade has replaced takes effect: each service is restarted in its own way, and a reboot waits its turn."""

import fcntl
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

CLUSTER = "postgresql@17-main.service"
REPLACED = "7f02 r-xp 00000000 08:01 124 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n"


@pytest.fixture
def server(host, tmp_path, monkeypatch):
    """``run(name)`` lets a process of a service run replaced files; ``calls`` are systemctl's, and what was signalled.

    A restart gives it a new process. ``properties`` are systemd's of a unit; ``broken`` units do not restart.
    """
    server = SimpleNamespace(calls=[], properties={}, broken=set(), slept=0, meanwhile=lambda: None)
    upgrades = host.upgrades
    (tmp_path / "dpkg").mkdir()
    (tmp_path / "dpkg" / "status").touch()
    (tmp_path / "dpkg" / "lock-frontend").touch()
    (tmp_path / "postgresql" / "17" / "main").mkdir(parents=True)
    (tmp_path / "postgresql" / "17" / "main" / "start.conf").write_text("auto\n")

    def run(name, slice_of="/system.slice"):
        folder = tmp_path / "proc" / str(len(list(tmp_path.glob("proc/*"))) + 1)
        folder.mkdir(parents=True)
        (folder / "cgroup").write_text(f"0::{slice_of}/{name}\n")
        (folder / "maps").write_text(REPLACED)
        return folder

    def ended(name):
        for folder in tmp_path.glob("proc/*"):
            if (folder / "cgroup").read_text().rstrip().endswith(f"/{name}"):
                (folder / "maps").write_text("")

    def systemctl(line, **_):
        line = list(line)
        if line[:2] == ["systemctl", "show"]:
            names = [part for part in line[2:] if not part.startswith("--")]
            known = {name: {"Id": name, "Type": "simple"} | server.properties.get(name, {}) for name in names}
            said = "\n".join("".join(f"{key}={value}\n" for key, value in unit.items()) for unit in known.values())
            return SimpleNamespace(stdout=said, returncode=0)
        server.calls.append(" ".join(line[1:]))
        failed = line[-1] in server.broken
        if not failed:
            ended("init.scope" if line[1] == "daemon-reexec" else line[-1])
        return SimpleNamespace(stdout="", stderr="", returncode=int(failed))

    def site():
        server.calls.append("the site's own restart")
        ended("slipway.service")

    def nginx():
        server.calls.append("nginx's own way")
        ended("nginx.service")

    def sleep(seconds):
        server.slept += seconds
        server.meanwhile()

    server.run = run
    monkeypatch.setattr(host.outdated, "PROC", tmp_path / "proc")
    monkeypatch.setattr(host.units, "CLUSTERS", tmp_path / "postgresql")
    monkeypatch.setattr(upgrades, "REBOOT", tmp_path / "reboot-required")
    monkeypatch.setattr(upgrades, "DPKG", tmp_path / "dpkg" / "status")
    monkeypatch.setattr(upgrades, "APT_LOCK", tmp_path / "dpkg" / "lock-frontend")
    monkeypatch.setattr(host.processes, "run", systemctl)
    monkeypatch.setattr(host.activate, "restart", site)
    monkeypatch.setattr(upgrades, "_replace_nginx", nginx)
    monkeypatch.setattr(upgrades.time, "sleep", sleep)
    monkeypatch.setattr(upgrades.time, "monotonic", lambda: server.slept)
    return server


def test_each_service_is_restarted_in_its_own_way_the_database_before_the_site_and_nginx_last(host, server):
    for name in ("nginx.service", "slipway.service", CLUSTER, "ssh.service", "slipway-worker-mail.service"):
        server.run(name)
    server.run("init.scope", slice_of="")
    line = host.upgrades.restart()
    assert server.calls == [
        "daemon-reexec",
        "restart slipway-worker-mail.service",
        "restart ssh.service",
        "-u postgres -- psql -XAtqc CHECKPOINT",
        f"restart {CLUSTER}",
        "the site's own restart",
        "nginx's own way",
    ]
    assert line.startswith("restarted init.scope, slipway-worker-mail.service")
    assert list(host.upgrades.problems()) == []


def test_nothing_is_restarted_without_need(host, server):
    assert host.upgrades.restart() == "no service runs what an upgrade replaced"
    assert server.calls == []


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("apt-daily-upgrade.service", {"Type": "oneshot"}),
        ("slipway-shell-7.service", {"Transient": "yes"}),
        ("slipway-archive@3-7-0.service", {"TriggeredBy": "slipway-archive.socket"}),
        ("slipway-overlap.service", {"Type": "notify"}),
        ("slipway-job-digest.service", {"Type": "exec"}),
    ],
)
def test_what_ends_by_itself_is_left_to_its_end(name, properties, host, server):
    server.run(name)
    server.properties[name] = properties
    assert host.upgrades.restart() == "no service runs what an upgrade replaced"


def test_a_service_that_a_socket_starts_and_that_stays_is_restarted(host, server):
    server.run("ssh.service")
    server.properties["ssh.service"] = {"TriggeredBy": "ssh.socket"}
    assert host.upgrades.restart() == "restarted ssh.service"


@pytest.mark.parametrize("name", ["getty@tty1.service", "user@1000.service"])
def test_what_serves_a_session_ends_with_it(name, host, server):
    server.run(name)
    assert host.upgrades.restart() == "no service runs what an upgrade replaced"
    assert list(host.upgrades.problems()) == []


@pytest.mark.parametrize("name", ["dbus.service", "networking.service"])
def test_what_others_hang_on_waits_for_a_reboot(name, host, server):
    server.run(name)
    assert host.upgrades.restart() == "no service runs what an upgrade replaced"
    (problem,) = host.upgrades.problems()
    assert problem.text == f"a reboot is due, for {name}: `sudo reboot`"


def test_one_that_does_not_come_back_is_named_and_the_others_are_restarted(host, server):
    for name in ("cron.service", "ssh.service"):
        server.run(name)
    server.broken = {"cron.service"}
    with pytest.raises(
        host.paths.HostError,
        match=r"still run what an upgrade replaced: cron\.service: `systemctl restart cron\.service` failed: `make",
    ):
        host.upgrades.restart()
    assert "restart ssh.service" in server.calls


def lock_of_apt(file):
    """A process that holds apt's lock until its stdin ends; a lock of this process would not stop it itself."""
    code = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    return process


def test_it_waits_for_apt(host, server):
    server.run("ssh.service")
    apt = lock_of_apt(host.upgrades.APT_LOCK)

    def meanwhile():
        assert server.calls == []
        if server.slept >= 3:
            apt.communicate()

    server.meanwhile = meanwhile
    assert host.upgrades.restart() == "restarted ssh.service"
    assert server.slept == 3


def test_it_waits_for_a_deploy_but_not_for_ever(host, server):
    server.run("ssh.service")
    with host.paths.LOCK.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(host.paths.HostError, match="apt or a deploy still runs after 60 minutes"):
            host.upgrades.restart()
    assert server.calls == []


def test_what_apt_installs_meanwhile_is_restarted_too(host, server, monkeypatch):
    server.run("ssh.service")
    installed = iter((1, 2, 2, 2))

    def mtime():
        moment = next(installed)
        if moment == 2 and "restart cron.service" not in server.calls:
            server.run("cron.service")
        return moment

    monkeypatch.setattr(host.upgrades, "_installed", mtime)
    assert host.upgrades.restart() == "restarted ssh.service, cron.service"


def test_a_reboot_is_made_when_one_is_due(host, server):
    assert host.upgrades.reboot() == "no reboot is due"
    host.upgrades.REBOOT.touch()
    assert host.upgrades.reboot() == "rebooting for an upgrade"
    assert server.calls == ["reboot"]


@pytest.mark.parametrize("lock", ["LOCK", "STEP", "SLOT"])
def test_a_reboot_waits_for_a_deploy_a_step_and_whoever_has_the_slot(lock, host, server):
    host.upgrades.REBOOT.touch()
    file = getattr(host.paths, lock).open("a+")
    fcntl.flock(file, fcntl.LOCK_EX)

    def meanwhile():
        assert server.calls == []
        if server.slept >= 5:
            file.close()

    server.meanwhile = meanwhile
    assert host.upgrades.reboot() == "rebooting for an upgrade"
    assert server.slept == 5


def test_a_reboot_waits_for_apt(host, server):
    host.upgrades.REBOOT.touch()
    apt = lock_of_apt(host.upgrades.APT_LOCK)

    def meanwhile():
        assert server.calls == []
        if server.slept >= 3:
            apt.communicate()

    server.meanwhile = meanwhile
    assert host.upgrades.reboot() == "rebooting for an upgrade"
    assert server.slept == 3


def test_no_step_of_a_deploy_runs_beside_the_restarts(host, server, monkeypatch):
    server.run("slipway.service")
    busy = []
    monkeypatch.setattr(host.activate, "restart", lambda: busy.append(host.locks.is_busy()))
    host.upgrades.restart()
    assert busy == [True]


def test_a_reboot_that_finds_no_quiet_moment_waits_for_the_next_time(host, server):
    host.upgrades.REBOOT.touch()
    with host.paths.SLOT.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(host.paths.HostError, match="the reboot for an upgrade waits for the next time: "):
            host.upgrades.reboot()
    assert server.calls == []


# Like nginx: on SIGUSR2 a second process writes its number, if it is let; on SIGQUIT this one ends.
MASTER = """
import os, signal, sys, threading
pid_file, works = sys.argv[1:]
ended = threading.Event()
signal.signal(signal.SIGQUIT, lambda *_: ended.set())
signal.signal(signal.SIGUSR2, lambda *_: works and open(pid_file, "w").write("7"))
open(pid_file, "w").write(str(os.getpid()))
print(flush=True)
ended.wait()
"""


@pytest.mark.parametrize("works", ["", "yes"])
def test_the_old_nginx_ends_once_a_new_one_has_its_sockets_and_stays_otherwise(works, host, tmp_path, monkeypatch):
    pid_file = tmp_path / "nginx.pid"
    monkeypatch.setattr(host.upgrades, "NGINX_PID", pid_file)
    monkeypatch.setattr(host.upgrades, "NGINX_SECONDS", 5 if works else 0.2)
    with subprocess.Popen([sys.executable, "-c", MASTER, pid_file, works], stdout=subprocess.PIPE) as master:
        master.stdout.readline()
        if works:
            host.upgrades._replace_nginx()
            assert master.wait(5) == 0
        else:
            with pytest.raises(
                host.paths.HostError, match="nginx starts no second master process: `make logs UNIT=nginx`"
            ):
                host.upgrades._replace_nginx()
            assert master.poll() is None
            os.kill(master.pid, signal.SIGKILL)
