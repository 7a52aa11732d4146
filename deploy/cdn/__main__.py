"""``python -m deploy.cdn provision|describe|purge PATH …|policy NAME``"""

import argparse
import json
import sys

from deploy import config
from deploy.cdn import cloudfront
from deploy.errors import SlipwayError


def provision(site: config.Site) -> None:
    done = cloudfront.provision(site)
    for change in done.changes:
        print(change)
    if not done.changes:
        print(f"nothing to change: bucket {done.bucket} and both distributions are as wanted")
    for host in done.hosts:
        print(f"{host.alias} → {host.domain} ({host.distribution_id}, {host.status})")


def describe(site: config.Site) -> None:
    print(json.dumps(cloudfront.describe(site), indent=2, default=str))


def purge(site: config.Site, paths: list[str]) -> None:
    for identifier in cloudfront.purge(site, paths):
        print(f"invalidation {identifier} has begun")


def policy(site: config.Site, name: str) -> None:
    print(json.dumps(cloudfront.identity_policy(site, name), indent=2))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.cdn", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("provision", help="make or repair the bucket and the distributions")
    verbs.add_parser("describe", help="print what is provisioned, as JSON")
    paths = verbs.add_parser("purge", help="take paths out of the CDN's caches")
    paths.add_argument("path", nargs="+", help="/favicon.ico, or a URL on a CDN host")
    identity = verbs.add_parser("policy", help="print an identity's IAM policy, as JSON")
    identity.add_argument("name", choices=("deployer", "pruner", "web"))
    options = parser.parse_args()
    try:
        site = config.load()
        if options.verb == "purge":
            purge(site, options.path)
        elif options.verb == "policy":
            policy(site, options.name)
        else:
            {"provision": provision, "describe": describe}[options.verb](site)
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
