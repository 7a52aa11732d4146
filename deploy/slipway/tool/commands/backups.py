"""`make backups`: what the bucket of the backups holds. It asks the bucket alone, no server."""

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slipway.tool import config
from slipway.tool.secrets import PASSPHRASE, Secrets
from slipway.web.errors import SlipwayError

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from slipway.tool.backups.report import Held

help = "list the backups and the times that can be restored; exit status 1 when anything is wrong"
EVERY = 3.0  # seconds between two lines of progress
DRILLS = 20  # the newest ones that are read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Exit status 1 when anything is wrong, with a line for each problem."""
    from slipway.tool.backups import report

    site = config.load()
    if not site.backup_bucket:
        raise SlipwayError(f"{site.path}: backup_bucket: none: the database is not backed up")
    secrets = Secrets.load(site)
    if not secrets.backup.get(PASSPHRASE):
        raise SlipwayError(f"{secrets.path}: backup: {PASSPHRASE}: missing, nothing can be read; `make cdn` makes one")
    held, now = look(site, secrets), datetime.now(UTC)
    for line in report.lines(held, now):
        print(line)
    problems = report.problems(held, now)
    for problem in problems:
        print(f"WRONG: {problem}")
    return 1 if problems else 0


def look(site: config.Site, secrets: Secrets) -> "Held":
    """What the bucket holds. Raises SlipwayError when it cannot be read."""
    from slipway.tool.backups import destroyed, listing, objects, report
    from slipway.tool.backups.generation import Generation
    from slipway.tool.cdn.iam_policies import DUMPS_PREFIX

    bucket, passphrase = site.backup_bucket, secrets.backup[PASSPHRASE]
    client = objects.reader(site, secrets, bucket)
    generations = listing.generations(client, bucket, passphrase, _progress("objects"))
    losses, is_versioned = {}, True
    try:
        # Of one that was destroyed as a whole the versions alone are left.
        names = set(listing.names(client, bucket, deleted=True)) - {one.name for one in generations}
        generations = sorted([*generations, *map(Generation, names)], key=lambda one: one.name, reverse=True)
        progress = _progress("versions")
        found = {one.name: destroyed.find(client, bucket, passphrase, one, progress) for one in generations}
        losses = {name: loss for name, loss in found.items() if loss}
    except objects.NoVersions:
        is_versioned = False
    return report.Held(
        bucket,
        generations,
        losses,
        sorted(objects.current(client, bucket, DUMPS_PREFIX), key=lambda one: one.key),
        *_drills(client, bucket),
        listing.copies(client, bucket),
        "DATABASE_URL" in secrets.web,
        is_versioned,
        site.keep_backups,
        site.endpoint,
    )


def _drills(client: "BaseClient", bucket: str) -> tuple[datetime | None, str]:
    """When a drill passed last, and what the newest says if it did not pass."""
    from slipway.tool.backups import objects
    from slipway.tool.cdn.iam_policies import DRILLS_PREFIX

    failed = ""
    for one in sorted(objects.current(client, bucket, DRILLS_PREFIX), key=lambda one: one.key, reverse=True)[:DRILLS]:
        try:
            evidence = json.loads(objects.read(client, bucket, one) or b"")
            if evidence["ok"]:
                return one.at, failed
            failed = failed or str(evidence["what"])
        except (ValueError, KeyError, TypeError):
            failed = failed or f"{one.key} is no evidence"
    return None, failed


def _progress(what: str, clock: Callable[[], float] = time.monotonic) -> Callable[[int], None]:
    """Says on stderr how much of a large bucket is listed."""
    printed = clock()

    def show(count: int) -> None:
        nonlocal printed
        if clock() - printed >= EVERY:
            printed = clock()
            print(f"{count:,} {what} listed", file=sys.stderr, flush=True)

    return show
