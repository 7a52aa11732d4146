"""`make prune`: deletes the static objects that no kept release names."""

import argparse
import json
from contextlib import nullcontext

from slipway.tool import config
from slipway.tool.aws.identity import Identity
from slipway.tool.prune import Prune
from slipway.tool.secrets import Secrets
from slipway.tool.server import lock
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError

help = "delete the static objects that no kept release names"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="list them, and delete nothing")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    if not site.pushes:
        raise SlipwayError(
            f"{site.path}: provider: {site.provider} keeps no static files in a bucket: nothing to prune"
        )
    pruning, connection = Prune.of(site, Identity(Secrets.load(site).pruner)), Connection(site)
    # Under the deploy lock: objects that a push has just found in the bucket must stay.
    with nullcontext() if options.check else lock.held(connection) as held:
        on_server = [each["id"] for each in json.loads(connection.agent("releases"))]
        plan = pruning.plan(site.keep, on_server)
        if not options.check:
            held.check()
            pruning.carry_out(plan)
    if options.check:
        for key in plan.to_delete:
            print(key)
    done = "to delete" if options.check else "deleted"
    print(
        f"{len(plan.to_delete):,} objects ({plan.bytes / 1e6:.1f} MB) {done}; kept: those of {len(plan.kept)} releases"
    )
    return 0
