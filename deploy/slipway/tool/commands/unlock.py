"""`make unlock`: releases a deploy lock whose holder is gone."""

import argparse

from slipway.tool import config
from slipway.tool.server.connection import Connection

help = "release a stale deploy lock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    print(Connection(config.load()).agent("unlock"))
    return 0
