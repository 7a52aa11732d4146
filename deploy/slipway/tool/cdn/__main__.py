"""``python -m slipway.tool.cdn provision [--check]|destroy|describe|purge PATH …|policy NAME``"""

import argparse
import json
import sys

from slipway.tool import config
from slipway.tool.cdn import cloudfront, cost
from slipway.tool.cdn import destroy as demolition
from slipway.tool.providers import by_hand
from slipway.tool.secrets import Secrets, path_of
from slipway.web import stores
from slipway.web.errors import SlipwayError


def provision(site: config.Site) -> int:
    """Prints the plan, and carries it out."""
    secrets = _secrets(site)
    planned = cloudfront.provision(site, secrets, dry=True)
    print(f"In {planned.by}")
    if planned.changes:
        print("There already:")
        _print([", ".join(planned.there) or "nothing"])
        print(f"To be as {site.path.name} describes it:")
        _print(planned.changes)
        print("What it costs:")
        _print(cost.lines())
        print()
    done = cloudfront.provision(site, secrets, say=_say)
    if not planned.changes:
        print(f"nothing to change: buckets, distributions, names and keys are as {site.path.name} describes them")
    for host in done.hosts:
        print(f"{host.alias} → {host.domain} ({host.distribution_id}, {host.status})")
    unnamed = [host for host in done.hosts if not host.is_named]
    if unnamed and site.static_url.startswith("https:"):
        print("Its zone is not in this account's Route 53; set these DNS records where your domain is administered:")
        _print(f"{host.alias} CNAME {host.domain}" for host in unnamed)
    _notes(site, done)
    return 0


def check(site: config.Site) -> int:
    """Prints what differs, field by field; fails where anything does."""
    planned = cloudfront.provision(site, _secrets(site), dry=True)
    if not planned.changes:
        print(f"no drift: buckets, distributions, names and keys are as {site.path.name} describes them")
    _print(planned.changes)
    _notes(site, planned)
    if not planned.changes:
        return 0
    count = len(planned.changes)
    raise SlipwayError(f"{count} {'difference' if count == 1 else 'differences'}; `make cdn` makes the changes above")


def destroy(site: config.Site, *, yes: bool, media: bool) -> int:
    """Prints what would go, asks, and takes it away; the uploads only when asked for by the bucket's own name."""
    secrets = _secrets(site)
    bucket, objects, size = demolition.uploads(site)
    planned = demolition.destroy(site, secrets, media=True, dry=True)
    if not planned.changes:
        print(f"nothing to destroy: this account has nothing that `make cdn` made for {site.domain}")
        return 0
    _print(planned.changes)
    if not yes and _asked(f"Type {site.domain} to destroy this: ") != site.domain:
        raise SlipwayError("nothing was destroyed; without anybody to ask, YES=1 says yes")
    if bucket and objects and not media:
        held = f"{objects:,} uploads and old versions of them ({size / 1e6:.1f} MB)"
        media = _asked(f"{bucket} holds {held}. Type {bucket} to lose them, or Enter to keep it: ") == bucket
    done = demolition.destroy(site, secrets, media=media or not objects, say=_say)
    for note in done.notes:
        print(f"note: {note}")
    return 0


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
    parser = argparse.ArgumentParser(prog="python -m slipway.tool.cdn", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    provisioning = verbs.add_parser("provision", help="make or repair the buckets and the distributions")
    provisioning.add_argument("--check", action="store_true", help="change nothing: name what differs, and fail on it")
    destroying = verbs.add_parser(
        "destroy", help="take away what provisioning made; asks first, and about uploads again"
    )
    destroying.add_argument("--yes", action="store_true", help="do not ask")
    destroying.add_argument("--media", action="store_true", help="the uploads too, without asking")
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
        if options.verb == "destroy":
            return destroy(site, yes=options.yes, media=options.media)
        return check(site) if options.check else provision(site)
    except SlipwayError as error:
        print(f"slipway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("slipway: interrupted; run it again: it goes on from here", file=sys.stderr)
        return 130


def _say(line: str) -> None:
    print(line, flush=True)


def _asked(question: str) -> str:
    """What a person answers; "" where there is none."""
    try:
        return input(question).strip() if sys.stdin.isatty() else ""
    except EOFError:
        return ""


def _secrets(site: config.Site) -> Secrets | None:
    return Secrets.load(site) if path_of(site).exists() else None


def _notes(site: config.Site, done: cloudfront.Provisioned) -> None:
    for note in done.notes:
        print(f"note: {note}")
    if not path_of(site).exists():
        print(f"note: no users and keys, because {path_of(site).name} is not there to take them; `make init` makes it")


def _print(lines) -> None:
    for line in lines:
        print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
