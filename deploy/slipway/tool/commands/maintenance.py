"""`make maintenance ON=1` and `OFF=1`: whether each visitor gets the 503 page."""

import argparse
import json

from slipway.tool import config
from slipway.tool.server.connection import Connection

help = "close the site with its 503 page, and open it again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--on", action="store_const", dest="action", const="on", help="each visitor gets the page")
    action.add_argument("--off", action="store_const", dest="action", const="off", help="the site is open again")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    arguments = [options.action] if options.action else []
    state = json.loads(Connection(site).agent("maintenance", *arguments))
    if not state:
        print(f"{site.site_url} is open: no maintenance")
        return 0
    print(f"{site.site_url} is closed since {state['since']}: visitors get 503.html, with status 503 and Retry-After")
    print("it stays closed through deploys and reboots, until `make maintenance OFF=1`")
    print(f"this address lets your browser in: {site.site_url}{state['way_in']}")
    return 0
