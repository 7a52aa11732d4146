"""The log of a rehearsal: phases and checks, for the screen and the report."""

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

# The output of slipway.tool.phases: a title, and below it the seconds.
TITLE = re.compile(r"▸ (.+)")
SECONDS = re.compile(r"  (?:failed after )?([\d.]+) s")


@dataclass(slots=True)
class Phase:
    """A phase of the run. ``parts`` are the phases that its command printed."""

    title: str
    seconds: float = 0.0
    failed: bool = False
    parts: list["Phase"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Check:
    """``passed`` is None where the check is not possible on this machine; ``result`` then says why."""

    what: str
    passed: bool | None
    result: str


class RunLog:
    """The phases and checks so far; ``logs`` is the folder of the commands' output."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.began = time.time()
        self.phases: list[Phase] = []
        self.checks: list[Check] = []
        self.failure = ""
        # Seconds of an earlier run of the same rehearsal.
        self.earlier = 0.0
        self._start = time.monotonic()
        logs.mkdir(parents=True, exist_ok=True)

    @property
    def seconds(self) -> float:
        return self.earlier + time.monotonic() - self._start

    @property
    def passed(self) -> bool:
        return not self.failure and all(check.passed is not False for check in self.checks)

    @contextmanager
    def phase(self, title: str) -> Iterator[Phase]:
        """Prints ``title`` and its seconds, and keeps both."""
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

    def check(self, what: str, passed: bool, result: str) -> None:
        self.checks.append(Check(what, passed, result))
        print(f"  {'✓' if passed else '✗'} {what}: {result}", flush=True)

    def skip(self, what: str, why: str) -> None:
        """Logs a check that is not possible on this machine."""
        self.checks.append(Check(what, None, why))
        print(f"  - {what}: not checked here ({why})", flush=True)

    def run(
        self, name: str, command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path, into: Phase | None = None
    ) -> tuple[int, str]:
        """Runs a command, its output in ``<name>.log``; with ``into`` it is printed too, and its phases are added
        there.

        Returns its exit status and its output.
        """
        lines: list[str] = []
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
                lines.append(line)
                log.write(line)
                log.flush()
                # Lines without an indent are a command's own table; they are in the log.
                if into and line.startswith(("▸", "  ")):
                    sys.stdout.write(f"    {line}")
                    sys.stdout.flush()
        if into:
            into.parts += phases_of(lines)
        return process.returncode, "".join(lines)

    def must(self, name: str, command: Sequence[str | Path], **options) -> str:
        """The output of a command that has to succeed. Raises SlipwayError with its last line when it does not."""
        status, output = self.run(name, command, **options)
        if status:
            last = (output.strip().splitlines() or ["no output"])[-1].removeprefix("slipway: ")
            raise SlipwayError(f"{name} failed: {last} (all of it: {self.logs / f'{name}.log'})")
        return output


def phases_of(lines: Sequence[str]) -> list[Phase]:
    """The phases in a command's output; one without its seconds has failed."""
    phases: list[Phase] = []
    open_ = False
    for line in lines:
        if title := TITLE.match(line):
            phases.append(Phase(title[1].strip(), failed=True))
            open_ = True
        elif open_ and (seconds := SECONDS.match(line)):
            phases[-1].seconds = float(seconds[1])
            phases[-1].failed = "failed" in line
            open_ = False
    return phases
