"""`make bench-backup`: loses a server under load at random moments, restores it on a bare machine, and counts seconds.

``python -m tests.bench.backup.kills --machine container --kills 10``. Each restored machine is the next to be lost.
"""

import argparse
import signal
import statistics
import sys

from rehearsal import rehearse
from rehearsal.machine import kinds
from rehearsal.run import Run
from rehearsal.steps import disaster
from rehearsal.steps.disaster import Disaster, burn
from slipway import ROOT
from slipway.web.errors import SlipwayError

STATE = ROOT / ".slipway" / "bench-backup"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backup.kills", description=__doc__.split("\n")[0])
    kinds.add_options(parser)
    parser.add_argument("--kills", type=int, default=10, help="default: %(default)s")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    machine = kinds.machine(options.machine, options.os, STATE / f"{options.machine}-{options.os}")
    try:
        rehearse.require()
        machine.check()
        with rehearse.alone():
            rehearse.reset(STATE)
            with rehearse.environment(machine, STATE) as run:
                rehearse.begin(run)
                found = _kill(run, options.kills)
    except KeyboardInterrupt:
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    if run.log.failure:
        return 1
    print(f"\n{_table(found)}")
    return 0 if all(each.passed for each in found) else 1


def _kill(run: Run, kills: int) -> list[Disaster]:
    found = []
    with run.log.phase("Make a backup") as phase:
        disaster.begin(run, phase)
    for number in range(1, kills + 1):
        with run.log.phase(f"Kill {number} of {kills}") as phase:
            found.append(burn(run, phase, f"kill-{number}"))
            print(f"    {found[-1]}", flush=True)
    return found


def _table(found: list[Disaster]) -> str:
    """Markdown."""
    lines = ["| kill | seconds lost | minutes to be back | rows written | restored | missing among them |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for number, each in enumerate(found, 1):
        cells = f"{each.lost:.1f} | {each.back / 60:.1f} | {each.written} | {each.restored} | {each.holes}"
        lines.append(f"| {number} | {cells} |")
    for name, pick in (("median", statistics.median), ("worst", max)):
        lost, back = pick([each.lost for each in found]), pick([each.back for each in found])
        lines.append(f"| {name} | {lost:.1f} | {back / 60:.1f} | | | |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
