"""Lets what an upgrade has replaced take effect: restarts what still runs it, and reboots where only that helps."""

import fcntl
import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from agent import activate, locks, outdated, processes, psql, slot
from agent.paths import LAYOUT, NGINX_PID, PREFIX, HostError
from agent.problem import Problem
from agent.units import NGINX, OVERLAP, SITE, databases, shown

# The system's note that a new kernel, or a library of everything, waits for a reboot; the packages are beside it.
REBOOT = Path(PREFIX + "/run/reboot-required")
# apt holds the lock while it installs; dpkg writes its state after each package.
APT_LOCK, DPKG = Path(PREFIX + "/var/lib/dpkg/lock-frontend"), Path(PREFIX + "/var/lib/dpkg/status")
# A restart of these cuts services or the network off; dbus says itself that it has to be a reboot.
# https://www.freedesktop.org/wiki/Software/dbus/
REBOOTED = re.compile(r"(dbus|dbus-broker|networking|ifup@.*)\.service")
# A restart of these ends what a person does in a session; they end with it.
OF_SESSIONS = re.compile(r"(user|getty|serial-getty)@.*\.service|console-getty\.service")
# How long restarts wait for apt and a deploy, and a reboot for whatever runs, s.
PATIENCE = 3600
POLL = 1.0
# For nginx's new master process to write its number, s.
NGINX_SECONDS = 10


def problems() -> Iterator[Problem]:
    """What upgrades have installed that does not run yet."""
    waiting = ", ".join(_reasons())
    if waiting:
        timer = LAYOUT["reboot_timer"]
        at = shown([timer], "NextElapseUSecRealtime")[timer]["NextElapseUSecRealtime"]
        when = f"it is made {at} if nothing runs then; `sudo reboot` makes it now" if at else "`sudo reboot`"
        yield Problem("reboot", f"a reboot is due, for {waiting}: {when}")
    for name, files in _restartable().items():
        again = f"`sudo systemctl start {LAYOUT['upgrade_unit']}` restarts it"
        yield Problem(f"upgrade {name}", f"{name} still runs what an upgrade replaced ({', '.join(files)}): {again}")


def restart() -> str:
    """Restarts what runs replaced files, once apt and a deploy have ended; returns a line for the journal.

    Raises HostError that names each service that did not come back; the others have been restarted.
    """
    done, failed = [], []
    while True:
        _wait(lambda: not _apt_runs() and not locks.holder(), "apt or a deploy still runs")
        seen = _installed()
        # A deploy that begins now waits for the end.
        with locks.step("the restart of what an upgrade has replaced"):
            for name in _in_order(_restartable()):
                try:
                    _restart(name)
                    done.append(name)
                except HostError as error:
                    failed.append(f"{name}: {error}")
        # What apt installed meanwhile.
        if _installed() == seen:
            break
    if failed:
        raise HostError(f"still run what an upgrade replaced: {'; '.join(failed)}")
    return f"restarted {', '.join(done)}" if done else "no service runs what an upgrade replaced"


def reboot() -> str:
    """Reboots when that is due, once nothing runs that it would cut off. Raises HostError after PATIENCE seconds."""
    waiting = ", ".join(_reasons())
    if not waiting:
        return "no reboot is due"

    def idle() -> bool:
        return not (_apt_runs() or locks.holder() or locks.is_busy() or slot.holder())

    _wait(idle, f"the reboot for {waiting} waits for the next time: {_running() or 'apt'} still runs")
    with locks.step("the reboot"):
        if processes.run(["systemctl", "reboot"]).returncode:
            raise HostError(f"systemd does not reboot, for {waiting}: `sudo reboot`")
    return f"rebooting for {waiting}"


def _reasons() -> list[str]:
    """What waits for a reboot: packages that asked for one, and services that only a reboot restarts."""
    packages = REBOOT.with_name("reboot-required.pkgs")
    asked = packages.read_text().split() if packages.exists() else []
    waiting = [name for name in outdated.services() if REBOOTED.fullmatch(name)]
    return sorted({*asked, *waiting}) or (["an upgrade"] if REBOOT.exists() else [])


def _restartable() -> dict[str, list[str]]:
    """By service that a restart helps, the replaced files that it still runs.

    Left out is what ends by itself: an upgrade, a backup, a job, a shell, and what a socket started for one connection.
    """
    found = outdated.services()
    found = {name: found[name] for name in found if not (REBOOTED.fullmatch(name) or OF_SESSIONS.fullmatch(name))}
    units = shown([name for name in found if name != outdated.SYSTEMD], "Type", "Transient", "TriggeredBy")
    for name, unit in units.items():
        of_connection = "@" in name and ".socket" in unit["TriggeredBy"]
        ends = name == OVERLAP or name.startswith(LAYOUT["job_prefix"])
        if unit["Type"] == "oneshot" or unit["Transient"] == "yes" or of_connection or ends:
            del found[name]
    return found


def _running() -> str:
    other = slot.holder()
    return locks.holder() or (slot.describe(other) if other else "")


def _wait(ready: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise HostError(f"{otherwise} after {PATIENCE // 60} minutes")
        time.sleep(POLL)


def _apt_runs() -> bool:
    """Whether apt or dpkg holds its lock: https://man7.org/linux/man-pages/man2/fcntl_locking.2.html"""
    try:
        with APT_LOCK.open() as file:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _installed() -> int:
    return DPKG.stat().st_mtime_ns


def _in_order(names: Iterable[str]) -> list[str]:
    """The site after its database, and nginx after the site: each comes back to what runs already."""
    last = [*databases(), SITE, NGINX]
    return sorted(names, key=lambda name: (last.index(name) if name in last else -1, name))


def _restart(name: str) -> None:
    if name == outdated.SYSTEMD:
        _systemctl("daemon-reexec")
    elif name == SITE:
        activate.restart()
    elif name == NGINX:
        _replace_nginx()
    else:
        if name in databases():
            # What is written before is not waited for while it is away.
            processes.run(psql.line("postgres", "-XAtqc", "CHECKPOINT"))
        _systemctl("restart", name)


def _replace_nginx() -> None:
    """A new master process takes the listening sockets over; the old one answers what it has begun, and ends.

    https://nginx.org/en/docs/control.html#upgrade
    """
    old = NGINX_PID.read_text()
    os.kill(int(old), signal.SIGUSR2)
    deadline = time.monotonic() + NGINX_SECONDS
    while not (new := _number()) or new == old:
        if time.monotonic() > deadline:
            raise HostError("nginx starts no second master process: `make logs UNIT=nginx`")
        time.sleep(0.1)
    os.kill(int(old), signal.SIGQUIT)


def _number() -> str:
    with suppress(FileNotFoundError):
        return NGINX_PID.read_text()
    return ""


def _systemctl(*arguments: str) -> None:
    if processes.run(["systemctl", *arguments]).returncode:
        raise HostError(f"`systemctl {' '.join(arguments)}` failed: `make logs UNIT={arguments[-1]}`")
