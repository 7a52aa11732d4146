"""`make shell`: Django's shell on the server, with the application's user, environment and sandbox."""

import argparse
import shlex
import subprocess

from slipway.tool import config
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError

help = "Django's shell on the server (COMMAND=… runs another management command)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--command", default="shell", help="a management command with its arguments (shell)")


def run(options: argparse.Namespace) -> int:
    connection = Connection(config.load())
    try:
        words = shlex.split(options.command)
    except ValueError as error:
        raise SlipwayError(f"COMMAND: {error}") from None
    # The agent runs it in the site's sandbox.
    line = shlex.join(["slipway", "manage", *words])
    return subprocess.run(connection.command(line, terminal=True), check=False).returncode
