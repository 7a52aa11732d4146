"""Shows what was measured, as Markdown."""

import os
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.deploy.round_trips import RoundTrips

# Of a deploy's output: a phase, and its seconds in the line that ends it.
PHASE, SECONDS = re.compile(r"▸ (.+)"), re.compile(r"  (\d+\.\d) s")


@dataclass(frozen=True, slots=True)
class Deploy:
    """``seconds`` of wall time in all, and of each phase."""

    seconds: float
    phases: dict[str, float]
    trips: RoundTrips

    @classmethod
    def of(cls, output: str, seconds: float, trips: RoundTrips) -> "Deploy":
        phases: dict[str, float] = {}
        title = ""
        for line in output.splitlines():
            if found := PHASE.fullmatch(line):
                # A release's own id differs from round to round.
                title = re.sub(r"\d{8}T\w+-\w+", "", found[1]).strip()
            elif found := SECONDS.fullmatch(line):
                phases[title] = float(found[1])
        return cls(seconds, phases, trips)


def table(scripts: Sequence[float], deploys: Sequence[Deploy], proved: Deploy, loads: Sequence[float]) -> str:
    took = [each.seconds for each in deploys]
    rows = [("deploy", took), ("the script", list(scripts))]
    lines = ["| | median s | least s | most s |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {statistics.median(all_):.1f} | {min(all_):.1f} | {max(all_):.1f} |" for name, all_ in rows]
    ratios = sorted(each / script for each, script in zip(took, scripts, strict=True))
    trips = deploys[-1].trips
    lines += [
        "",
        f"ratio: {statistics.median(took) / statistics.median(scripts):.1f} of the medians, "
        f"{ratios[0]:.1f} to {ratios[-1]:.1f} by round",
        f"load of this computer: {min(loads):.1f} to {max(loads):.1f} on {os.cpu_count()} cores",
        f"round trips of a deploy: {trips.commands} commands over SSH, {trips.connections} connections",
        f"a deploy with the quick proof: {proved.seconds:.1f} s",
        "",
        "| phase | median s |",
        "| --- | --- |",
    ]
    names = dict.fromkeys(name for each in deploys for name in each.phases)
    for name in names:
        lines.append(f"| {name} | {statistics.median(each.phases.get(name, 0) for each in deploys):.1f} |")
    rest = statistics.median(each.seconds - sum(each.phases.values()) for each in deploys)
    return "\n".join([*lines, f"| between and after them | {rest:.1f} |"])
