"""``python -m deploy.cdn provision [--check]|describe|purge PATH …|policy NAME``"""

import argparse
import json
import sys

from deploy import config, stores
from deploy.cdn import cloudfront, cost
from deploy.errors import SlipwayError
from deploy.providers import by_hand


def provision(site: config.Site) -> int:
    """Prints the plan, and carries it out."""
    planned = cloudfront.provision(site, dry=True)
    if planned.changes:
        print(f"To be as {site.path.name} describes it:")
        _print(planned.changes)
        print("Costs:")
        _print(cost.lines())
        print()
    done = cloudfront.provision(site, say=lambda line: print(line, flush=True))
    if not planned.changes:
        print(f"nothing to change: buckets, distributions and names are as {site.path.name} describes them")
    for host in done.hosts:
        print(f"{host.alias} → {host.domain} ({host.distribution_id}, {host.status})")
    by_hand = [host for host in done.hosts if not host.is_named]
    if by_hand and site.static_url.startswith("https:"):
        print("Its zone is not in this account's Route 53; set these DNS records where your domain is administered:")
        _print(f"{host.alias} CNAME {host.domain}" for host in by_hand)
    return 0


def check(site: config.Site) -> int:
    """Prints what differs, field by field; fails where anything does."""
    planned = cloudfront.provision(site, dry=True)
    if not planned.changes:
        print(f"no drift: buckets, distributions and names are as {site.path.name} describes them")
        return 0
    _print(planned.changes)
    count = len(planned.changes)
    raise SlipwayError(f"{count} {'difference' if count == 1 else 'differences'}; `make cdn` makes the changes above")


def describe(site: config.Site) -> int:
    print(json.dumps(cloudfront.describe(site), indent=2, default=str))
    return 0


def purge(site: config.Site, paths: list[str]) -> int:
    for identifier in cloudfront.purge(site, paths):
        print(f"invalidation {identifier} has begun")
    return 0


def policy(site: config.Site, name: str) -> int:
    print(json.dumps(cloudfront.identity_policy(site, name), indent=2))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.cdn", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    provisioning = verbs.add_parser("provision", help="make or repair the buckets and the distributions")
    provisioning.add_argument("--check", action="store_true", help="change nothing: name what differs, and fail on it")
    verbs.add_parser("describe", help="print what is provisioned, as JSON")
    paths = verbs.add_parser("purge", help="take paths out of the CDN's caches")
    paths.add_argument("path", nargs="+", help="/favicon.ico, or a URL on a CDN host")
    identity = verbs.add_parser("policy", help="print an identity's IAM policy, as JSON")
    identity.add_argument("name", choices=("deployer", "pruner", "web"))
    options = parser.parse_args()
    try:
        site = config.load()
        if site.provider != stores.DEFAULT:
            return by_hand.run(site, options.verb)
        if options.verb == "purge":
            return purge(site, options.path)
        if options.verb == "policy":
            return policy(site, options.name)
        if options.verb == "describe":
            return describe(site)
        return check(site) if options.check else provision(site)
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("slipway: interrupted; run it again: it goes on from here", file=sys.stderr)
        return 130


def _print(lines) -> None:
    for line in lines:
        print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
