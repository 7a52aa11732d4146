"""What is wrong with the host and its site, one line each with what to do; none when all is well."""

import os
import re
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from agent import backups, cluster, locks, moving, probe, processes, releases, upgrades
from agent.check import READY
from agent.paths import CERTIFICATE, LAYOUT, settings
from agent.problem import Problem
from agent.units import OVERLAP, RENEWAL, RESTART, SITE, TIMER, expected, failed, shown

PAGE_SECONDS = 10
# A unit that is not up may be starting: it is checked again after this, s.
RECHECK = 2
# A crash loop: so many restarts by systemd, the last one at most so many seconds ago.
RESTARTS, RECENT = 3, 300
FULL = 90  # %
MOUNTS = ("/", "/boot", "/srv", "/tmp", "/var", LAYOUT["postgresql_data"], "/var/log")
CGROUPS = Path("/sys/fs/cgroup")
# The kernel's log line of each process that it kills for memory.
OOM_KILL = re.compile(r"^oom-kill:.*\btask_memcg=(\S*?),task=([^,]+)")


def find() -> list[Problem]:
    """Each with a name of its own."""
    # A process chooses its own name, control characters included.
    return [Problem(*map(processes.printable, each)) for each in _find()]


def _find() -> Iterator[Problem]:
    yield from (*_units(), *_failed(), *_restore(), *_move())
    if releases.current():
        yield from (*_pages(), *backups.problems(), *_disks(), *_certificate(), *upgrades.problems(), *_memory())
    else:
        yield from (*_disks(), *_certificate(), Problem("release", "no release serves yet: `make deploy`"))


def _move() -> Iterator[Problem]:
    """A wall that nobody takes down: the server was started again behind it, and its timer is gone."""
    if moving.state().get("state") == "closed" and not locks.holder():
        line = "visitors get a 503, a move was cut off: `sudo slipway move back` opens the site, as `make move` does"
        yield Problem("move", line)


def _restore() -> Iterator[Problem]:
    """A restore that a power cut or a kill has ended."""
    began = cluster.noted().get("began")
    if began and not locks.is_busy():
        line = f"the restore that began at {began} was interrupted; the next `make restore` clears up"
        yield Problem("restore", line)


def _units() -> Iterator[Problem]:
    """The services that the site needs, stopped ones included."""
    names = ("ActiveState", "SubState", "Result", "NRestarts", "ExecMainStartTimestampMonotonic")
    first = shown(expected(), *names)
    up = all(unit["ActiveState"] == "active" for unit in first.values())
    now = first if up else time.sleep(RECHECK) or shown(expected(), *names)
    if not up and shown([RESTART], "ActiveState")[RESTART]["ActiveState"] == "activating":
        # Another process serves as long as the old one finishes its requests.
        now.pop(SITE, None)
    for name, unit in now.items():
        restarts, logs = int(unit["NRestarts"] or 0), f"`make logs UNIT={name}`"
        ago = time.monotonic() - int(unit["ExecMainStartTimestampMonotonic"] or 0) / 1e6
        rising = restarts > int(first[name]["NRestarts"] or 0) or unit["SubState"] == "auto-restart"
        if rising or (restarts >= RESTARTS and ago < RECENT):
            yield Problem(f"unit {name}", f"{name} is in a crash loop, restarted {restarts} times: {logs}")
        elif unit["ActiveState"] not in ("active", "reloading"):
            why = "" if unit["Result"] in ("", "success") else f", {unit['Result']}"
            state = f"{name} is not running ({unit['ActiveState']}{why})"
            yield Problem(f"unit {name}", f"{state}: {logs}; `sudo systemctl start {name}` starts it")


def _failed() -> Iterator[Problem]:
    for name in failed():
        if name not in (*expected(), RENEWAL, LAYOUT["backup_unit"]):
            yield Problem(f"unit {name}", f"{name} has failed: `make logs UNIT={name}`")


def _pages() -> Iterator[Problem]:
    """Through nginx, as for a visitor."""
    faults = {}

    def ask(page: str) -> tuple[int, str]:
        return probe.nginx(page, PAGE_SECONDS)

    try:
        faults[READY] = probe.fault(*ask(READY))
    except OSError as error:
        faults[READY] = f"does not answer ({error})"
    try:
        page, status = probe.page(ask)
        # A page may redirect, to a login say.
        faults[page] = f"answers {status}" if status >= 400 else ""
    except OSError as error:
        faults[probe.PAGE] = f"does not answer ({error})"
    failing = ", ".join(f"{page} {fault}" for page, fault in faults.items() if fault)
    if failing:
        yield Problem("pages", f"pages fail through nginx: {failing}: `make logs`")


def _disks() -> Iterator[Problem]:
    seen = set()
    for path in filter(os.path.isdir, MOUNTS):
        device = os.stat(path).st_dev  # noqa: PTH116
        if device in seen:
            continue
        seen.add(device)
        disk = os.statvfs(path)
        for what, total, free, usable in (
            ("disk", disk.f_blocks, disk.f_bfree, disk.f_bavail),
            ("inodes", disk.f_files, disk.f_ffree, disk.f_favail),
        ):
            # As df counts: blocks reserved for root are neither used nor free.
            used = total - free
            part = 100 * used / (used + usable) if used + usable else 0
            if part > FULL:
                full = f"the disk of {path} is full to {part:.0f} % of its {'space' if what == 'disk' else what}"
                yield Problem(f"{what} {path}", f"{full}: `sudo du -xh {path} | sort -h | tail`")


def _certificate() -> Iterator[Problem]:
    if not settings()["tls"]:
        return
    unit = shown((RENEWAL, TIMER), "ActiveState", "Result", "ExecMainExitTimestamp")
    if unit[RENEWAL]["Result"] not in ("", "success"):
        when = unit[RENEWAL]["ExecMainExitTimestamp"]
        line = f"the certificate's renewal failed{f' on {when}' if when else ''}: `make logs UNIT=certificate`"
        yield Problem("certificate renewal", line)
    if unit[TIMER]["ActiveState"] != "active":
        line = f"nothing renews the certificate, {TIMER} is off: `sudo systemctl enable --now {TIMER}`"
        yield Problem(f"unit {TIMER}", line)
    line = ["openssl", "x509", "-in", str(CERTIFICATE), "-noout", "-startdate", "-enddate"]
    output = processes.output(*line)
    dates = re.findall(r"^not(?:Before|After)=(.+)$", output, re.M)
    if len(dates) != 2:
        yield Problem("certificate", f"{CERTIFICATE} cannot be read: `make logs UNIT=certificate`")
        return
    start, end = map(ssl.cert_time_to_seconds, dates)
    # It is renewed with a third of its time left, or half of a short one's.
    if end - time.time() < (end - start) / 4:
        over = "ended" if end <= time.time() else "has not been renewed and ends"
        yield Problem("certificate", f"the certificate {over} on {dates[1]}: `make logs UNIT=certificate`")


def _memory() -> Iterator[Problem]:
    """What the kernel killed for memory. A release's jobs are left out: the deploy reported them."""
    line = ["journalctl", "--quiet", "--no-pager", "--output=cat", "--since=-24h", "_TRANSPORT=kernel"]
    output = processes.output(*line, "--grep=^oom-kill:")
    matches = [match for match in map(OOM_KILL.match, output.splitlines()) if match]
    kills = Counter((match[1].rpartition("/")[2] or "the system", match[2]) for match in matches)
    for unit in dict.fromkeys(unit for unit, _ in kills):
        if unit in (SITE, OVERLAP) or not unit.startswith("slipway-"):
            ended = ", ".join(f"{task} was ended {times} times" for (of, task), times in kills.items() if of == unit)
            line = f"memory ran out in {unit}: {ended} in 24 hours; see deploy/budget.yml"
            yield Problem(f"memory {unit}", line)
    for unit, group in shown(expected(), "ControlGroup").items():
        times = _oom_kills(group["ControlGroup"].lstrip("/"))
        if times and unit not in {name for name, _ in kills}:
            ended = f"a process was ended {times} times since it started"
            line = f"memory ran out in {unit}: {ended}; see deploy/budget.yml"
            yield Problem(f"memory {unit}", line)


def _oom_kills(group: str) -> int:
    """How many processes the kernel has killed for memory in a control group, of version 1 or 2."""
    for path in (CGROUPS / group / "memory.events", CGROUPS / "memory" / group / "memory.oom_control"):
        if group and path.exists():
            return int(dict(line.split() for line in path.read_text().splitlines()).get("oom_kill", 0))
    return 0
