"""`make dev`: Django's development server, with the settings module and the variables of site.yml."""

import argparse
import os
import subprocess
import sys

from slipway import ROOT
from slipway.web import switch

help = "migrate, then Django's development server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("port", nargs="?", help="a port, or address:port (8000)")


def run(options: argparse.Namespace) -> int:
    # The shell may still have production's value from another command.
    environment = {name: value for name, value in os.environ.items() if name != switch.VARIABLE}
    manage = [sys.executable, str(ROOT / "manage.py")]
    migrated = subprocess.run([*manage, "migrate", "--verbosity", "0"], env=environment, check=False)
    if migrated.returncode:
        return migrated.returncode
    sys.stdout.flush()
    # Replaces this process, so that the server gets Ctrl-C and the terminal.
    os.execve(manage[0], [*manage, "runserver", *filter(None, [options.port])], environment)
