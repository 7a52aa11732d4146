"""Prints buckets and distributions as AWS describes them; the proof checks them."""

import argparse
import json

from slipway.tool import config
from slipway.tool.cdn import cloudfront
from slipway.tool.providers import by_hand

help = "print what is provisioned, as JSON"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    site = config.load()
    by_hand.check("describe", site)
    print(json.dumps(cloudfront.describe(site), indent=2, default=str))
    return 0
