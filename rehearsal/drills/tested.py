"""Drills that an integration test plays against real parts: what they break cannot be broken on this machine."""

from collections.abc import Callable

from rehearsal.environment import inherited
from rehearsal.run import Run
from rehearsal.run_log import Phase
from slipway import ROOT


def by(*tests: str) -> Callable[[Run, Phase], None]:
    """Runs these tests, by their names for pytest."""

    def play(run: Run, phase: Phase) -> None:
        # The packages of the tests are in a venv of their own.
        command = [
            str(ROOT / ".venv-slipway/bin/python"),
            "-m",
            "pytest",
            "-n",
            "0",
            "-q",
            "-p",
            "no:cacheprovider",
            *tests,
        ]
        status, said = run.log.run("drill-test", command, env=inherited(), cwd=ROOT)
        line = (said.strip().splitlines() or ["no output"])[-1]
        run.log.check(f"The tests of it pass: {', '.join(tests)}", status == 0 and " passed" in line, line)

    return play
