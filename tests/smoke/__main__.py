"""``python -m tests.smoke --site URL …``: prints the verdict, exits 0 only when all is well."""

import json
import sys

from rich.console import Console

from tests.smoke.console import show
from tests.smoke.options import parse
from tests.smoke.report import write
from tests.smoke.run import run


def main() -> int:
    options = parse()
    console, progress = Console(), Console(stderr=True)
    try:
        with progress.status("smoke") as status:
            verdict = run(options, lambda text: status.update(f"smoke: {text} …"))
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


if __name__ == "__main__":
    sys.exit(main())
