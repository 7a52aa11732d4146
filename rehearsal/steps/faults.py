"""Faults on a server, each of which `make status` must report."""

import re
from dataclasses import dataclass

from rehearsal.run import Run
from rehearsal.run_log import Phase


@dataclass(frozen=True, slots=True)
class Fault:
    """``make`` and ``repair`` are root's shell commands there; ``pattern`` matches the reported line."""

    make: str
    repair: str
    pattern: str

    def is_reported(self, status: int, output: str) -> bool:
        return status == 1 and any(
            re.search(self.pattern, line) for line in output.splitlines() if line.startswith("WRONG")
        )


LOOPING = "/run/systemd/system/slipway.service.d"
FAILING = "/run/systemd/system/slipway-certificate.service.d"
FAULTS = {
    "a stopped database": Fault(
        "systemctl stop 'postgresql@*'", "systemctl start postgresql", r"postgresql@\S+ is not running"
    ),
    "a stopped site": Fault(
        "systemctl stop slipway.socket slipway.service",
        "systemctl start slipway.socket slipway.service",
        r"slipway\.service is not running",
    ),
    "a crash loop": Fault(
        f"mkdir -p {LOOPING} && printf '[Service]\\nExecStartPre=/bin/false\\n' > {LOOPING}/fault.conf"
        " && systemctl daemon-reload && systemctl restart slipway.service 2>&1 || true",
        # systemd counts restarts until reset-failed.
        f"rm -r {LOOPING} && systemctl daemon-reload && systemctl stop slipway.service"
        " && systemctl reset-failed slipway.service; systemctl start slipway.service",
        r"slipway\.service is in a crash loop, restarted \d+ times",
    ),
    "a stopped disk watch": Fault(
        "systemctl stop slipway-disk.service",
        "systemctl start slipway-disk.service",
        r"slipway-disk\.service is not running",
    ),
    "pages that fail": Fault(
        "chmod 0 /run/slipway/gunicorn.sock",
        "chmod 660 /run/slipway/gunicorn.sock",
        "pages fail through nginx: /healthz/ready answers 503",
    ),
    "a renewal that fails": Fault(
        f"mkdir -p {FAILING} && printf '[Service]\\nExecStart=\\nExecStart=/bin/false\\n' > {FAILING}/fault.conf"
        " && systemctl daemon-reload; systemctl start slipway-certificate.service 2>&1 || true",
        f"rm -r {FAILING} && systemctl daemon-reload && systemctl reset-failed slipway-certificate.service",
        "the certificate's renewal failed",
    ),
    "a reboot that is due": Fault("touch /run/reboot-required", "rm /run/reboot-required", "a reboot is due"),
}


def check_status(run: Run, phase: Phase) -> None:
    """`make status` reports a fault while it lasts, and no longer."""
    missed = [what for what, fault in FAULTS.items() if not _is_reported(run, fault)]
    status, output = run.status()
    left = [line for line in output.splitlines() if line.startswith("WRONG")]
    run.log.check(
        "make status reports what is wrong, and nothing once it is repaired",
        not missed and status == 0,
        "; ".join([*(f"{what} is not reported" for what in missed), *left]) or ", ".join(FAULTS),
    )


def _is_reported(run: Run, fault: Fault) -> bool:
    run.host.run(fault.make)
    try:
        return fault.is_reported(*run.status())
    finally:
        run.host.run(fault.repair)
