"""`make status`: how the server is."""

import argparse
import json

from slipway.tool import config
from slipway.tool.server.connection import Connection

help = "how the server and its site are; exit status 1 when anything is wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as the server says it")


def run(options: argparse.Namespace) -> int:
    """Exit status 1 when anything is wrong, with a line for each."""
    site = config.load()
    text = Connection(site).agent("status")
    said = json.loads(text)
    # An agent of an earlier version knows of failed units alone.
    said.setdefault("problems", said.get("failed", []))
    print(text if options.json else "\n".join(lines(site, said)))
    return 1 if said["problems"] else 0


def lines(site: config.Site, said: dict) -> list[str]:
    """The status as a person reads it."""
    memory = said["memory"]
    shown = [
        f"site         {site.site_url}",
        f"release      {said['release'] or 'none yet'}{', since ' + said['activated'] if said['activated'] else ''}",
        f"memory       {memory['available']} MB of {memory['total']} available, {memory['swap']} MB of swap in use",
        f"disk         {said['disk_free']} MB free",
        f"load         {said['load']:.2f}",
        f"certificate  {said['certificate'] or 'none'}",
    ]
    if said.get("lock"):
        shown.append(f"deploy lock  held by {said['lock']}")
    for service in said["services"]:
        used = f"{service['memory']} MB" if service["memory"] is not None else "-"
        restarts = f", restarted {service['restarts']} times by itself" if service["restarts"] else ""
        shown.append(f"{service['name'].removesuffix('.service'):<26}{service['state']:<10}{used:>8}{restarts}")
    return shown + [f"WRONG        {problem}" for problem in said["problems"]]
