"""`make rehearse-all`: every step on both Debian releases. A run that died goes on from the last step that passed."""

import argparse
import hashlib
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.machine import kinds
from rehearsal.machine.image import RELEASES
from rehearsal.rehearse import (
    ROOT,
    SNAPSHOT,
    alone,
    begin,
    conclude,
    environment,
    forget,
    ran_last,
    require,
    resume,
    take,
)
from rehearsal.run import Results, Run
from rehearsal.run_log import Check, Phase
from rehearsal.steps.order import steps
from slipway.web.errors import SlipwayError

STATE = ROOT / ".slipway" / "rehearsal-all"


@dataclass(slots=True)
class Progress:
    """How far the steps of one release have come. ``code`` is what they ran with; ``snapshot`` the machine
    after the last of them, "" before the first deploy."""

    code: str
    snapshot: str = ""
    done: list[str] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    results: Results = field(default_factory=Results)
    seconds: float = 0.0

    @classmethod
    def load(cls, file: Path, code: str) -> "Progress":
        """What ``file`` holds, if it is of this very code."""
        kept = pickle.loads(file.read_bytes()) if file.exists() else cls(code)
        return kept if code and kept.code == code else cls(code)

    def save(self, file: Path) -> None:
        partial = file.with_suffix(".partial")
        partial.write_bytes(pickle.dumps(self))
        partial.replace(file)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m rehearsal.rehearse_all", description=__doc__)
    parser.add_argument("--machine", default=os.environ.get("MACHINE") or kinds.DEFAULT, help="default: %(default)s")
    kind = parser.parse_args().machine
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        require()
        code = _code()
        with alone():
            # The second begins when the first has passed: both keep the site's own state in one place.
            return next((status for release in RELEASES if (status := _rehearse(kind, release, code))), 0)
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended. Again, it goes on after the last step that passed")
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def _rehearse(kind: str, release: str, code: str) -> int:
    """Runs what is not done of one release; returns the exit status."""
    directory = STATE / f"{kind}-{release}"
    file = directory.with_suffix(".progress")
    progress = Progress.load(file, code)
    wanted = steps(resumed=False, stressed=True)
    left = [step for step in wanted if step.title not in progress.done]
    if not left:
        print(f"{release}: every step passed with this very code; rm -r {STATE.relative_to(ROOT)} forgets that")
        return 0
    machine = kinds.machine(kind, release, directory / f"{kind}-{release}")
    machine.check()
    if progress.snapshot and ran_last(directory):
        print(f"{release}: goes on after {len(progress.done)} of {len(wanted)} steps, from the machine as it was then")
    else:
        progress, left = Progress(code), wanted
        forget(directory)
    with environment(machine, directory) as run:
        _restore(run, progress)
        if progress.snapshot:
            resume(run, progress.snapshot)
        else:
            begin(run)
            _note(run, progress, SNAPSHOT, file)
        for step in left:
            take(run, step)
            if not run.log.passed:
                break
            # Two in turn: while one is written, the other is what a next run would go on from.
            snapshot = f"step{len(progress.done) % 2}"
            run.machine.save(snapshot)
            progress.done.append(step.title)
            _note(run, progress, snapshot, file)
    return conclude(run)


def _restore(run: Run, progress: Progress) -> None:
    run.log.phases += progress.phases
    run.log.checks += progress.checks
    run.log.earlier = progress.seconds
    run.results = progress.results


def _note(run: Run, progress: Progress, snapshot: str, file: Path) -> None:
    progress.snapshot = snapshot
    progress.phases, progress.checks = list(run.log.phases), list(run.log.checks)
    progress.results, progress.seconds = run.results, run.log.seconds
    progress.save(file)


def _code() -> str:
    """What tells this code from any other, with what git does not know yet; "" where there is no git to ask."""
    digest = hashlib.sha256()
    for command in (
        ("rev-parse", "HEAD"),
        ("diff", "--binary", "HEAD"),
        ("ls-files", "-z", "--others", "--exclude-standard"),
    ):
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, check=False)
        if done.returncode:
            return ""
        digest.update(done.stdout)
    for name in filter(None, done.stdout.split(b"\0")):
        path = ROOT / os.fsdecode(name)
        if path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
