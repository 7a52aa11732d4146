"""A disk without room: before a deploy, and while the site serves."""

from rehearsal.drills.drill import check_rejected, deploy, loaded, serving
from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.steps import full_disk, log_flood

FILE = "/var/tmp/drill-full"
LEFT = 100  # MB
FILL = f"fallocate --length $(($(df --output=avail --block-size=1M / | tail -1) - {LEFT}))M {FILE}"


def full_before_a_deploy(run: Run, phase: Phase) -> None:
    before = serving(run)
    run.host.run(FILL)
    try:
        with loaded(run, "a deploy without room"):
            result = deploy(run, "full-disk")
    finally:
        run.host.run(f"rm -f {FILE}")
    check_rejected(run, "A deploy without room on the disk", result, "/ has", before)
    run.log.check(
        "The message says how much is needed", "needed" in result[1].splitlines()[-1], result[1].splitlines()[-1]
    )


def full_at_run_time(run: Run, phase: Phase) -> None:
    full_disk.fill_disk(run, phase)


def flood(run: Run, phase: Phase) -> None:
    log_flood.flood_logs(run, phase)
