"""`make rollback [TO=…]`: switches back to an earlier release."""

import argparse
import json

from slipway.tool import config
from slipway.tool.hooks import Hooks
from slipway.tool.phases import phase
from slipway.tool.server import lock
from slipway.tool.server.connection import Connection

help = "switch back to an earlier release"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", default="", help="its id, or the beginning of it (default: the one before)")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    hooks = Hooks(site, "rollback", release=options.to)
    with hooks.reporting():
        connection = Connection(site)
        with lock.held(connection), phase("Switch back, and check its health through nginx"):
            left, serves = json.loads(connection.agent("rollback", *([options.to] if options.to else [])))
    print(f"{serves} serves at {site.site_url}; {left} was left")
    hooks.release, hooks.before = serves, left
    hooks.run("after_deploy")
    return 0
