"""`make prune`: deletes the static objects that no kept release names."""

import argparse
import json
from contextlib import nullcontext

from deploy import config
from deploy.errors import SlipwayError
from deploy.host import lock
from deploy.host.connection import Connection
from deploy.prune import Prune
from deploy.secrets import Secrets

help = "delete the static objects that no kept release names"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="list them, and delete nothing")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    if not site.pushes:
        raise SlipwayError(
            f"{site.path}: provider: {site.provider} keeps no static files in a bucket: nothing to prune"
        )
    pruning, connection = Prune.of(site, Secrets.load(site).pruner), Connection(site)
    # Nobody deploys meanwhile: what a push has just found in the bucket must stay.
    with nullcontext() if options.check else lock.held(connection) as held:
        on_server = [each["id"] for each in json.loads(connection.agent("releases"))]
        plan = pruning.plan(site.keep, on_server)
        if not options.check:
            held.check()
            pruning.carry_out(plan)
    if options.check:
        for key in plan.doomed:
            print(key)
    done = "would go" if options.check else "deleted"
    print(f"{len(plan.doomed):,} objects ({plan.bytes / 1e6:.1f} MB) {done}; kept: those of {len(plan.kept)} releases")
    return 0
