"""`make rehearse-all`: every step on both Debian releases. A run that was stopped goes on after its last step."""

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
    ran_last,
    require,
    reset,
    resume,
    run_step,
)
from rehearsal.run import Results, Run
from rehearsal.run_log import Check, Phase
from rehearsal.steps.order import steps
from slipway.web.errors import SlipwayError

STATE = ROOT / ".slipway" / "rehearsal-all"


@dataclass(slots=True)
class Progress:
    """The steps of one release that passed. ``code`` is the digest of the code that they ran with; ``snapshot`` the
    machine after the last of them, "" before the first deploy."""

    code: str
    snapshot: str = ""
    done: list[str] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    results: Results = field(default_factory=Results)
    seconds: float = 0.0

    @classmethod
    def load(cls, file: Path, code: str) -> "Progress":
        """The progress in ``file``, if it is of the same code; a new one otherwise."""
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
            # One after the other: both keep the site's own state in one place.
            return next((status for release in RELEASES if (status := _rehearse(kind, release, code))), 0)
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended. The same command continues after the last step passed")
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def _rehearse(kind: str, release: str, code: str) -> int:
    """Runs the remaining steps of one release; returns the exit status."""
    directory = STATE / f"{kind}-{release}"
    file = directory.with_suffix(".progress")
    progress = Progress.load(file, code)
    wanted = steps(resumed=False, stressed=True, told=True, burnt=True)
    left = [step for step in wanted if step.title not in progress.done]
    if not left:
        print(f"{release}: every step passed with this code; rm -r {STATE.relative_to(ROOT)} starts again")
        return 0
    machine = kinds.machine(kind, release, directory / f"{kind}-{release}")
    machine.check()
    # A disaster that was interrupted has taken the machine along.
    if progress.snapshot and ran_last(directory) and machine.saved(progress.snapshot):
        print(f"{release}: continues after {len(progress.done)} of {len(wanted)} steps, from the machine saved then")
    else:
        progress, left = Progress(code), wanted
        reset(directory)
    with environment(machine, directory) as run:
        _restore(run, progress)
        if progress.snapshot:
            resume(run, progress.snapshot)
        else:
            begin(run)
            _save(run, progress, SNAPSHOT, file)
        for step in left:
            run_step(run, step)
            if not run.log.passed:
                break
            # Two in turn: while one is written, a next run could still use the other. A site that has moved to another
            # machine is not resumed: a next run begins anew.
            snapshot = f"step{len(progress.done) % 2}" if run.machine is machine else ""
            if snapshot:
                run.machine.save(snapshot)
            progress.done.append(step.title)
            _save(run, progress, snapshot, file)
    return conclude(run)


def _restore(run: Run, progress: Progress) -> None:
    run.log.phases += progress.phases
    run.log.checks += progress.checks
    run.log.earlier = progress.seconds
    run.results = progress.results


def _save(run: Run, progress: Progress, snapshot: str, file: Path) -> None:
    progress.snapshot = snapshot
    progress.phases, progress.checks = list(run.log.phases), list(run.log.checks)
    progress.results, progress.seconds = run.results, run.log.seconds
    progress.save(file)


def _code() -> str:
    """A digest of this code, with changes and new files; "" without git."""
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
