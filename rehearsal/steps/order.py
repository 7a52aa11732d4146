"""The steps of a rehearsal after the first deploy, in their order. To add one: a method of Run, and its line here."""

from collections.abc import Callable
from dataclasses import dataclass

from rehearsal.run import SETTLING, Run
from rehearsal.run_log import Phase
from rehearsal.steps.stress import UPLOADS


@dataclass(frozen=True, slots=True)
class Step:
    """``play`` notes what it finds in ``acts.diary``. Raises SlipwayError when nothing can come after it."""

    title: str
    play: Callable[[Run, Phase], None]


# On a machine that is resumed, the drifts' place is taken by an ordinary release.
RELEASE = Step("make deploy", Run.release)
DRIFT = Step("make deploy: to a host that was changed by hand, and the proof signed in", Run.drift)
STEPS = (
    Step(f"Let it settle for {SETTLING} s, and measure the memory", Run.measure),
    Step("Look whether the host is hardened", Run.inspect),
    Step("make deploy under load: a release whose pages leak, which must go back", Run.go_back),
    Step(
        "make deploy PROVISION=1: a release under load, and the playbook once more",
        Run.release_under_load,
    ),
    Step("make rollback under load", Run.rollback_under_load),
    Step("make unlock in the middle of a deploy", Run.lose_lock),
    Step("make status while something is wrong", Run.faults),
    Step("Fill the disk, and make PostgreSQL write", Run.fill_disk),
    Step("Flood the logs", Run.flood),
    Step("Guess a password", Run.guess),
    Step("make deploy with a hostile package in the lock file", Run.take_in_hostile_package),
)
STORM = Step(f"make deploy beside an upgrade, a renewal and {UPLOADS} uploads", Run.storm)


def steps(*, resumed: bool, storm: bool) -> tuple[Step, ...]:
    """What is played of them."""
    return (RELEASE if resumed else DRIFT, *STEPS, *([STORM] if storm else []))
