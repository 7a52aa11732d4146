"""Proves a release before the switch: a throwaway process of it answers the ready check and one page."""

import contextlib
import re
import subprocess
import time
from pathlib import Path

from slipway_host import jobs, releases, visit
from slipway_host.paths import RELEASES, RUN, HostError

UNIT = "slipway-check"
SOCKET = RUN / UNIT / "gunicorn.sock"
SECONDS = 60
LONGEST = 240  # s
LOOK = 2  # s
CGROUPS, PROC = Path("/sys/fs/cgroup"), Path("/proc")
READY = "/healthz/ready"
PAGE = "/"


def check(name: str) -> str:
    """What it answered. Raises HostError with the reason; the process has ended either way."""
    name = releases.find(name)
    _stop()
    properties = (
        f"RuntimeDirectory={UNIT}",
        "RuntimeDirectoryMode=0700",
        f"Environment=SLIPWAY_SOCKET={SOCKET} WEB_CONCURRENCY=1",
        "UMask=0077",
    )
    gunicorn = RELEASES / name / "venv" / "bin" / "gunicorn"
    start = [*jobs.command(name, *properties, unit=UNIT, wait=False), "/bin/sh", "-c"]
    start.append(f'exec {gunicorn} -c deploy/gunicorn.conf.py "$SLIPWAY_WSGI"')
    subprocess.run(start, check=True)
    try:
        _wait()
        ready = visit.fault(*_ask(READY))
        if ready:
            raise HostError(f"health check of the new release failed: {READY} {ready}")
        status, _ = _ask(PAGE)
        if status >= 400:
            raise HostError(f"health check of the new release failed: {PAGE} answers {status}{_reason()}")
        return f"{READY} 200, {PAGE} {status}"
    finally:
        _stop()


def _wait() -> None:
    """Counts the seconds that it lets pass. What it computes is not held against it, nor that it waits for its turn to:
    beside visitors a small host is slow. To a limit, since an endless loop computes too."""
    began, looked, busy = time.monotonic(), 0.0, 0.0
    while not SOCKET.is_socket():
        passed = time.monotonic() - began
        # Not each time: asking systemd costs as much as a good part of the start that is waited for.
        if passed - looked >= LOOK:
            looked = passed
            runs, busy = _state()
            if not runs:
                raise HostError(f"health check of the new release failed: it does not start{_reason()}")
        if passed - busy > SECONDS or passed > LONGEST:
            raise HostError(
                f"health check of the new release: timeout, it has not started after {passed:.0f} s{_reason()}"
            )
        time.sleep(0.1)


def _state() -> tuple[bool, float]:
    """Whether it runs, and the seconds that it has computed or stood in line to."""
    show = [f"--property={name}" for name in ("ActiveState", "CPUUsageNSec", "ControlGroup")]
    said = subprocess.run(["systemctl", "show", *show, UNIT], capture_output=True, text=True, check=False).stdout
    found = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    used = found.get("CPUUsageNSec", "")
    # 2**64 - 1 or words where nobody counts.
    computed = int(used) / 1e9 if used.isdigit() and int(used) < 2**63 else 0.0
    return found.get("ActiveState") in ("active", "activating"), computed + _queued(found.get("ControlGroup", ""))


def _queued(group: str) -> float:
    """The seconds that the processes of a control group have stood in the processor's queue.

    https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
    """
    waited = 0
    with contextlib.suppress(OSError):
        for pid in (CGROUPS / group.lstrip("/") / "cgroup.procs").read_text().split():
            # One of them may end meanwhile.
            with contextlib.suppress(OSError):
                waited += int((PROC / pid / "schedstat").read_text().split()[1])
    return waited / 1e9


def _ask(page: str) -> tuple[int, str]:
    try:
        return visit.gunicorn(Path(SOCKET), page)
    except OSError as error:
        why = "timeout" if isinstance(error, TimeoutError) else str(error)
        raise HostError(f"health check of the new release failed: {page}: {why}{_reason()}") from None


def _reason() -> str:
    """The exception that it wrote to the journal, with the place where it was raised."""
    line = ["journalctl", "--quiet", "--output=cat", "--no-pager", f"--unit={UNIT}", f"--since=-{LONGEST}s"]
    said = subprocess.run(line, capture_output=True, text=True, check=False).stdout.splitlines()
    errors = [each.strip() for each in said if re.match(r"[\w.]+(Error|Exception|Exit|NotFound)\b", each.strip())]
    if not errors:
        killed = jobs.killed(UNIT)
        return killed and f": {killed}"
    own = [each.strip() for each in said if each.strip().startswith('File "') and "/venv" not in each]
    place = re.match(r'File "(.*?)", line (\d+)', own[-1]) if own else None
    where = f" at {place[1].partition('/releases/')[2].partition('/')[2]}:{place[2]}" if place else ""
    return f": {errors[-1]}{where}"


def _stop() -> None:
    subprocess.run(["systemctl", "stop", f"{UNIT}.service"], capture_output=True, check=False)
    subprocess.run(["systemctl", "reset-failed", f"{UNIT}.service"], capture_output=True, check=False)
