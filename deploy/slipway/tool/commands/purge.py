"""`make purge`: removes paths from the CDN's caches, by the provider's API."""

import argparse

from slipway.tool import config, providers
from slipway.tool.secrets import Secrets

help = "remove paths from the CDN's caches"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="+", help="/favicon.ico, a URL on a CDN host, or either with * at its end")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    secrets = Secrets.find(site)
    for line in providers.purge(site, providers.keys(secrets), options.path):
        print(line)
    return 0
