"""What is wrong with the host and its site, one line each with what to do; none when all is well."""

import os
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping

from agent import (
    backups,
    cluster,
    drift,
    kills,
    locks,
    maintenance,
    moving,
    outbox,
    probe,
    processes,
    releases,
    scheduled,
    sign_ins,
    upgrades,
    workers,
)
from agent.check import READY
from agent.paths import CERTIFICATE, LAYOUT, settings
from agent.problem import Problem, span
from agent.units import OVERLAP, RENEWAL, RESTART, SITE, TIMER, expected, failed, shown

PAGE_SECONDS = 10
# A unit that is not up may be starting: it is checked again after this, s.
RECHECK = 2
# A crash loop: so many restarts by systemd, the last one at most so many seconds ago.
RESTARTS, RECENT = 3, 300
FULL = 85  # %
MOUNTS = ("/", "/boot", "/srv", "/tmp", "/var", LAYOUT["postgresql_data"], "/var/log")
DAY = 24 * 3600  # s
# What a release runs that goes on after its deploy. The process that serves while the site restarts is one.
LASTING = (OVERLAP, LAYOUT["job_prefix"], LAYOUT["worker_prefix"])
# The name of a check that failed begins so.
CHECK = "check"
NAMED = 5  # things that differ, in one line


def find() -> list[Problem]:
    """Each with a name of its own."""
    found = [*lasting()]
    if releases.current():
        found += [*slow(), *tried(memory=lambda: memory(DAY, kills.counted()), sign_ins=sign_ins.problems)]
        found += _unavailable()
    return [printable(each) for each in (*found, *tried(alarms=outbox.problems))]


def printable(problem: Problem) -> Problem:
    """A process chooses its own name, control characters included."""
    return Problem(*map(processes.printable, problem))


def lasting() -> Iterator[Problem]:
    """What stays until somebody or something ends it, and is found out in a moment."""
    yield from tried(units=_units, failed=_failed, restore=_restore, move=_move)
    if releases.current():
        yield from tried(pages=_pages, backups=backups.problems, disks=_disks, certificate=_certificate)
        yield from tried(jobs=scheduled.problems, workers=workers.problems)
    else:
        yield from tried(disks=_disks, certificate=_certificate)
        yield Problem("release", "no release serves yet: `make deploy`")


def slow() -> Iterator[Problem]:
    """What takes a second to find out: packages are asked for, and the files of each process."""
    yield from tried(drift=_drift, upgrades=upgrades.problems)


def tried(**checks: Callable[[], Iterator[Problem]]) -> Iterator[Problem]:
    """What each check finds. One that fails is a problem itself, and hides nothing that another one finds."""
    for name, check in checks.items():
        try:
            yield from check()
        except Exception as error:
            line = f"{name} cannot be checked: {type(error).__name__}: {' '.join(str(error).split())}"
            yield Problem(f"{CHECK} {name}", f"{line}: `make deploy PROVISION=1` writes anew what is missing")


def _drift() -> Iterator[Problem]:
    # A deploy compares, repairs and records by itself.
    names = [] if locks.holder() else drift.compare()["drifted"]
    if names:
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        line = f"the server is not as the last deploy left it: {', '.join(names[:NAMED])}{more}"
        yield Problem("drift", f"{line}: `make deploy` puts it back")


def _move() -> Iterator[Problem]:
    """A wall that nobody takes down: the server was started again behind it, and its timer is gone."""
    if moving.state().get("state") == "closed" and not locks.holder():
        line = "visitors get a 503, a move was cut off: `sudo slipway move back` opens the site, as `make move` does"
        yield Problem("move", line)


def _unavailable() -> Iterator[Problem]:
    if not maintenance.is_shown():
        line = "nginx does not have the 503.html of the release that serves: `make deploy` writes it"
        yield Problem("503 page", line)


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
        if name not in (*expected(), RENEWAL, LAYOUT["backup_unit"]) and not name.startswith(LAYOUT["job_prefix"]):
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


def memory(seconds: int, counted: Mapping[str, int]) -> Iterator[Problem]:
    """What was killed for memory in the last ``seconds``, and in the ``counted`` units.

    The jobs of a deploy are left out: the deploy has reported them.
    """
    kernel = kills.kernel(seconds)
    units = (*(unit for unit, _ in kernel), *kills.marked(seconds), *(unit for unit, times in counted.items() if times))
    for unit in dict.fromkeys(units):
        if unit.startswith("slipway-") and not unit.startswith(LASTING):
            continue
        tasks = [f"{task} was ended {times} times" for (of, task), times in kernel.items() if of == unit]
        if tasks:
            ended = f"{', '.join(tasks)} in {span(seconds)}"
        else:
            ended = f"a process was ended {counted.get(unit) or 1} times since it started"
        yield Problem(f"memory {unit}", f"memory ran out in {unit}: {ended}; see deploy/budget.yml")
