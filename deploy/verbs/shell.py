"""`make shell`: Django's shell on the server, as the application's user and in its environment."""

import argparse
import shlex
import subprocess

from deploy import config
from deploy.errors import SlipwayError
from deploy.host.connection import Connection

help = "Django's shell on the server (COMMAND=… runs another management command)"
MANAGE = (
    "systemd-run --quiet --collect --pty --pipe --uid=slipway --property=EnvironmentFile=/etc/slipway/site.env"
    " --property=WorkingDirectory=/srv/slipway/current /srv/slipway/current/venv/bin/python manage.py"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--command", default="shell", help="a management command with its arguments (shell)")


def run(options: argparse.Namespace) -> int:
    connection = Connection(config.load())
    try:
        words = shlex.split(options.command)
    except ValueError as error:
        raise SlipwayError(f"COMMAND: {error}") from None
    return subprocess.run(connection.command(f"{MANAGE} {shlex.join(words)}", terminal=True), check=False).returncode
