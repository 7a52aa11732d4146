"""The steps of a rehearsal after the first deploy, in their order. To add one: a function of Run and Phase in a module
here, and its line below."""

from collections.abc import Callable
from dataclasses import dataclass

from rehearsal.run import Run
from rehearsal.run_log import Phase
from rehearsal.steps import (
    alarms,
    background,
    ci_key,
    deploy,
    deploy_lock,
    disaster,
    drift,
    dropped_table,
    failed_proof,
    faults,
    full_disk,
    hardening,
    log_flood,
    maintenance,
    malicious_package,
    memory,
    move,
    own_keys,
    password_guessing,
    restore_drill,
    rotate,
    second_site,
    stress,
    upgrades,
)


@dataclass(frozen=True, slots=True)
class Step:
    """``function`` adds its checks to the run's log. It raises SlipwayError when no step can follow."""

    title: str
    function: Callable[[Run, Phase], None]


# On a resumed machine an ordinary release takes the place of the drift step.
DEPLOY = Step("make deploy", deploy.deploy)
DRIFT = Step("make deploy: to a host that was changed by hand, and the proof signed in", drift.drift)
STEPS = (
    Step(f"Let it settle for {memory.SETTLING} s, and measure the memory", memory.measure),
    Step("Check that the host is hardened", hardening.check_hardening),
    Step("make deploy with the key of CI, and requests that it must not make", ci_key.deploy_by_ci),
    Step("make deploy under load: a release whose proof fails, which must go back", failed_proof.deploy_failing_proof),
    Step("make deploy PROVISION=1: a release under load, and the playbook once more", deploy.deploy_under_load),
    Step("make rollback under load", deploy.rollback_under_load),
    Step("make unlock in the middle of a deploy", deploy_lock.lose_lock),
    Step("Drop a table, and make restore TO= the moment before", dropped_table.restore_dropped_table),
    Step("make status while something is wrong", faults.check_status),
    Step("Fill the disk, and make PostgreSQL write", full_disk.fill_disk),
    Step("Flood the logs", log_flood.flood_logs),
    Step("Guess a password", password_guessing.guess_passwords),
    Step("make deploy with a malicious package in the lock file", malicious_package.install),
)
STRESS = Step(f"make deploy beside an upgrade, a renewal and {stress.UPLOADS} uploads", stress.stress)
OWN_KEYS = Step("make deploy with each key by which a site changes its server", own_keys.deploy_own_keys)
BACKGROUND = Step("Ten deploys under load beside a worker and three jobs", background.run_in_background)
ALARMS = Step("Let nine things go wrong: what is told, with two deploys between", alarms.tell)
ROTATE = Step("make rotate under load, while somebody is signed in", rotate.rotate)
SECOND_SITE = Step("Deploy a second site to a machine of its own, while the first is deployed", second_site.deploy_both)
MAINTENANCE = Step("make maintenance, through a deploy and a reboot", maintenance.close)
UPGRADE = Step("Install a security fix of libssl under load, as at night", upgrades.upgrade)
REBOOT = Step("Let a reboot become due", upgrades.reboot)
DRILL = Step("make restore-drill, and once more with a changed row", restore_drill.drill)
# From here on another machine serves.
MOVE = Step("make move to a bare machine, while rows are written", move.move)
# The last one: it takes the machine along.
DISASTER = Step("Lose the server, and make deploy RESTORE=latest on a bare one", disaster.lose_server)


def steps(*, resumed: bool, stressed: bool, told: bool, burnt: bool) -> tuple[Step, ...]:
    """The steps of a run."""
    return (
        DEPLOY if resumed else DRIFT,
        *STEPS,
        *([STRESS, OWN_KEYS, BACKGROUND, ROTATE, SECOND_SITE, MAINTENANCE, UPGRADE, REBOOT] if stressed else []),
        *([ALARMS] if told else []),
        *([DRILL, MOVE, DISASTER] if burnt else []),
    )
