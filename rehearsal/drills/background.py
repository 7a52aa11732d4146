"""What runs beside the site: a worker that dies, a job across a deploy, and a receiver of alarms that is away."""

import json
import time

from rehearsal.drills.drill import deploy, last, loaded
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.steps import alarms, upgrades
from slipway.tool.server.layout import LAYOUT

UNIT, JOB = "drilled", "drilled"
PATIENCE = 180  # s
# Longer than the 60 s that a deploy waits for.
JOB_SECONDS = 100


def crash_loop(run: Run, phase: Phase) -> None:
    run.site.describe(workers={UNIT: {"command": "python -c 'raise SystemExit(3)'", "memory": 40}}, gunicorn_workers=1)
    try:
        # Not under load: another budget restarts PostgreSQL, and the ready check says so at once.
        _, said = deploy(run, "crash-loop")
        with loaded(run, "a worker that dies at once"):
            found = _wait(run, lambda: f"{LAYOUT.worker_prefix}{UNIT}" in run.status()[1])
    finally:
        _without(run, phase)
    run.log.check(
        "make status names a worker that dies at once", found, UNIT if found else f"not in {PATIENCE} s; {last(said)}"
    )


def job_across_a_deploy(run: Run, phase: Phase) -> None:
    """It is stopped after 60 s, and run again on the new release."""
    command = f"shell -c 'import time; time.sleep({JOB_SECONDS})'"
    run.site.describe(schedule={JOB: {"command": command, "when": "*-*-* 03:00"}})
    try:
        run.command("drill-job", phase, "deploy", "--no-smoke")
        run.host.run(f"systemctl start --no-block {LAYOUT.job_prefix}{JOB}")
        with loaded(run, "a job across a deploy"):
            status, said = deploy(run, "across-a-job")
        run.log.check("A deploy goes on after a job that does not end", status == 0, last(said))
        done = _wait(run, lambda: _job(run).get("result") == "done")
        run.log.check("The job runs again on the new release, and ends well", done, json.dumps(_job(run)))
    finally:
        _without(run, phase)


def alarms_told(run: Run, phase: Phase) -> None:
    alarms.tell(run, phase)


def upgrade(run: Run, phase: Phase) -> None:
    upgrades.upgrade(run, phase)


def _job(run: Run) -> dict:
    jobs = {each["name"]: each for each in json.loads(run.host.run("slipway jobs"))}
    return jobs.get(JOB, {}).get("last") or {}


def _wait(run: Run, is_so) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(2)
    return True


def _without(run: Run, phase: Phase) -> None:
    run.site.describe()
    run.command("drill-background-off", phase, "deploy", "--no-smoke")
