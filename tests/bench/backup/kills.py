"""`make bench-backup`: loses a server under load at random moments, restores it on a bare machine, and counts seconds.

``python -m tests.bench.backup.kills --machine container --kills 10``. Each restored machine is the next to be lost.
Each kill is one line of ``.slipway/bench-backup-<machine>-<os>.jsonl``. A run that ended early goes on from there:
the same command kills as often as the file is short of, from the machine that was saved after the first deploy.
"""

import argparse
import json
import os
import signal
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from rehearsal import rehearse
from rehearsal.machine import kinds
from rehearsal.run import Run
from rehearsal.steps import disaster
from rehearsal.steps.disaster import Disaster, burn
from slipway import ROOT
from slipway.web.errors import SlipwayError

STATE = ROOT / ".slipway" / "bench-backup"


@dataclass(frozen=True, slots=True)
class Kill:
    """``time`` in UTC. ``busy``: the mean number of processes that wanted this computer's cores in the last five
    minutes. ``result`` is None when the site did not come back, and ``error`` says why."""

    time: str
    busy: float
    result: Disaster | None = None
    error: str = ""

    @property
    def passed(self) -> bool:
        return self.result is not None and self.result.passed

    @classmethod
    def now(cls, result: Disaster | None = None, error: str = "") -> "Kill":
        return cls(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()), round(os.getloadavg()[1], 1), result, error)

    @classmethod
    def read(cls, line: str) -> "Kill":
        kept = json.loads(line)
        return cls(**kept | {"result": kept["result"] and Disaster(**kept["result"])})


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    machine = kinds.machine(options.machine, options.os, STATE / f"{options.machine}-{options.os}")
    file = STATE.with_name(f"{STATE.name}-{options.machine}-{options.os}.jsonl")
    try:
        rehearse.require()
        machine.check()
        with rehearse.alone():
            if options.again:
                file.unlink(missing_ok=True)
            found = kills(file)
            if len(found) < options.kills:
                resumed = rehearse.ran_last(STATE) and machine.saved(rehearse.SNAPSHOT)
                if not resumed:
                    rehearse.reset(STATE)
                with rehearse.environment(machine, STATE) as run:
                    rehearse.resume(run, rehearse.SNAPSHOT) if resumed else rehearse.begin(run)
                    _kill(run, range(len(found) + 1, options.kills + 1), file)
                if run.log.failure:
                    return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on with the kills that are left")
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    found = kills(file)
    print(f"\n{table(found)}\n  kills  {file.relative_to(ROOT)}")
    return 0 if all(each.passed for each in found) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backup.kills", description=__doc__.split("\n")[0])
    kinds.add_options(parser)
    parser.add_argument("--kills", type=int, default=10, help="earlier ones included; default: %(default)s")
    parser.add_argument("--again", action="store_true", help="forget the earlier ones")
    return parser.parse_args()


def _kill(run: Run, numbers: range, file: Path) -> None:
    """Writes each kill down as soon as it is over. Raises SlipwayError when a site does not come back."""
    with run.log.phase("Make a backup") as phase:
        disaster.begin(run, phase)
    for number in numbers:
        with run.log.phase(f"Kill {number} of {numbers[-1]}") as phase:
            try:
                kill = Kill.now(burn(run, phase, f"kill-{number}"))
            except SlipwayError as error:
                write(file, Kill.now(error=str(error)))
                raise
            write(file, kill)
            print(f"    {kill.result}", flush=True)


def kills(file: Path) -> list[Kill]:
    return [Kill.read(line) for line in file.read_text().splitlines()] if file.exists() else []


def write(file: Path, kill: Kill) -> None:
    with file.open("a") as to:
        to.write(json.dumps(asdict(kill)) + "\n")


def table(found: list[Kill]) -> str:
    """Markdown."""
    lines = ["| kill | seconds lost | minutes to be back | rows written | restored | missing among them | busy |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    for number, kill in enumerate(found, 1):
        each = kill.result
        cells = (
            f"{each.lost:.1f} | {each.back / 60:.1f} | {each.written} | {each.restored} | {each.holes}"
            if each
            else f"not back: {kill.error} | | | |"
        )
        lines.append(f"| {number} | {cells} | {kill.busy} |")
    results = [kill.result for kill in found if kill.result]
    for name, pick in (("least", min), ("median", statistics.median), ("most", max)) if results else ():
        lost, back = pick([each.lost for each in results]), pick([each.back for each in results])
        lines.append(f"| {name} | {lost:.1f} | {back / 60:.1f} | | | | |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
