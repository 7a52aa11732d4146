"""A drill, and the checks that drills share."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rehearsal.load import Requests
from rehearsal.run import Run, tool
from rehearsal.run_log import Phase
from slipway import ROOT

# The load of a drill is so many requests at least, and they are waited for so long, s.
FEWEST, PATIENCE = 50, 60


@dataclass(frozen=True, slots=True)
class Drill:
    """``expects`` is what its checks hold; ``play`` adds them to the run's log, and leaves the machine well."""

    number: int
    title: str
    expects: str
    play: Callable[[Run, Phase], None]


def serving(run: Run) -> str:
    releases = json.loads(run.host.run("slipway releases"))
    return next((each["id"] for each in releases if each["current"]), "none")


def deploy(
    run: Run, name: str, *arguments: str, env: dict[str, str] | None = None, cwd: Path = ROOT
) -> tuple[int, str]:
    """Exit status and output of a deploy without its proof."""
    env = env or run.site.deployer("admin")
    return run.log.run(f"drill-{name}", tool("deploy", "--no-smoke", *arguments), env=env, cwd=cwd)


def last(said: str) -> str:
    return (said.strip().splitlines() or ["no output"])[-1]


def check_rejected(run: Run, what: str, result: tuple[int, str], names: str, before: str) -> None:
    """It failed, its one line on stderr names the cause, and the release of before serves."""
    status, said = result
    errors = [line for line in said.splitlines() if line.startswith(("slipway: ", "Traceback"))]
    one = len(errors) == 1 and last(said) == errors[0]
    now = serving(run)
    passed = status != 0 and one and names in errors[0] and now == before
    run.log.check(
        f"{what} is rejected in one line that names {names!r}, and the old release serves",
        passed,
        f"exit status {status}; {last(said)}" + ("" if now == before else f"; {now} serves"),
    )


@contextmanager
def loaded(run: Run, during: str, allowed: int = 0) -> Iterator[Requests]:
    """Load while the block runs; more than ``allowed`` failed requests are an error."""
    load = run.load()
    run.results.loads[during] = requests = load.requests
    with load:
        yield requests
        # What lasts a moment has an aftermath too.
        deadline = time.monotonic() + PATIENCE
        while requests.sent < FEWEST and time.monotonic() < deadline:
            time.sleep(0.1)
    few = "No request fails" if not allowed else f"{allowed} requests fail at most"
    run.log.check(f"{few} during {during}", len(requests.failed) <= allowed and requests.sent >= FEWEST, str(requests))
