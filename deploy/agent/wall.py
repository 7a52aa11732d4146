"""The old server's side of a move: the wall, behind which the last writes travel, and after it the forwarding.

This server alone decides: until it has written `moved` it can go back, and does so by itself when nothing is heard from
the deploying machine in time. From then on it only forwards, whatever ends this process.
"""

import json
import select
import sys
import time
from pathlib import Path

from agent import forward, moving, probe, processes, releases, units
from agent.check import READY
from agent.paths import CLUSTER_DATA, CLUSTERS, LAYOUT, POSTGRESQL, SOCKET, HostError
from agent.psql import Session

# A timer of this name goes back, or goes on, when this process was killed: so many seconds after the wall's own limit.
BACK, GRACE = "slipway-move-back", 30
# What the site's processes get after nginx has nothing of theirs to wait for, s.
STOP = 3
DATABASE_STOP = 15
OPEN = 60
SITE = (units.SOCKET, units.RESTART, units.OVERLAP, units.SITE)
# Of a server that has moved: nothing of its own is left to do.
TIMERS = (units.TIMER, LAYOUT["backup_timer"])
# Whoever connects now can only read; pg_dump does no more.
READ_ONLY = (
    "ALTER SYSTEM SET default_transaction_read_only = on",
    "SELECT pg_reload_conf()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
)
WRITABLE = ("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")


def wall(address: str, seconds: str, how: str) -> str:
    """Closes the site, prints what the new server has to wait for as JSON, and forwards to ``address`` once ``forward``
    is read from stdin. Raises HostError after it has gone back: the site serves here again.
    """
    if moving.state().get("state") == "moved":
        raise HostError("it has moved already")
    limit = int(seconds)
    deadline = time.monotonic() + limit
    _watch(limit + GRACE)
    moving.write(state="closed", to=address, how=how, at=releases.now())
    try:
        forward.close(limit)
        stop_site()
        print(json.dumps(_end_writes(how)), flush=True)
        _wait_for_word(deadline, limit)
    except BaseException as error:
        back()
        raise HostError(f"{error}; the old server serves again, and no write is lost") from None
    finish()
    return "forwarded"


def _wait_for_word(deadline: float, seconds: int) -> None:
    ready, _, _ = select.select([sys.stdin], [], [], max(0, deadline - time.monotonic()))
    if not ready:
        raise HostError(f"the new server did not serve within {seconds} s")
    if sys.stdin.readline().strip() != "forward":
        raise HostError("the deploying machine gave up, or its connection broke")


def stop_site() -> None:
    """Stops the site's processes and its socket; what a request still does after ``STOP`` seconds is killed."""
    processes.run(["systemctl", "stop", "--no-block", *SITE])
    deadline = time.monotonic() + STOP
    while _running() and time.monotonic() < deadline:
        time.sleep(0.1)
    for name in _running():
        processes.run(["systemctl", "kill", "--signal=SIGKILL", name])
    deadline = time.monotonic() + STOP
    while _running():
        if time.monotonic() > deadline:
            raise HostError(f"{', '.join(_running())} cannot be stopped")
        time.sleep(0.1)


def _running() -> list[str]:
    states = units.shown(SITE, "ActiveState").items()
    return [name for name, unit in states if unit["ActiveState"] not in ("inactive", "failed", "")]


def _end_writes(how: str) -> dict[str, str]:
    """From its return on nobody writes into the database here. ``lsn``: where its WAL ends, all of it archived."""
    if how == "dump":
        _ask(*READ_ONLY)
    if how != "wal":
        return {}
    (unit,) = units.databases()
    processes.run(["systemctl", "stop", "--no-block", unit])
    deadline = time.monotonic() + DATABASE_STOP
    while units.shown([unit], "ActiveState")[unit]["ActiveState"] not in ("inactive", "failed"):
        if time.monotonic() > deadline:
            raise HostError(f"{unit} did not stop within {DATABASE_STOP} s")
        time.sleep(0.1)
    return {"lsn": _end_of_wal()}


def _end_of_wal() -> str:
    """PostgreSQL begins a new segment as it stops, and archives all before it: the last one has nothing else in it."""
    data = cluster_data()
    left = [path.stem for path in (data / "pg_wal" / "archive_status").glob("*.ready") if len(path.stem) == 24]
    printed = processes.output(f"{POSTGRESQL}/{data.parent.name}/bin/pg_controldata", str(data))
    values = dict(line.split(":", 1) for line in printed.splitlines() if ":" in line)
    if values.get("Database cluster state", "").strip() != "shut down":
        raise HostError("PostgreSQL did not stop in order")
    high, low = values["Latest checkpoint location"].strip().split("/")
    size = int(values["Bytes per WAL segment"])
    start = (int(high, 16) << 32 | int(low, 16)) // size * size
    # A name is the timeline, and the segment's number in two halves.
    number = f"{start // size // (0x100000000 // size):08X}{start // size % (0x100000000 // size):08X}"
    if left := sorted(name for name in left if name[8:] < number):
        raise HostError(f"the last WAL is not archived: {', '.join(left)}; `make status` says why")
    return f"{start >> 32:X}/{start & 0xFFFFFFFF:X}"


def back() -> str:
    """Serves the site here again, or forwards where it has moved; does nothing where nothing is under way."""
    now = moving.state()
    if now.get("state") == "moved":
        return finish()
    if now.get("state") != "closed":
        return "nothing to go back from"
    if now["how"] == "wal":
        processes.run(["systemctl", "start", *units.databases()])
    if now["how"] == "dump":
        _ask(*WRITABLE)
    processes.run(["systemctl", "reset-failed", *SITE])
    processes.run(["systemctl", "start", units.SOCKET, units.SITE])
    _wait_for_site()
    forward.clear()
    moving.forget()
    _unwatch()
    return "the site is served here again"


def _wait_for_site() -> None:
    """Until it answers; nginx lets visitors in after that in any case."""
    deadline = time.monotonic() + OPEN
    while time.monotonic() < deadline:
        try:
            if not probe.fault(*probe.gunicorn(SOCKET, READY)):
                return
        except OSError:
            pass
        time.sleep(0.2)


def finish() -> str:
    """Forwards each request to the new server, and ends what this one did by itself. It can be repeated."""
    now = moving.state()
    moving.write(**now | {"state": "moved", "at": now["at"] if now["state"] == "moved" else releases.now()})
    try:
        forward.forward(now["to"])
    except HostError as error:
        moving.write(**now)
        if now["state"] == "moved":
            raise
        back()
        raise HostError(f"{error}; the old server serves again, and no write is lost") from None
    databases = units.databases()
    processes.run(["systemctl", "disable", "--now", *SITE, *TIMERS])
    processes.run(["systemctl", "stop", *databases, LAYOUT["backup_unit"], LAYOUT["archive_socket_unit"]])
    processes.run(["systemctl", "disable", LAYOUT["archive_socket_unit"]])
    for conf in CLUSTERS.glob("*/*/start.conf"):
        # Debian starts such a cluster by hand alone.
        conf.write_text(conf.read_text().replace("auto", "manual"))
    _unwatch()
    return "forwarded"


def _watch(seconds: int) -> None:
    _unwatch()
    line = ["systemd-run", "--quiet", f"--unit={BACK}", f"--on-active={seconds}", "--timer-property=AccuracySec=1s"]
    if processes.run([*line, LAYOUT["agent"], "move", "back"]).returncode:
        raise HostError("systemd does not take the timer that would open the site again")


def _unwatch() -> None:
    processes.run(["systemctl", "stop", f"{BACK}.timer"])
    processes.run(["systemctl", "reset-failed", f"{BACK}.service", f"{BACK}.timer"])


def _ask(*statements: str) -> None:
    with Session("postgres", database="postgres") as session:
        for statement in statements:
            session.ask(statement)


def cluster_data() -> Path:
    """The data directory of this server's cluster."""
    (path,) = (path.parent for path in CLUSTERS.glob("*/*/start.conf"))
    return CLUSTER_DATA / path.parent.name / path.name
