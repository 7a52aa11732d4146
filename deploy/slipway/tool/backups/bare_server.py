"""What a deploy to a server whose database is empty does with the backups in the bucket: restore, leave, or ask."""

from dataclasses import dataclass
from datetime import datetime

from slipway.tool.aws.identity import Identity
from slipway.tool.backups import listing, objects, times, versions
from slipway.tool.backups.repository import repository
from slipway.tool.config import Site
from slipway.tool.secrets import PASSPHRASE, Secrets
from slipway.tool.server.connection import Connection
from slipway.tool.server.facts import Facts
from slipway.web.errors import SlipwayError

# Of RESTORE=…, beside a time.
LATEST, NO = "latest", "no"


@dataclass(frozen=True, slots=True)
class Source:
    """What to restore: all that a generation has, which is ``until`` then, or what it had at ``time``; with ``as_of``
    from the versions that the bucket had at that time."""

    generation: str
    until: datetime
    time: datetime | None = None
    as_of: datetime | None = None

    def __str__(self) -> str:
        end = f"as it was at {listing.shown(self.time)}" if self.time else f"to its end, {listing.shown(self.until)}"
        of = f", of the bucket as it was at {listing.shown(self.as_of)}" if self.as_of else ""
        return f"generation {self.generation} {end}{of}"


def choose(site: Site, secrets: Secrets, host: Facts, wanted: str, as_of: str = "") -> Source | None:
    """What a deploy with RESTORE=``wanted`` and AS_OF=``as_of`` restores before its release; None for nothing.

    Raises SlipwayError where the server or the bucket has not what ``wanted`` needs, and where an empty database would
    take the place of one in the bucket unasked.
    """
    if as_of and wanted in ("", NO):
        raise SlipwayError("AS_OF names the backups that a restore takes: give RESTORE=latest, or RESTORE= a time")
    kind = repository(site, secrets)["kind"]
    if wanted and wanted != NO:
        _require(site, kind)
    if host.has_data:
        _leave(site, host, wanted)
        return None
    if wanted == NO or kind != "wal":
        return None
    time = None if wanted in ("", LATEST) else times.parse(wanted, "RESTORE")
    found = _find(site, secrets, time, times.past(as_of, "AS_OF"), without=host.generation)
    if found and not wanted:
        raise SlipwayError(
            f"{site.server}: its database is empty, and {site.backup_bucket} has one: generation {found.generation}, "
            f"until {listing.shown(found.until)}; `make deploy RESTORE=latest` restores it, "
            "`make deploy RESTORE=no` starts empty beside it"
        )
    if wanted and not found:
        then = f" and had none at {as_of}" if as_of else ""
        raise SlipwayError(
            f"RESTORE: {site.backup_bucket} has no backup that can be restored{then}; `make backups` shows it, "
            "`make deploy RESTORE=no` starts empty"
        )
    return found


def _require(site: Site, kind: str) -> None:
    """Rejects a restore where the site has no backups that this command restores."""
    if kind == "dump":
        raise SlipwayError(
            "RESTORE: the database is elsewhere (DATABASE_URL), and its own backups restore it; "
            "`make db COMMAND=load` loads a dump"
        )
    if kind == "none":
        why = "the secrets have no key to them; run `make cdn`" if site.backup_bucket else "backup_bucket is none"
        raise SlipwayError(f"RESTORE: this site has no backups: {why}")


def _leave(site: Site, host: Facts, wanted: str) -> None:
    """Rejects RESTORE= on a server with data. An interrupted deploy goes on where no release has served yet."""
    if not wanted or (not host.current and (wanted == NO or host.restored)):
        return
    raise SlipwayError(
        f"RESTORE: {site.server} has a database with data, which a deploy does not replace; "
        "`make restore` replaces it, and `make restore TO=…` takes it back to a time"
    )


def _find(
    site: Site, secrets: Secrets, time: datetime | None, as_of: datetime | None, *, without: str
) -> Source | None:
    """The newest generation that can be restored, or that had a database at ``time``; None for an empty bucket.

    ``without`` is the server's own generation, of its empty database. The server's key may read what is there now;
    ``as_of`` needs the restorer's. Raises SlipwayError when the bucket cannot be read, or has nothing of that time.
    """
    if as_of:
        client = objects.reader(site, secrets, site.backup_bucket)
    else:
        client = Identity(secrets.backup).client("s3", site.region, site.endpoint, addressing=site.addressing)
    passed = ""
    for each in listing.generations(client, site.backup_bucket, secrets.backup[PASSPHRASE], at=as_of):
        if each.name == without:
            continue
        if each.problems and not each.spans:
            # It may have what is looked for.
            raise SlipwayError(f"generation {each.name} in s3://{site.backup_bucket}: {each.problems[0]}")
        if not each.spans:
            continue
        why = listing.covers(each, time) if time else ""
        if not why:
            return Source(each.name, each.spans[-1][1], time, as_of)
        passed = passed or why
    if passed:
        raise SlipwayError(f"RESTORE: {passed}")
    return None


def restore(site: Site, secrets: Secrets, connection: Connection, source: Source) -> str:
    """What the server says about the restore. Raises SlipwayError with its line; the database is empty then, still."""
    words = ["--time", source.time.isoformat()] if source.time else []
    if source.as_of:
        client = objects.reader(site, secrets, site.backup_bucket)
        words += ["--path", versions.copy_as_of(client, site.backup_bucket, source.generation, source.as_of)]
    return connection.agent("restore", source.generation, *words)
