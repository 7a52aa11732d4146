"""`make rehearse-all`: every step on both Debian releases. A run that died goes on from the last step that held."""

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
from rehearsal.rehearse import ROOT, SNAPSHOT, alone, begin, conclude, forget, play, played_last, require, resume, stage
from rehearsal.run import Run, Seen
from rehearsal.run_log import Finding, Phase
from rehearsal.steps.order import steps
from slipway.web.errors import SlipwayError

STATE = ROOT / ".slipway" / "rehearsal-all"


@dataclass(slots=True)
class Progress:
    """How far the steps of one release have come. ``code`` is what they were played with; ``snapshot`` the machine
    after the last of them, "" before the first deploy."""

    code: str
    snapshot: str = ""
    done: list[str] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)
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
            # The second begins when the first has held: both keep the site's own state in one place.
            return next((status for release in RELEASES if (status := _rehearse(kind, release, code))), 0)
    except KeyboardInterrupt:
        print("\nstopped; everything that was started has ended. Again, it goes on after the last step that held")
        return 130
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1


def _rehearse(kind: str, release: str, code: str) -> int:
    """Plays what is not done of one release; returns the exit status."""
    directory = STATE / f"{kind}-{release}"
    file = directory.with_suffix(".progress")
    progress = Progress.load(file, code)
    wanted = steps(resumed=False, storm=True)
    left = [step for step in wanted if step.title not in progress.done]
    if not left:
        print(f"{release}: every step held with this very code; rm -r {STATE.relative_to(ROOT)} forgets that")
        return 0
    machine = kinds.machine(kind, release, directory / f"{kind}-{release}")
    machine.check()
    if progress.snapshot and played_last(directory):
        print(f"{release}: goes on after {len(progress.done)} of {len(wanted)} steps, from the machine as it was then")
    else:
        progress, left = Progress(code), wanted
        forget(directory)
    with stage(machine, directory) as acts:
        _restore(acts, progress)
        if progress.snapshot:
            resume(acts, progress.snapshot)
        else:
            begin(acts)
            _note(acts, progress, SNAPSHOT, file)
        for step in left:
            play(acts, step)
            if not acts.diary.held:
                break
            # Two in turn: while one is written, the other is what a next run would go on from.
            snapshot = f"step{len(progress.done) % 2}"
            acts.machine.save(snapshot)
            progress.done.append(step.title)
            _note(acts, progress, snapshot, file)
    return conclude(acts)


def _restore(acts: Run, progress: Progress) -> None:
    acts.diary.phases += progress.phases
    acts.diary.findings += progress.findings
    acts.diary.earlier = progress.seconds
    acts.seen = progress.seen


def _note(acts: Run, progress: Progress, snapshot: str, file: Path) -> None:
    progress.snapshot = snapshot
    progress.phases, progress.findings = list(acts.diary.phases), list(acts.diary.findings)
    progress.seen, progress.seconds = acts.seen, acts.diary.seconds
    progress.save(file)


def _code() -> str:
    """What tells this code from any other, with what git does not know yet; "" where there is no git to ask."""
    said = hashlib.sha256()
    for command in (
        ("rev-parse", "HEAD"),
        ("diff", "--binary", "HEAD"),
        ("ls-files", "-z", "--others", "--exclude-standard"),
    ):
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, check=False)
        if done.returncode:
            return ""
        said.update(done.stdout)
    for name in filter(None, done.stdout.split(b"\0")):
        path = ROOT / os.fsdecode(name)
        if path.is_file():
            said.update(hashlib.sha256(path.read_bytes()).digest())
    return said.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
