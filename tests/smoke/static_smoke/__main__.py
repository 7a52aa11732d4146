"""``python -m static_smoke --site URL …``: prints the verdict. Exits 0 passed, 1 failed or inconclusive, 2 not run."""

import json
import sys

from rich.console import Console
from rich.status import Status

from static_smoke.options import parse
from static_smoke.report.console import show
from static_smoke.report.page import write
from static_smoke.run import run


def main() -> int:
    options = parse()
    console, progress = Console(), Console(stderr=True)
    try:
        with progress.status("smoke") as status:
            verdict = run(options, lambda text: _progress(text, status, progress))
        if options.report:
            write(verdict, options.report)
    except (OSError, ValueError) as error:
        reason = f"{error}" if not isinstance(error, json.JSONDecodeError) else f"bad JSON: {error}"
        print(f"smoke: {reason}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    show(verdict, console, options.report)
    return verdict.status


def _progress(text: str, status: Status, console: Console) -> None:
    """Prints progress: in place on a terminal, line by line elsewhere."""
    if console.is_terminal:
        status.update(f"smoke: {text} …")
    else:
        print(f"smoke: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
