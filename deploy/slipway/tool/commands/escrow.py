"""`make escrow`: prints what opens the backups, for paper. It is shown on a terminal, and piped only on request."""

import argparse
import sys
from datetime import UTC, datetime

from slipway.tool import config
from slipway.tool.backups import escrow
from slipway.tool.secrets import Secrets
from slipway.web.errors import SlipwayError

help = "print what opens the backups, for paper"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pipe", action="store_true", help="print it even where nobody looks: to a printer, a file")


def run(options: argparse.Namespace) -> int:
    if not options.pipe and not sys.stdout.isatty():
        raise SlipwayError("escrow prints passwords, and this is no terminal; `make escrow PIPE=1 | lpr` prints them")
    site = config.load()
    print(escrow.sheet(site, Secrets.load(site), datetime.now(UTC).date()), end="")
    return 0
