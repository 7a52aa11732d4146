"""What a rehearsal has done and found, for the screen and for the report."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from slipway.tool.phases import phase
from slipway.web.errors import SlipwayError

# As slipway.tool.phases speaks: a title, and below it the seconds.
TITLE = re.compile(r"▸ (.+)")
SECONDS = re.compile(r"  (?:failed after )?([\d.]+) s")


@dataclass(slots=True)
class Phase:
    """One thing done. ``parts`` are the phases that a command of its own spoke of."""

    title: str
    seconds: float = 0.0
    failed: bool = False
    parts: list["Phase"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that had to hold: what was asked, whether it held (None: that is not shown here), and what was seen."""

    what: str
    held: bool | None
    seen: str


class RunLog:
    """Grows while a rehearsal plays; ``logs`` is where the commands' output is kept."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.began = time.time()
        self.phases: list[Phase] = []
        self.findings: list[Finding] = []
        self.failure = ""
        # s that an earlier run of the same rehearsal took.
        self.earlier = 0.0
        self._start = time.monotonic()
        logs.mkdir(parents=True, exist_ok=True)

    @property
    def seconds(self) -> float:
        return self.earlier + time.monotonic() - self._start

    @property
    def held(self) -> bool:
        return not self.failure and all(finding.held is not False for finding in self.findings)

    @contextmanager
    def phase(self, title: str) -> Iterator[Phase]:
        """Speaks ``title`` and its seconds, and keeps both."""
        written = Phase(title)
        self.phases.append(written)
        start = time.monotonic()
        try:
            with phase(title):
                yield written
        except BaseException:
            written.failed = True
            raise
        finally:
            written.seconds = time.monotonic() - start

    def find(self, what: str, held: bool, seen: str) -> None:
        self.findings.append(Finding(what, held, seen))
        print(f"  {'✓' if held else '✗'} {what}: {seen}", flush=True)

    def leave_open(self, what: str, why: str) -> None:
        """What had to hold too, and cannot be shown on this machine."""
        self.findings.append(Finding(what, None, why))
        print(f"  - {what}: not shown here ({why})", flush=True)

    def run(
        self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path, into: Phase | None = None
    ) -> tuple[int, str]:
        """Runs a command, its output in ``<name>.log``; with ``into`` it is shown too, and its phases are kept there.

        Returns its exit status and its output.
        """
        said: list[str] = []
        with (
            (self.logs / f"{name}.log").open("w") as log,
            subprocess.Popen(
                [str(part) for part in command],
                cwd=cwd,
                env=dict(env) | {"PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            for line in process.stdout:
                said.append(line)
                log.write(line)
                log.flush()
                # What is not indented is a command's own table; the log has it.
                if into and line.startswith(("▸", "  ")):
                    sys.stdout.write(f"    {line}")
                    sys.stdout.flush()
        if into:
            into.parts += spoken(said)
        return process.returncode, "".join(said)

    def must(self, name: str, command: Sequence[str | Path], **options) -> str:
        """The output of a command that has to succeed. Raises SlipwayError with its last line when it does not."""
        status, said = self.run(name, command, **options)
        if status:
            last = (said.strip().splitlines() or ["it said nothing"])[-1].removeprefix("slipway: ")
            raise SlipwayError(f"{name} failed: {last} (all of it: {self.logs / f'{name}.log'})")
        return said


def spoken(lines: Sequence[str]) -> list[Phase]:
    """The phases in a command's output; one without its seconds has failed."""
    found: list[Phase] = []
    open_ = False
    for line in lines:
        if title := TITLE.match(line):
            found.append(Phase(title[1].strip(), failed=True))
            open_ = True
        elif open_ and (seconds := SECONDS.match(line)):
            found[-1].seconds = float(seconds[1])
            found[-1].failed = "failed" in line
            open_ = False
    return found
