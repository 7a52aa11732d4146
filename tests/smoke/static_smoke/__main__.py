"""``python -m static_smoke --site URL …``: prints the verdict. Exits 0 passed, 1 failed or inconclusive, 2 not run."""

import json
import signal
import sys

from rich.console import Console
from rich.status import Status

from static_smoke.deadline import MOST
from static_smoke.options import parse
from static_smoke.report.console import show
from static_smoke.report.page import write
from static_smoke.run import Run
from static_smoke.verdict import Verdict
from static_smoke.watchdog import LAST, Watchdog, end_children


def main() -> int:
    options = parse()
    console, progress = Console(), Console(stderr=True)
    # As Ctrl-C: what is known by then is written.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))

    def keep(verdict: Verdict) -> None:
        if options.report:
            write(verdict, options.report)

    def end() -> None:
        verdict = run.verdict(f"--minutes {options.minutes:g} were over, and something hangs")
        keep(verdict)
        print(f"smoke: {verdict.sentence}", file=sys.stderr, flush=True)

    try:
        with progress.status("smoke") as status:
            run = Run(options, lambda text: _progress(text, status, progress), keep)
            watchdog = Watchdog(options.minutes * 60 + MOST - LAST - 2, end)
            verdict = run.run()
            end_children()
        keep(verdict)
    except (OSError, ValueError) as error:
        reason = f"{error}" if not isinstance(error, json.JSONDecodeError) else f"bad JSON: {error}"
        print(f"smoke: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    watchdog.status = verdict.status
    if verdict.started:
        show(verdict, console, options.report)
    else:
        print(f"smoke: {verdict.doubts[0]}", file=sys.stderr)
    return verdict.status


def _progress(text: str, status: Status, console: Console) -> None:
    """Prints progress: in place on a terminal, line by line elsewhere."""
    if console.is_terminal:
        status.update(f"smoke: {text} …")
    else:
        print(f"smoke: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
