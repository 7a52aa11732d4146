"""`make build`: the front end alone, as a deploy builds it. CI does it before any secret is there."""

import argparse

from slipway.tool import config, front_end
from slipway.tool.phases import phase
from slipway.tool.server import state

help = "build the front end by `build` of site.yml"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(options: argparse.Namespace) -> int:
    site = config.load()
    if not site.build:
        print("site.yml has no `build`: there is no front end to build")
        return 0
    with phase(f"Build the front end: {site.build}"), front_end.alone():
        front_end.build(site, site.extra | site.environment(), state.directory(site) / "log" / "front-end.log")
    return 0
