"""`make backup [KIND=full|diff]`: backs the database up now."""

import argparse

from slipway.tool import config
from slipway.tool.phases import phase
from slipway.tool.server.connection import Connection

help = "back the database up now"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kind", default="full", choices=["full", "diff"], help="full: all of it; diff: what changed")


def run(options: argparse.Namespace) -> int:
    """The server's own unit makes it, and goes on when this command is interrupted."""
    site = config.load()
    with phase(f"Back up the database of {site.host}"):
        print(f"    {Connection(site).agent('backup', options.kind)}")
    return 0
