"""The host is as hardened as `make audit` wants it."""

from rehearsal.host import ADMIN
from rehearsal.run import NO_KERNEL, Run
from rehearsal.run_log import Phase
from rehearsal.server_site import SITE
from slipway.tool.audit import host


def check_hardening(run: Run, phase: Phase) -> None:
    skipped = () if run.machine.own_kernel else host.NEED_KERNEL
    wrong = host.failed_checks(lambda script: run.machine.run("sudo bash -s", ADMIN, stdin=script), SITE, skipped)
    result = "; ".join(f"{what}: {output or 'nothing'}" for what, output in wrong.items())
    run.log.check("The host is hardened", not wrong, result or f"{len(host.CHECKS) - len(skipped)} checks pass")
    for what in skipped:
        run.log.skip(what, NO_KERNEL)
