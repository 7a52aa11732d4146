"""`make releases`: what lies on the server."""

import argparse
import json

from deploy import config
from deploy.host.connection import Connection

help = "list the releases on the server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    listed = json.loads(Connection(config.load()).agent("releases"))
    print(f"{'':2}{'release':<26}{'served first':<26}{'received'}")
    for each in listed:
        served = each.get("activated") or "never"
        print(f"{'▸ ' if each['current'] else '  '}{each['id']:<26}{served:<26}{each.get('received', '')}")
    if not listed:
        print("  none yet: `make deploy`")
    return 0
