"""The old server's side of a move: the wall, behind which the last writes travel, and after it the forwarding.

Where they travel as WAL, PostgreSQL is stopped: it archives what it has and writes one more record, which is sent too.

This server alone decides: until it has written `moved` it can go back, and does so by itself when nothing is heard from
the deploying machine in time. From then on it only forwards, whatever ends this process.
"""

import base64
import json
import select
import sys
import time

from agent import cluster as clusters
from agent import forward, moving, probe, processes, progress, record, releases, scheduled, units, workers
from agent.check import READY
from agent.cluster import Cluster
from agent.paths import CLUSTERS, LAYOUT, SOCKET, HostError
from agent.psql import Session
from agent.repository import lsn

# A timer of this name goes back, or goes on, when this process was killed: so many seconds after the wall's own limit.
BACK, GRACE = "slipway-move-back", 30
# What the site's processes get after nginx has nothing of theirs to wait for, s.
STOP = 3
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
# PostgreSQL begins a WAL file for the record of its shutdown, which has some 120 bytes. That file is sent up to so many
# bytes after the record's beginning; with more than MOST before it, PostgreSQL did something else.
BEYOND, MOST = 16 << 10, 1 << 20
WRITABLE = ("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")


def wall(address: str, seconds: str, how: str) -> str:
    """Closes the site, prints ``closed``, and forwards to ``address`` once ``forward`` is read from stdin.

    ``how`` the database travels: `dump`, `none`, or `wal`; then JSON follows ``closed``: ``at`` (where the database was
    shut down), ``segment`` and ``wal`` (the beginning of that file, in base64), for Standby.finish.

    Raises HostError after it has gone back: the site serves here again.
    """
    if moving.state().get("state") == "moved":
        raise HostError("it has moved already")
    limit = int(seconds)
    _watch(limit + workers.longest() + GRACE)
    moving.write(state="closed", to=address, how=how, at=releases.now())
    try:
        with progress.step("let workers and jobs end what they have begun, while visitors are served"):
            workers.stop()
        deadline = time.monotonic() + limit
        with progress.step("let nginx answer 503, and the requests before it end"):
            forward.close(limit)
        with progress.step("stop the site"):
            stop_site()
        print("closed", _end_writes(how, deadline), flush=True)
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


def _end_writes(how: str, deadline: float) -> str:
    """From its return on nobody writes into the database here; pg_dump can read it. Returns what `closed` tells."""
    if how == "dump":
        _ask(*READ_ONLY)
    if how != "wal":
        return ""
    with progress.step("archive the last WAL, and stop PostgreSQL"):
        return _shut_down(clusters.here(), deadline)


def _shut_down(cluster: Cluster, deadline: float) -> str:
    """PostgreSQL archives all that it has written, and then stops."""
    processes.run(["systemctl", "stop", "--no-block", LAYOUT["backup_unit"], cluster.unit])
    while cluster.is_running():
        if time.monotonic() > deadline:
            why = record.archive_error().get("error", "it takes too long")
            raise HostError(f"the last WAL does not reach the bucket: {why}")
        time.sleep(0.3)
    folder = cluster.data / "pg_wal"
    if waiting := sorted(path.stem for path in (folder / "archive_status").glob("*.ready")):
        why = record.archive_error().get("error", "`make logs UNIT=postgresql` says why")
        raise HostError(f"the last WAL, {waiting[0]}, did not reach the bucket: {why}")
    control = cluster.control(cluster.data)
    at, segment = control["Latest checkpoint location"], control["Latest checkpoint's REDO WAL file"]
    size = lsn(at) % int(control["Bytes per WAL segment"])
    if control["Database cluster state"] != "shut down" or size > MOST:
        raise HostError(f"PostgreSQL did not stop in order: it is {control['Database cluster state']}, at {at}")
    with (folder / segment).open("rb") as file:
        wal = file.read(size + BEYOND)
    return json.dumps({"at": at, "segment": segment, "wal": base64.b64encode(wal).decode()})


def back() -> str:
    """Serves the site here again, or forwards where it has moved; does nothing where nothing is under way."""
    now = moving.state()
    if now.get("state") == "moved":
        return finish()
    if now.get("state") != "closed":
        return "nothing to go back from"
    if now["how"] == "dump":
        _ask(*WRITABLE)
    if now["how"] == "wal":
        clusters.here().start_at_once()
    processes.run(["systemctl", "reset-failed", *SITE])
    processes.run(["systemctl", "start", units.SOCKET, units.SITE])
    _wait_for_site()
    forward.clear()
    moving.forget()
    workers.start()
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
        with progress.step("let nginx forward everything"):
            forward.forward(now["to"])
    except HostError as error:
        moving.write(**now)
        if now["state"] == "moved":
            raise
        back()
        raise HostError(f"{error}; the old server serves again, and no write is lost") from None
    databases = units.databases()
    processes.run(["systemctl", "disable", "--now", *SITE, *TIMERS, *units.workers(), *scheduled.timers()])
    processes.run(["systemctl", "stop", LAYOUT["backup_unit"], *databases])
    # After PostgreSQL, which archives its last WAL as it stops.
    processes.run(["systemctl", "disable", "--now", LAYOUT["archive_socket_unit"]])
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
