"""`make logs`: what the site writes, as it writes it."""

import argparse
import shlex
import subprocess

from deploy import config
from deploy.host.connection import Connection

help = "follow the log of the site, or of another unit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--unit", default="slipway.service", help="a systemd unit (slipway.service)")
    parser.add_argument("--lines", type=int, default=50, help="of the past, first (50)")
    parser.add_argument("--no-follow", action="store_true", help="end with the last line that is there")


def run(options: argparse.Namespace) -> int:
    follow = "" if options.no_follow else " --follow"
    line = f"journalctl --unit={shlex.quote(options.unit)} --lines={options.lines} --output=short-iso{follow}"
    try:
        return subprocess.run(Connection(config.load()).command(line, alone=True), check=False).returncode
    except KeyboardInterrupt:
        return 0
