"""Switches releases: one rename, one restart without a pause, one health check; switches back when that fails."""

import os
import time

from agent import maintenance, probe, processes, progress, releases, slot, workers
from agent.check import READY
from agent.paths import CURRENT, RELEASES, ROOT, HostError
from agent.units import OVERLAP, RESTART, SITE, SOCKET, shown

SECONDS = 60


def activate(name: str, *, back: bool = False) -> str:
    """Lets release ``name`` serve; returns the one that served before. ``back``: it has served. It waits for no backup,
    since what serves may be broken; and its site is what counts, whatever its workers do.

    Raises HostError once that one serves again; the message says so.
    """
    name, before = releases.find(name), releases.current()
    first = releases.first(name)
    # A power cut can lose its metadata. Written only then: a full disk must not prevent a rollback.
    if before and "activated" not in releases.metadata(before):
        releases.update(before, activated=releases.activated(before))
    # What serves during the restart takes the memory of a release's check.
    with slot.held("the switch to another release", RESTART, at_once=back):
        _switch_or_go_back(name, before, back)
    maintenance.show_page(name)
    now = releases.now()
    releases.update(name, activated=now, first=first or now)
    return before


def _switch_or_go_back(name: str, before: str, back: bool) -> None:
    try:
        _switch(name)
        _check_health()
        _restart_workers(tolerant=back)
    except HostError as error:
        if not before:
            _unlink()
            raise HostError(f"{error}; there is no earlier release to roll back to") from None
        try:
            _switch(before)
            _check_health()
            workers.restart()
        except HostError as second:
            raise HostError(f"{error}; rolled back to {before}, which is not well either: {second}") from None
        raise HostError(f"{error}; rolled back to {before}, which is live") from None


def rollback(name: str) -> tuple[str, str]:
    """Goes back to ``name``, or to the newest that served before; returns the release left and the one that serves."""
    target = releases.find(name) if name else releases.previous()
    if target == releases.current():
        raise HostError(f"{target} serves already")
    # A backup goes on afterwards from where it was.
    return activate(target, back=True), target


def restart() -> None:
    """Restarts the release that serves, if any, and checks its health. Raises HostError."""
    name = releases.current()
    if name:
        with slot.held("the site's restart", RESTART):
            _switch(name)
            _check_health()
            workers.restart()


def _restart_workers(*, tolerant: bool) -> None:
    try:
        workers.restart()
    except HostError as error:
        if not tolerant:
            raise
        progress.say(f"{error}; the site serves")


def _switch(name: str) -> None:
    link = ROOT / ".current"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(RELEASES / name, ROOT))
    link.rename(CURRENT)
    _systemctl("reset-failed", SITE, OVERLAP, RESTART)
    # Nobody waits for the requests that the release before still answers; systemd goes on if this process is killed.
    # Where nothing serves, as on a server that a site has just moved to, nothing needs to serve meanwhile.
    idle = shown([SITE], "ActiveState")[SITE]["ActiveState"] in ("inactive", "failed")
    unit = SITE if idle else RESTART
    started = _systemctl("start", SOCKET) and _systemctl("start", unit)
    # systemd itself may be unable to start a process for a moment; that is no fault of the release.
    if not started and not (_out_of_resources() and _systemctl("start", unit)):
        raise HostError(f"release {name} does not start; `make logs` shows why")


def _systemctl(*arguments: str) -> bool:
    return not processes.run(["systemctl", *arguments]).returncode


def _out_of_resources() -> bool:
    return any(unit["Result"] == "resources" for unit in shown((SITE, OVERLAP, RESTART), "Result").values())


def _check_health() -> None:
    """Health through nginx, as for a visitor."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            reason = probe.fault(*probe.nginx(READY))
        except OSError as error:
            reason = f"does not answer: {error}"
        if not reason:
            return
        if time.monotonic() > deadline:
            raise HostError(f"health through nginx failed: {READY} {reason} after {SECONDS} s")
        time.sleep(0.5)


def _unlink() -> None:
    _systemctl("stop", SOCKET, SITE)
    workers.stop()
    CURRENT.unlink(missing_ok=True)
