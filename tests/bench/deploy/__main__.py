"""`make bench-deploy`: a code-only deploy beside a bare script over SSH (tar, migrate, restart), by turns.

It boots a throwaway machine and deploys to it; ``--up`` takes the one that ``make rehearse KEEP=1`` has left up. Then a
round at a time: the script, and ``make deploy NO_SMOKE=1`` of a release that differs from the last in one line of
Python. Last, one deploy with the quick proof. Times are wall time; their ratio within a run counts, and not they.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rehearsal import rehearse
from rehearsal.machine import kinds
from slipway import ROOT
from slipway.tool import config
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError
from tests.bench.deploy import round_trips
from tests.bench.deploy.table import Deploy, table

STATE = ROOT / ".slipway" / "bench-deploy"
OUT = ROOT / "build" / "bench" / "deploy.json"
SCRIPT = Path(__file__).with_name("bare.sh")
# The line of Python that each round changes, in a module that nothing imports.
MARKER = ROOT / "project" / "bench_deploy_marker.py"
# Once a release is served by hand, the agent would not know it.
GO_BACK = (
    "link=$(readlink {old}); ln -sfn $link {current}; systemctl restart {unit}; rm -rf {releases}/bare.partial {old}"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A server that is up, and the environment of a deploy to it."""

    environment: dict[str, str]

    @property
    def site(self) -> config.Site:
        return config.load(Path(self.environment["CONFIG"]))

    def root(self, command: str) -> None:
        """Runs a shell command there."""
        ssh = ["ssh", "-F", str(self.site.ssh_config), "-l", LAYOUT.admin_user, self.site.server]
        subprocess.run([*ssh, f"sudo sh -ec '{command}'"], check=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-deploy", description=__doc__.split("\n")[0])
    kinds.add_options(parser)
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--up", action="store_true", help="take the machine of `make rehearse KEEP=1`")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.up:
            bench(kept(), options.rounds)
            return 0
        rehearse.require()
        machine = kinds.machine(options.machine, options.os, STATE / f"{options.machine}-{options.os}")
        machine.check()
        with rehearse.alone():
            rehearse.reset(STATE)
            with rehearse.environment(machine, STATE) as run:
                rehearse.begin(run)
                bench(Place(run.site.deployer("admin")), options.rounds)
        return 1 if run.log.failure else 0
    except KeyboardInterrupt:
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def kept() -> Place:
    """The machine that is up. Raises SlipwayError when none is."""
    file = rehearse.STATE / "deployer.env"
    if not file.exists():
        raise SlipwayError(
            "no machine is up; `make rehearse MACHINE=container KEEP=1` in another shell, or without --up"
        )
    shown = subprocess.run(
        ["sh", "-c", '. "$1"; env -0', "sh", file], capture_output=True, text=True, check=True
    ).stdout
    return Place(dict(pair.split("=", 1) for pair in shown.split("\0") if pair))


def bench(place: Place, rounds: int) -> None:
    deploys: list[Deploy] = []
    scripts: list[float] = []
    loads: list[float] = []
    try:
        # Not counted: it may have to run the playbook, and fills the caches of this checkout.
        deploy(place, 0)
        for number in range(1, rounds + 1):
            scripts.append(script(place))
            deploys.append(deploy(place, number))
            loads.append(os.getloadavg()[0])
            print(f"round {number}: script {scripts[-1]:.1f} s, deploy {deploys[-1].seconds:.1f} s", flush=True)
        proved = deploy(place, rounds + 1, proof=True)
    finally:
        MARKER.unlink(missing_ok=True)
    print(f"\n{table(scripts, deploys, proved, loads)}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    ratio = statistics.median(each.seconds for each in deploys) / statistics.median(scripts)
    OUT.write_text(json.dumps({"ratio": ratio, "script": scripts, "deploy": [e.seconds for e in deploys]}) + "\n")


def script(place: Place) -> float:
    """The seconds of the script. Afterwards the release of before serves again."""
    site, old = place.site, f"{LAYOUT.current}.before"
    place.root(f"ln -sfn $(readlink {LAYOUT.current}) {old}")
    variables = {
        "SSH_CONFIG": str(site.ssh_config),
        "SERVER": site.server,
        "BUILD": str(ROOT / ".slipway" / site.name / "build"),
        "RELEASES": LAYOUT.releases,
        "CURRENT": LAYOUT.current,
        "ENVIRONMENT": LAYOUT.environment,
        "SITE_USER": LAYOUT.site_user,
        "SITE_UNIT": LAYOUT.site_unit,
    }
    began = time.monotonic()
    subprocess.run([SCRIPT], env=place.environment | variables, cwd=ROOT, check=True)
    seconds = time.monotonic() - began
    place.root(GO_BACK.format(old=old, current=LAYOUT.current, unit=LAYOUT.site_unit, releases=LAYOUT.releases))
    return seconds


def deploy(place: Place, number: int, *, proof: bool = False) -> Deploy:
    """One deploy of a release that is new by one line. Raises SlipwayError with its last line when it fails."""
    MARKER.write_text(f"ROUND = {number}  # {time.time_ns()}\n")
    environment = place.environment | {"SMOKE_ARGS": place.environment.get("SMOKE_ARGS", "").replace("full", "quick")}
    command = [sys.executable, "-m", "slipway.tool", "deploy", *([] if proof else ["--no-smoke"])]
    with round_trips.counted(environment) as (counting, count):
        began = time.monotonic()
        done = subprocess.run(command, env=counting, cwd=ROOT, capture_output=True, text=True, check=False)
        seconds, trips = time.monotonic() - began, count()
    if done.returncode:
        raise SlipwayError((done.stderr.strip() or done.stdout.strip()).splitlines()[-1])
    return Deploy.of(done.stdout, seconds, trips)


if __name__ == "__main__":
    sys.exit(main())
