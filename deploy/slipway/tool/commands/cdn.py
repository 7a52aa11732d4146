"""`make cdn`: shows a plan, then makes or repairs buckets, certificate, CDN hosts, DNS names and identities."""

import argparse
from collections.abc import Iterable

from slipway.tool import config
from slipway.tool.aws.errors import AGAIN
from slipway.tool.cdn import cloudfront, cost
from slipway.tool.providers import by_hand
from slipway.tool.secrets import Secrets, path_of
from slipway.web import stores
from slipway.web.errors import SlipwayError

help = "make or repair the buckets and the CDN hosts"
interrupted = f"interrupted; {AGAIN}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="change nothing; list what differs, and fail if any")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    if site.provider != stores.DEFAULT:
        return by_hand.show(site)
    return _check(site) if options.check else _provision(site)


def _provision(site: config.Site) -> int:
    """Prints the plan, and carries it out."""
    secrets = Secrets.find(site)
    planned = cloudfront.provision(site, secrets, dry=True, say=_say)
    print(f"In {planned.by}")
    if planned.changes:
        print("Exists already:")
        _print([", ".join(planned.existing) or "nothing"])
        print(f"To be created or changed, to match {site.path.name}:")
        _print(planned.changes)
        print("What it costs:")
        _print(cost.lines(site.keep_backups if site.backup_bucket else 0))
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
    if done.problems:
        raise SlipwayError(f"all else is done; {_count(len(done.problems))} above that only you can repair")
    return 0


def _check(site: config.Site) -> int:
    """Prints what differs, field by field; fails if anything does."""
    planned = cloudfront.provision(site, Secrets.find(site), dry=True, say=_say)
    if not planned.changes and not planned.problems:
        print(f"no drift: buckets, distributions, names and keys are as {site.path.name} describes them")
    _print(planned.changes)
    _notes(site, planned)
    if not planned.changes and not planned.problems:
        return 0
    fixes = ["`make cdn` makes the changes above"] if planned.changes else []
    fixes += ["repair what is marked `problem` yourself"] if planned.problems else []
    raise SlipwayError(f"{_count(len(planned.changes) + len(planned.problems))}; {'; '.join(fixes)}")


def _count(differences: int) -> str:
    return f"{differences} {'difference' if differences == 1 else 'differences'}"


def _say(line: str) -> None:
    print(line, flush=True)


def _notes(site: config.Site, done: cloudfront.Provisioned) -> None:
    for problem in done.problems:
        print(f"problem: {problem}")
    for note in done.notes:
        print(f"note: {note}")
    if not path_of(site).exists():
        print(f"note: no users and keys: {path_of(site).name}, which stores them, is missing; `make init` makes it")


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"    {line}")
