"""`make logs`: follows the logs of the site, nginx and PostgreSQL; ERRORS=1 shows the last exceptions."""

import argparse
import shlex
import subprocess

from slipway.tool import config
from slipway.tool.server.connection import Connection

help = "follow the logs of the site, nginx and PostgreSQL"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--unit",
        default="",
        help="site, nginx, access, error, postgresql, certificate, or a systemd unit (all of these)",
    )
    parser.add_argument("--lines", type=int, default=50, help="past lines to show first (50)")
    parser.add_argument("--errors", action="store_true", help="show the last exceptions instead, each whole, and end")
    parser.add_argument("--no-follow", action="store_true", help="end after the last existing line")


def run(options: argparse.Namespace) -> int:
    """The server's own exit status: 1, with a line on stderr, when there is no such log."""
    if options.errors:
        print(Connection(config.load()).agent("logs", "--errors", f"--lines={options.lines}"))
        return 0
    more = [*(["--follow"] if not options.no_follow else []), *([options.unit] if options.unit else [])]
    line = shlex.join(["slipway", "logs", f"--lines={options.lines}", *more])
    try:
        return subprocess.run(Connection(config.load()).command(line, alone=True), check=False).returncode
    except KeyboardInterrupt:
        return 0
