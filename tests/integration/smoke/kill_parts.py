"""Kills a part of a running proof at a random moment: it ends, with a report, without a false finding, and never green.

    python -m tests.integration.smoke.kill_parts --times 100 --seed 1

A part may be killed after its last use. So a passed run is right where its report has all the evidence of an
undisturbed one: the same pages, assets, page loads with the same requests, counts of checks, and controls.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rehearsal.local_site import ROOT
from static_smoke.options import find_browser
from static_smoke.watchdog import descendants
from tests.integration.smoke.stack import LOGIN, Stack

MINUTES = 3.0
# Seconds that a run may take: --minutes and 30, and what a busy machine needs to start Python.
BOUND = MINUTES * 60 + 30 + 15
PROCESSES = {
    "chromium": lambda words: "--remote-debugging-pipe" in words and "--type=" not in " ".join(words),
    # Chromium writes the command line of its processes anew, as one word.
    "renderer": lambda words: "--type=renderer" in " ".join(words),
    "driver": lambda words: "run-driver" in words,
}
# The web manifest names the stack's port, and has another hash in each run.
_HASH = re.compile(r"\.[0-9a-f]{12}\.")
PARTS = ("origin", "cdn", "log removed", "log emptied", *PROCESSES)


@dataclass
class Outcome:
    """One run whose part was killed after ``at`` seconds; -1: it was not there any more. ``faults``: what is wrong."""

    part: str
    at: float = -1
    seconds: float = 0.0
    status: int | None = None
    report: dict = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Proof:
    """The proof of a stack as a process of its own."""

    def __init__(self, stack: Stack, directory: Path, *more: str):
        self.stack, self._directory = stack, directory
        self.start = time.monotonic()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "static_smoke", "--site", stack.site_url),
                *("--static", stack.static_url, "--media", stack.media_url),
                *("--origin-log", str(stack.log), "--manifest", str(stack.manifest)),
                *("--report", str(directory / "report"), "--browser", find_browser() or "none"),
                *("--minutes", f"{MINUTES}", "--max-pages", "3", "--full-pages", "0", *more),
            ],
            env={**os.environ, "SMOKE_LOGIN": ":".join(LOGIN), "TMPDIR": str(directory)},
            cwd=ROOT,
            stdout=(directory / "output").open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def processes(self, part: str) -> list[int]:
        return [process for process in descendants(self._process.pid) if PROCESSES[part](_words(process))]

    def kill(self, part: str, choose: Callable[[list[int]], int] = min) -> bool:
        """Whether there was anything to kill."""
        if part in ("origin", "cdn"):
            self.stack.dies_after[part] = 0, 0
        elif part == "log removed":
            self.stack.log.unlink()
        elif part == "log emptied":
            os.truncate(self.stack.log, 0)
        else:
            found = self.processes(part)
            if not found:
                return False
            with suppress(ProcessLookupError):
                os.kill(choose(found), signal.SIGKILL)
        return True

    def end(self) -> tuple[int | None, float]:
        """The exit status, None if it hung, and the seconds it took."""
        try:
            status = self._process.wait(BOUND - (time.monotonic() - self.start))
        except subprocess.TimeoutExpired:
            status = None
            for process in (*descendants(self._process.pid), self._process.pid):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self._process.wait()
        return status, time.monotonic() - self.start

    @property
    def output(self) -> str:
        return (self._directory / "output").read_text(errors="replace")

    def report(self) -> dict:
        try:
            return json.loads((self._directory / "report" / "smoke.json").read_text())
        except (OSError, ValueError):
            return {}

    def left(self) -> list[int]:
        """Processes that name this run's folder: a browser outlives the end by a moment."""
        for _ in range(50):
            found = [int(it.name) for it in Path("/proc").glob("[0-9]*") if self._is_ours(int(it.name))]
            if not found:
                break
            time.sleep(0.1)
        return found

    def _is_ours(self, process: int) -> bool:
        return process != os.getpid() and any(str(self._directory) in word for word in _words(process))


def _words(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def play(
    part: str, moment: float, choose: Callable[[list[int]], int] = min, undisturbed: dict | None = None
) -> Outcome:
    """One run on a stack of its own. ``moment``: seconds after its start; a process is waited for from there on."""
    outcome = Outcome(part)
    with tempfile.TemporaryDirectory(prefix="slipway-kill-") as directory:
        # Chromium's user must reach its home below.
        Path(directory).chmod(0o711)
        with Stack(Path(directory)) as stack:
            proof = Proof(stack, Path(directory))
            while part and proof.running and outcome.at < 0:
                now = time.monotonic() - proof.start
                if now >= moment and proof.kill(part, choose):
                    outcome.at = now
                time.sleep(0.01)
            outcome.status, outcome.seconds = proof.end()
            outcome.report = proof.report()
            outcome.faults = faults(outcome, proof, undisturbed)
    return outcome


def faults(outcome: Outcome, proof: Proof, undisturbed: dict | None) -> list[str]:
    """What no run may do, whatever was killed."""
    report = outcome.report
    found = []
    if outcome.status is None:
        found.append("it hung")
    if not report:
        found.append(f"no report; {proof.output[-300:]}")
    elif report["findings"]:
        found.append(f"false findings: {[(it['what'], it['url']) for it in report['findings'][:3]]}")
    if outcome.status == 0 and undisturbed and (missing := lost(report, undisturbed)):
        found.append(f"green, although it lost {len(missing)} of the evidence: {missing[:3]}")
    if outcome.status not in (0, None) and report.get("verdict") != "inconclusive":
        found.append(f"exit {outcome.status}, but the report says {report.get('verdict')}")
    if "Traceback" in proof.output:
        found.append("a traceback")
    if left := proof.left():
        found.append(f"processes left: {[' '.join(_words(it))[:80] for it in left]}")
    return found


def lost(report: dict, undisturbed: dict) -> list[str]:
    """The evidence of an undisturbed run that is missing in a report; without ports and hashes."""
    ours, whole = evidence(report), evidence(undisturbed)
    return [str(it) for it in sorted((whole - ours).keys())]


def evidence(report: dict) -> Counter:
    def path(url: str) -> str:
        return _HASH.sub(".", url.partition("://")[2].partition("/")[2].partition("slipway-smoke")[0])

    found = Counter(("page", path(it["url"]), it["signed_in"]) for it in report["pages"])
    found.update(("asset", path(it["url"]), it["verdict"]) for it in report["assets"])
    found.update(("control", it["name"], it["check"], it["state"]) for it in report["controls"])
    found.update((letter, it["state"], it["checked"]) for letter, it in report["checks"].items() if letter in "PHCA")
    found.update((letter, it["state"], bool(it["reason"])) for letter, it in report["checks"].items())
    for load in report["page_loads"]:
        found["load", path(load["place"]), load["device"], load["failed"]] += 1
        found.update({("request", path(load["place"]), load["device"], path(it["url"])): 1 for it in load["timings"]})
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=PARTS, action="append")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    undisturbed = play("", 0)
    print(f"undisturbed: exit {undisturbed.status} after {undisturbed.seconds:.1f} s {undisturbed.faults or ''}")
    outcomes: list[Outcome] = []
    while len(outcomes) < options.times:
        part = chance.choice(options.part or PARTS)
        moment = chance.uniform(0.3, undisturbed.seconds)
        outcome = play(part, moment, chance.choice, undisturbed.report)
        if outcome.at < 0:
            continue  # it was over before
        outcomes.append(outcome)
        said = "; ".join(outcome.faults) or outcome.report["sentence"][:160]
        ended = f"exit {outcome.status} after {outcome.seconds:5.1f} s"
        print(f"{len(outcomes):3} {part:12} at {outcome.at:5.1f} s: {ended}: {said}", flush=True)
    for part in PARTS:
        of = [outcome for outcome in outcomes if outcome.part == part]
        if of:
            statuses = ", ".join(f"{n} times exit {status}" for status, n in Counter(it.status for it in of).items())
            slowest = max(outcome.seconds for outcome in of)
            print(f"{part:12} {len(of):3}: {statuses}; slowest end {slowest:.1f} s")
    failed = [outcome for outcome in outcomes if outcome.faults]
    print(f"{len(failed)} of {len(outcomes)} with a fault")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
