"""The steps of a rehearsal after the first deploy, in their order. To add one: a method of Acts, and its line here."""

from collections.abc import Callable
from dataclasses import dataclass

from rehearsal.acts import SETTLING, Acts
from rehearsal.diary import Phase
from rehearsal.storm import UPLOADS


@dataclass(frozen=True, slots=True)
class Step:
    """``play`` notes what it finds in ``acts.diary``. Raises SlipwayError when nothing can come after it."""

    title: str
    play: Callable[[Acts, Phase], None]


# On a machine that is resumed, the drifts' place is taken by an ordinary release.
RELEASE = Step("make deploy", Acts.release)
DRIFT = Step("make deploy: to a host that was changed by hand, and the proof signed in", Acts.drift)
STEPS = (
    Step(f"Let it settle for {SETTLING} s, and measure the memory", Acts.measure),
    Step("Look whether the host is hardened", Acts.inspect),
    Step("make deploy under load: a release whose pages leak, which must go back", Acts.go_back),
    Step(
        "make deploy PROVISION=1: a release under load, and the playbook once more",
        Acts.release_under_load,
    ),
    Step("make rollback under load", Acts.rollback_under_load),
    Step("make unlock in the middle of a deploy", Acts.lose_lock),
    Step("make status while something is wrong", Acts.faults),
    Step("Fill the disk, and make PostgreSQL write", Acts.fill_disk),
    Step("Flood the logs", Acts.flood),
    Step("Guess a password", Acts.guess),
    Step("make deploy with a hostile package in the lock file", Acts.take_in_hostile_package),
)
STORM = Step(f"make deploy beside an upgrade, a renewal and {UPLOADS} uploads", Acts.storm)


def steps(*, resumed: bool, storm: bool) -> tuple[Step, ...]:
    """What is played of them."""
    return (RELEASE if resumed else DRIFT, *STEPS, *([STORM] if storm else []))
