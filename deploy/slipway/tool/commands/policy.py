"""Prints the IAM policy of one of the site's identities, to create the users by other means."""

import argparse
import json

from slipway.tool import config
from slipway.tool.cdn import cloudfront, identities
from slipway.tool.providers import by_hand

help = "print an identity's IAM policy, as JSON"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=identities.NAMES)


def run(options: argparse.Namespace) -> int:
    site = config.load()
    by_hand.check("policy", site)
    print(json.dumps(cloudfront.identity_policy(site, options.name), indent=2))
    return 0
