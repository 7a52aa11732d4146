"""`make releases`: lists the releases on the server."""

import argparse
import json

from slipway.tool import config
from slipway.tool.server.connection import Connection

help = "list the releases on the server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    listed = json.loads(Connection(config.load()).agent("releases"))
    print(f"{'':2}{'release':<28}{'received':<26}{'served first':<26}{'switched to last'}")
    for each in listed:
        last = each.get("activated", "")
        # An agent of an earlier version has only the last time.
        first = each.get("first", last) or "never"
        mark, received = "▸ " if each["current"] else "  ", each.get("received", "")
        print(f"{mark}{each['id']:<28}{received:<26}{first:<26}{last}".rstrip())
    if not listed:
        print("  none yet: `make deploy`")
    return 0
