"""What goes wrong on a machine for the alarms: by the name of the problem, how it is made and how it is repaired."""

import asyncio
import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rehearsal.run import Run
from rehearsal.server_site import S3
from rehearsal.steps.faults import FAULTS
from rehearsal.steps.password_guessing import request
from slipway.tool.server.layout import LAYOUT

UNIT = "rehearsed-failure.service"
# As a person adds it in site.yml; its command fails.
JOB = "clearsessions"
JOB_UNIT = f"{LAYOUT.job_prefix}{JOB}.service"
FAILING = f"/run/systemd/system/{JOB_UNIT}.d"
# Above the limit of 85 %, with room for two releases.
FULL, FILE = 88, "/var/tmp/rehearsal-full"
FILL = (
    "set -- $(df --output=used,avail --block-size=1M / | tail -1); "
    f"fallocate --length $((($1 + $2) * {FULL} / 100 - $1))M {FILE}"
)
# More than are told of (100 in ten minutes).
ADDRESSES = 110
PROGRAM = Path(__file__).with_name("send_from_many.py")


@dataclass(frozen=True, slots=True)
class Fault:
    """``name`` is the problem's. ``make`` and ``repair`` are root's shell commands there, or what a run does."""

    name: str
    make: str | Callable[[Run], None]
    repair: str = "true"

    def cause(self, run: Run) -> None:
        self.make(run) if callable(self.make) else run.host.run(self.make)


def guess(run: Run) -> None:
    """Wrong passwords for one account, from many addresses. Raises ValueError where nobody can sign in."""
    options = run.options()
    form = asyncio.run(request(options))
    if form is None:
        raise ValueError("the usual paths have no login form: nobody can guess a password")
    form |= {"socket": LAYOUT.socket, "addresses": ADDRESSES}
    run.host.run(f"python3 - {shlex.quote(json.dumps(form))}", PROGRAM.read_text())


# What a deploy lives with.
BESIDE = (
    Fault(f"unit {UNIT}", f"systemd-run --quiet --unit={UNIT} false", f"systemctl reset-failed {UNIT}"),
    Fault(
        f"job {JOB}",
        f"mkdir -p {FAILING} && printf '[Service]\\nExecStartPre=/bin/false\\n' > {FAILING}/fault.conf"
        f" && systemctl daemon-reload; systemctl start {JOB_UNIT} 2>&1 || true",
        f"rm -r {FAILING} && systemctl daemon-reload && systemctl start {JOB_UNIT}",
    ),
    Fault("certificate renewal", FAULTS["a renewal that fails"].make, FAULTS["a renewal that fails"].repair),
    Fault("disk /", FILL, f"rm {FILE}"),
    # The server's own way to the bucket of its backups.
    Fault(
        "archive",
        f"sed -i.alarms 's/^[0-9.]* {S3}/127.0.0.9 {S3}/' /etc/hosts",
        "cat /etc/hosts.alarms > /etc/hosts; rm /etc/hosts.alarms",
    ),
    Fault("reboot", FAULTS["a reboot that is due"].make, FAULTS["a reboot that is due"].repair),
    Fault("sign-in attack", guess),
)
# What the next deploy repairs.
DRIFT = Fault("drift", "echo '# mine' >> /etc/nginx/nginx.conf")
# With which no deploy is made.
PAGES = Fault("pages", FAULTS["pages that fail"].make, FAULTS["pages that fail"].repair)
