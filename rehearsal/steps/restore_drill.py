"""`make restore-drill` against the machine that serves: it passes, and fails once a row of the copy is changed."""

import sys

from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.server_site import S3
from slipway import ROOT

ROW = "update django_migrations set app = app || '!' where id = 1"


def drill(run: Run, phase: Phase) -> None:
    run.command("backup", phase, "backup")
    status, output = _drill(run, phase, "restore-drill")
    run.log.check("make restore-drill passes: the newest backup is the site", status == 0, _verdict(output))
    status, output = _drill(run, phase, "restore-drill-spoilt", f"--spoil={ROW}")
    noticed = status == 1 and "public.django_migrations: " in output
    run.log.check("It fails with one changed row", noticed, _verdict(output))


def _drill(run: Run, phase: Phase, name: str, *more: str) -> tuple[int, str]:
    line = [sys.executable, "-m", "rehearsal.restore_drill", "--machine", run.machine.kind, "--os", run.machine.release]
    line += ["--local", S3, "--trust", str(run.site.anchors), *more]
    return run.log.run(name, line, env=run.site.deployer(), cwd=ROOT, into=phase)


def _verdict(output: str) -> str:
    told = [line for line in output.splitlines() if line.startswith(("passed", "failed", "slipway: "))]
    return told[-1] if told else "it printed no verdict"
