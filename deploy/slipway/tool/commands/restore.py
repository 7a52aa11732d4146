"""`make restore [TO=…]`: restores the server's database from its backups. It asks for confirmation."""

import argparse
import re
import sys
from datetime import datetime

from slipway.tool import config
from slipway.tool.backups import times
from slipway.tool.phases import phase
from slipway.tool.secrets import PASSPHRASE, Secrets
from slipway.tool.server import lock
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError

help = "restore the database, up to a time or all of it; asks first"
# As `make backups` shows them: 0001, and 20261201-030000F or 20261201-030000F_20261202-030000D.
GENERATION = r"\d{4,}"
BACKUP = r"\d{8}-\d{6}F(_\d{8}-\d{6}[DI])?"
interrupted = "interrupted here; the server goes on by itself: `make status` shows it, and the same command clears up"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", default="", help="the time just after what you want back, as 2026-12-01 10:14:59 (UTC)")
    parser.add_argument("--as-of", default="", help="from the bucket as it was at a time: when backups were destroyed")
    parser.add_argument("--generation", default="", help="another than this server's own")
    parser.add_argument("--backup", default="", help="from this backup, and not from the newest that leads there")
    parser.add_argument("--back", action="store_true", help="the database of before the last restore")
    parser.add_argument("--uploads", action="store_true", help="restore no database; put back deleted uploads alone")
    parser.add_argument("--yes", default="", metavar="DOMAIN", help="the site's domain: do not ask for confirmation")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    if not site.backup_bucket:
        raise SlipwayError(f"{site.path}: backup_bucket: none: there are no backups to restore")
    to, as_of = (times.past(text, name) for name, text in (("TO", options.to), ("AS_OF", options.as_of)))
    for name, text, form in (("GENERATION", options.generation, GENERATION), ("BACKUP", options.backup, BACKUP)):
        if text and not re.fullmatch(form, text, re.ASCII):
            raise SlipwayError(f"{name}={text}: there is none of that name; `make backups` lists them")
    if options.back and (to or as_of or options.generation or options.backup):
        raise SlipwayError("BACK=1 takes the database of before the last restore; leave the other switches out")
    connection = Connection(site)
    if options.uploads:
        _put_back_uploads(site, connection)
        return 0
    _confirm(site, options, to, as_of)
    words, name = [], options.generation
    if as_of:
        name, path = _copy(site, name, as_of, to)
        words += ["--path", path]
    words += ["--time", to.isoformat()] if to else []
    words += ["--backup", options.backup] if options.backup else []
    with lock.held(connection), phase("Restore the database"):
        told = connection.agent("restore", *(["--back"] if options.back else [*([name] if name else []), *words]))
    print(told)
    try:
        _put_back_uploads(site, connection)
    except SlipwayError as error:
        raise SlipwayError(
            f"the database is restored, its uploads are not: {error}; UPLOADS=1 tries it again"
        ) from None
    return 0


def _put_back_uploads(site: config.Site, connection: Connection) -> None:
    """Puts back the uploads that the database names and that are deleted. Raises SlipwayError."""
    from slipway.tool.backups import media

    with phase("Put back deleted uploads"):
        found = media.of_site(site, Secrets.load(site), connection)
    for line in found.lines():
        print(line)


def _confirm(site: config.Site, options: argparse.Namespace, to: datetime | None, as_of: datetime | None) -> None:
    """Raises SlipwayError unless the domain was typed."""
    source = f"generation {options.generation}" if options.generation else "its backups"
    if options.back:
        print("the database of before the last restore takes the place of the live one")
    else:
        print(f"the database of {site.domain} is restored from {source}" + (f", as of {times.shown(to)}" if to else ""))
        if as_of:
            print(f"the backups are those that the bucket had at {times.shown(as_of)}")
        if to:
            shown = times.shown(to)
            print(f"what was written from {shown} on is not in it; `make restore BACK=1` takes the live one again")
    if (options.yes or _ask(f"Type {site.domain} to go on: ")) != site.domain:
        raise SlipwayError(f"nothing was restored; without a terminal, YES={site.domain} confirms it")


def _copy(site: config.Site, name: str, as_of: datetime, to: datetime | None) -> tuple[str, str]:
    """Copies what the bucket had, to a place of its own; returns the generation and that place."""
    from slipway.tool.backups import listing, objects, versions

    secrets = Secrets.load(site)
    client = objects.reader(site, secrets, site.backup_bucket)
    with phase("Copy the backups as they were"):
        found = listing.generations(client, site.backup_bucket, secrets.backup[PASSPHRASE], at=as_of)
        chosen = next((one for one in found if name in ("", one.name)), None)
        if not chosen:
            what = f"no generation {name}" if name else "no backups"
            raise SlipwayError(f"s3://{site.backup_bucket} had {what} at {times.shown(as_of)}")
        last = chosen.spans[-1][1] if chosen.spans else as_of
        if fault := listing.covers(chosen, to or last):
            raise SlipwayError(fault)
        return chosen.name, versions.copy_as_of(client, site.backup_bucket, chosen.name, as_of)


def _ask(question: str) -> str:
    """The answer from the terminal; "" without one."""
    try:
        return input(question).strip() if sys.stdin.isatty() else ""
    except EOFError:
        return ""
