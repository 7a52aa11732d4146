"""The long-lived processes of `workers` in site.yml: each of the release that serves, restarted with it."""

import time
from collections.abc import Iterator
from pathlib import Path

from agent import cause, locks, moving, processes, progress, releases
from agent.paths import LAYOUT, HostError, settings
from agent.problem import Problem
from agent.units import shown, workers

# One that lives so long has not died at once, s.
SETTLED = 5
# For systemd to start it, beside what the one before may take to end, s.
STARTING = 60
# What a job gets that is stopped (jobs_drain of the role), s.
JOB_DRAIN = 30
INTERVAL = 5
POLL = 0.3
PROC = Path("/proc")
PROPERTIES = ("ActiveState", "SubState", "InvocationID", "NRestarts", "ExecMainStartTimestampMonotonic", "MainPID")


def restart() -> None:
    """Lets each worker end what it has begun, and starts it from the release that serves.

    Raises HostError, with the reason, for one that ends at once.
    """
    names = workers()
    # A worker on two servers would do everything twice.
    if not names or moving.state().get("state") in ("closed", "arriving", "moved"):
        return
    before = {name: unit["InvocationID"] for name, unit in shown(names, "InvocationID").items()}
    processes.run(["systemctl", "reset-failed", *names])
    processes.run(["systemctl", "restart", "--no-block", *names])
    began, told = time.monotonic(), 0.0
    deadline = began + STARTING + max(each["drain"] for each in settings()["workers"])
    while waiting := [name for name, unit in shown(names, *PROPERTIES).items() if not _settled(name, unit, before)]:
        now = time.monotonic()
        if now > deadline:
            raise HostError(f"{_about(waiting[0])} does not start; `make logs UNIT={waiting[0]}` shows why")
        if now - told - began >= INTERVAL:
            told = now - began
            ending = [name for name in waiting if shown([name], "ActiveState")[name]["ActiveState"] == "deactivating"]
            for name in ending:
                progress.say(f"waiting for {_about(name)} to end what it has begun, {told:.0f} s")
        time.sleep(POLL)


def start() -> None:
    """Those that do not run, on a server that a site has reached; nobody waits."""
    if workers() and releases.current():
        processes.run(["systemctl", "start", "--no-block", *workers()])


def stop() -> None:
    """Stops them, and a job that runs; returns when each has ended what it had begun."""
    processes.run(["systemctl", "stop", *workers(), f"{LAYOUT['job_prefix']}*.service"])


def longest() -> int:
    """How long `stop` may take, s."""
    return max([JOB_DRAIN, *(each["drain"] for each in settings().get("workers", []))])


def problems() -> Iterator[Problem]:
    """A worker of another release than the one that serves: a switch was killed on its way."""
    if locks.holder() or not workers():
        return
    for name, unit in shown(workers(), "MainPID").items():
        try:
            release = (PROC / unit["MainPID"] / "cwd").readlink().name
        except OSError:
            continue
        if release != releases.current():
            line = f"{_about(name)} still runs release {release}: `sudo systemctl restart {name}`"
            yield Problem(f"unit {name}", line)


def _settled(name: str, unit: dict[str, str], before: dict[str, str]) -> bool:
    """Whether it runs and stays. Raises HostError when it has ended."""
    if not unit["InvocationID"] or unit["InvocationID"] == before[name]:
        return False
    if unit["ActiveState"] in ("failed", "inactive") or unit["SubState"] == "auto-restart" or unit["NRestarts"] != "0":
        why = cause.of(name.removesuffix(".service"))
        raise HostError(f"{_about(name)} ended at once{why}; `make logs UNIT={name}`")
    since = time.monotonic() - int(unit["ExecMainStartTimestampMonotonic"] or 0) / 1e6
    return unit["ActiveState"] == "active" and since >= SETTLED


def _about(name: str) -> str:
    return f"the worker {name.removeprefix(LAYOUT['worker_prefix']).removesuffix('.service')}"
