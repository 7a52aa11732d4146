"""`make drills`: plays faults on a machine with a site on it, under load. A table, a page, and an exit status."""

import argparse
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rehearsal import rehearse
from rehearsal.drills import report
from rehearsal.drills.catalogue import DRILLS
from rehearsal.drills.drill import Drill
from rehearsal.machine import kinds
from rehearsal.run import Run
from rehearsal.run_log import Check
from slipway import ROOT
from slipway.web.errors import SlipwayError

STATE = ROOT / ".slipway" / "drills"


@dataclass(frozen=True, slots=True)
class Played:
    """``checks`` are those that the drill made; ``error`` why it ended early."""

    drill: Drill
    seconds: float
    checks: tuple[Check, ...]
    error: str = ""

    @property
    def passed(self) -> bool | None:
        """None where not one of its checks is possible on this machine."""
        if self.error or any(each.passed is False for each in self.checks):
            return False
        return True if any(each.passed for each in self.checks) else None

    @property
    def result(self) -> str:
        """What a person reads first: the error, the first check that failed, or the last one."""
        if self.error:
            return self.error
        wrong = next((each for each in self.checks if each.passed is False), None)
        shown = wrong or (self.checks[-1] if self.checks else None)
        return f"{shown.what}: {shown.result}" if shown else "nothing was checked"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make drills", description=__doc__)
    kinds.add_options(parser)
    parser.add_argument("--only", default="", metavar="6,13-17", help="numbers of drills; default: all of them")
    parser.add_argument("--list", action="store_true", help="print the drills, and play none")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        wanted = chosen(options.only)
        if options.list:
            print("\n".join(f"{each.number:>3}  {each.title}: {each.expects}" for each in wanted))
            return 0
        rehearse.require()
        machine = kinds.machine(options.machine, options.os, STATE / f"{options.machine}-{options.os}")
        machine.check()
        with rehearse.alone():
            saved = rehearse.ran_last(STATE) and machine.saved(rehearse.SNAPSHOT)
            if not saved:
                rehearse.reset(STATE)
            played: list[Played] = []
            with rehearse.environment(machine, STATE) as run:
                _resume(run) if saved else rehearse.begin(run)
                for drill in wanted:
                    played.append(play(run, drill))
            described = f"Debian {machine.release}, {machine.described}"
            return conclude(run, played, len(wanted), described, run.site.directory / "report")
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended")
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def _resume(run: Run) -> None:
    """The machine that was saved, with this checkout's release, agent and settings."""
    rehearse.resume(run, rehearse.SNAPSHOT)
    with run.log.phase("make deploy") as phase:
        run.command("deploy-resumed", phase, "deploy", "--no-smoke")


def chosen(only: str) -> list[Drill]:
    """The drills with these numbers, such as "6,13-17". Raises SlipwayError for one that there is not."""
    if not only:
        return list(DRILLS)
    numbers: set[int] = set()
    for part in only.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise SlipwayError(f"ONLY={only}: expected numbers of drills, like 6,13-17")
        numbers |= set(range(int(first), int(last or first) + 1))
    if unknown := sorted(numbers - {each.number for each in DRILLS}):
        raise SlipwayError(f"ONLY={only}: there is no drill {unknown[0]}; they are 1 to {DRILLS[-1].number}")
    return [each for each in DRILLS if each.number in numbers]


def play(run: Run, drill: Drill) -> Played:
    """Plays one. What it could not play is its error, and the next one is played."""
    before, error = len(run.log.checks), ""
    with run.log.phase(f"{drill.number}. {drill.title}: {drill.expects}") as phase:
        try:
            drill.play(run, phase)
        except (SlipwayError, OSError, ValueError, subprocess.SubprocessError) as wrong:
            error = f"{'' if isinstance(wrong, SlipwayError) else type(wrong).__name__ + ': '}{wrong}"
            print(f"  ✗ {error}", flush=True)
    return Played(drill, phase.seconds, tuple(run.log.checks[before:]), error)


def conclude(run: Run, played: list[Played], wanted: int, machine: str, directory: Path) -> int:
    """Prints the table, writes the page into ``directory``, and returns the exit status."""
    print(f"\n{report.table(played)}")
    page = report.write(directory, played, run, machine)
    failed = [str(each.drill.number) for each in played if each.passed is False]
    not_here = sum(each.passed is None for each in played)
    whole = len(played) == wanted and not run.log.failure
    verdict = f"drills {', '.join(failed)} failed" if failed else "every drill that is possible here passed"
    if not whole:
        verdict = f"ended after {len(played)} of {wanted} drills: {run.log.failure}"
    print(f"\n{verdict}" + (f"; {not_here} are not possible here" if not_here else "") + f"\n  page  {page}")
    return 0 if whole and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
