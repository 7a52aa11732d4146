"""Proves a release before the switch: a throwaway process of it answers the ready check and one page."""

import contextlib
import time
from pathlib import Path

from agent import cause, jobs, probe, processes, releases, slot
from agent.paths import LAYOUT, RELEASES, RUN, HostError

UNIT = "slipway-check"
SOCKET = RUN / UNIT / "gunicorn.sock"
SECONDS = 60
LONGEST = 240  # s
INTERVAL = 2  # s
CGROUPS, PROC = Path("/sys/fs/cgroup"), Path("/proc")
READY = "/healthz/ready"


def check(name: str) -> str:
    """Returns what it answered. Raises HostError with the reason; the process has ended either way."""
    name = releases.find(name)
    with slot.held("the check of a release", f"{UNIT}.service"):
        return _check(name)


def check_copy(name: str, sockets: Path) -> str:
    """The same with a database that can only be read, whose socket is in the folder ``sockets``. A page that writes
    into it fails, and that is no fault. The caller has the slot."""
    return _check(releases.find(name), f"BindPaths={sockets}:{LAYOUT['postgresql_run']}", judged=False)


def _check(name: str, *properties: str, judged: bool = True) -> str:
    jobs.clear(UNIT)
    properties = (
        *properties,
        f"RuntimeDirectory={UNIT}",
        "RuntimeDirectoryMode=0700",
        f"Environment=SLIPWAY_SOCKET={SOCKET}",
        # Gunicorn chowns the socket that it makes. The site's own comes from systemd, and its sandbox denies chown.
        "SystemCallFilter=@chown",
        # It stays loaded after its end, so that the cause can be read.
        "RemainAfterExit=yes",
        # It serves nobody. An orderly end takes as long as a worker's request, and more memory than it has:
        # an interpreter that cleans up writes to every page that its processes share.
        "KillSignal=SIGKILL",
        "SuccessExitStatus=SIGKILL",
        "TimeoutStopSec=5s",
        # The process that waits for it may be killed too.
        f"RuntimeMaxSec={LONGEST + 2 * probe.SECONDS + 30}",
    )
    gunicorn = RELEASES / name / "venv" / "bin" / "gunicorn"
    start = [*jobs.command(name, *properties, unit=UNIT, wait=False), "/bin/sh", "-c"]
    # As an argument: the site's environment file overrides WEB_CONCURRENCY.
    start.append(f'exec {gunicorn} -c deploy/gunicorn.conf.py --workers 1 "$SLIPWAY_WSGI"')
    started = processes.run(start)
    if started.returncode:
        why = " ".join(started.stderr.split())
        raise HostError(f"health check of the new release failed: systemd does not start it: {why}")
    try:
        _wait()
        ready = probe.fault(*_request(READY))
        if ready:
            raise HostError(f"health check of the new release failed: {READY} {ready}")
        page, status = probe.page(_request)
        if status >= 400 and judged:
            hint = " (a site without a front page names another in `paths` of site.yml)" if status == 404 else ""
            raise HostError(f"health check of the new release failed: {page} answers {status}{hint}{cause.of(UNIT)}")
        return f"{READY} 200, {page} {status}"
    finally:
        jobs.clear(UNIT)


def _wait() -> None:
    """Waits for its socket. Time on a CPU, or in the queue for one, does not count: a busy host is slow.
    Up to LONGEST, since an endless loop uses CPU too."""
    began, checked, busy = time.monotonic(), 0.0, 0.0
    while not SOCKET.is_socket():
        passed = time.monotonic() - began
        # Not each time: asking systemd costs a good part of what the start itself does.
        if passed - checked >= INTERVAL:
            checked = passed
            runs, busy = _state()
            if not runs:
                raise HostError(f"health check of the new release failed: it does not start{cause.of(UNIT)}")
        if passed - busy > SECONDS or passed > LONGEST:
            raise HostError(
                f"health check of the new release: timeout, it has not started after {passed:.0f} s{cause.of(UNIT)}"
            )
        time.sleep(0.1)


def _state() -> tuple[bool, float]:
    """Whether it runs, and its seconds on a CPU or in the queue for one."""
    found = cause.shown(UNIT, "MainPID", "CPUUsageNSec", "ControlGroup")
    used = found.get("CPUUsageNSec", "")
    # 2**64 - 1, or text, without CPU accounting.
    computed = int(used) / 1e9 if used.isdigit() and int(used) < 2**63 else 0.0
    return found.get("MainPID", "0") != "0", computed + _queued(found.get("ControlGroup", ""))


def _queued(group: str) -> float:
    """The seconds that the processes of a control group have waited in the CPU's run queue.

    https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
    """
    waited = 0
    with contextlib.suppress(OSError):
        for pid in (CGROUPS / group.lstrip("/") / "cgroup.procs").read_text().split():
            # One of them may end meanwhile.
            with contextlib.suppress(OSError):
                waited += int((PROC / pid / "schedstat").read_text().split()[1])
    return waited / 1e9


def _request(page: str) -> tuple[int, str]:
    try:
        return probe.gunicorn(Path(SOCKET), page)
    except OSError as error:
        why = "timeout" if isinstance(error, TimeoutError) else str(error)
        raise HostError(f"health check of the new release failed: {page}: {why}{cause.of(UNIT)}") from None
