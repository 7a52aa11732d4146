"""What `make backups` prints: lines of what the bucket holds, and of what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slipway.tool.backups import superseded
from slipway.tool.backups.destroyed import Loss
from slipway.tool.backups.generation import Gap, Generation
from slipway.tool.backups.listing import shown
from slipway.tool.backups.objects import Version
from slipway.tool.cdn.iam_policies import DATABASE_PREFIX
from slipway.tool.config.site import KEEP_BACKUPS

# A differential backup, or a dump, is made each day. One that is late by a day is missing.
OLD = timedelta(days=2)
INDENT = " " * 4


@dataclass(frozen=True, slots=True)
class Held:
    """What a bucket of backups holds. ``losses`` are by generation's name; ``dumps`` are oldest first.

    ``proved`` is when a restore drill passed last; ``failed_drill`` is what the newest one says if it did not pass.
    ``is_dumped``: the database is elsewhere, so a dump is what has to be there. ``is_versioned``: the server keeps
    versions, so that what was destroyed is known. ``keep`` is `keep_backups`; ``endpoint`` of the S3 server, "" for
    AWS.
    """

    bucket: str
    generations: Sequence[Generation] = ()
    losses: Mapping[str, Loss] = field(default_factory=dict)
    dumps: Sequence[Version] = ()
    proved: datetime | None = None
    failed_drill: str = ""
    copies: Sequence[str] = ()
    is_dumped: bool = False
    is_versioned: bool = True
    keep: int = KEEP_BACKUPS
    endpoint: str = ""


def lines(held: Held, now: datetime) -> list[str]:
    """The report, without what is wrong."""
    text = [f"bucket {held.bucket}"]
    for generation in held.generations:
        text += [*_generation(generation, now), *_superseded(held, generation, now)]
    text += [f"copy of older versions: s3://{held.bucket}/database/{name}/" for name in held.copies]
    if held.dumps or held.is_dumped:
        text.append(f"dumps of a database elsewhere: {len(held.dumps) or 'none'}")
        text += [f"{INDENT}{one.key}  {size(one.bytes)}, {ago(now - one.at)}" for one in held.dumps[-5:]]
    if not held.is_versioned:
        text.append("versions: this S3 server keeps none; what its key destroys is gone, and cannot be told from here")
    proved = f"{shown(held.proved)}, {ago(now - held.proved)}" if held.proved else "never; `make restore-drill` does it"
    return [*text, f"restore last proved: {proved}"]


def problems(held: Held, now: datetime) -> list[str]:
    """A line for each thing that is wrong; the newest generation is the one that has to be up to date."""
    found = []
    for generation in held.generations:
        name = f"generation {generation.name}"
        if (loss := held.losses.get(generation.name)) and not _is_removed(held, generation, now):
            found.append(f"{name}: {lost(loss)}")
        found += [f"{name}: {problem}" for problem in generation.problems]
    if held.is_dumped:
        found += _late("dump", held.dumps[-1].at if held.dumps else None, now)
    elif not held.generations:
        found.append("no backup: nothing has been archived yet; `make deploy` sets it up, `make status` says how it is")
    else:
        newest = held.generations[0]
        usable = newest.backup_for()
        found += [f"generation {newest.name}: {each}" for each in _late("backup", usable and usable.finished, now)]
        found += [f"generation {newest.name}: {_open(gap)}" for gap in newest.gaps if gap.until is None]
    if held.failed_drill:
        found.append(f"the last restore drill failed: {held.failed_drill}")
    return found


def lost(loss: Loss) -> str:
    """What was destroyed, and what to do, in a line."""
    counts = [f"{loss.deleted:,} deleted"] if loss.deleted else []
    counts += [f"{loss.replaced:,} replaced"] if loss.replaced else []
    return (
        f"what backups need was destroyed since {shown(loss.since)}: {' and '.join(counts)}, {loss.key} first; "
        "whoever did it has the server's key. The bucket keeps the versions of before for 35 days: "
        f'`make restore AS_OF="{loss.before:%Y-%m-%d %H:%M:%S}"`'
    )


def size(number: int) -> str:
    return f"{number / 1e6:,.1f} MB"


def ago(age: timedelta) -> str:
    """``3 minutes ago``, in the largest unit of which there are two."""
    seconds = max(0, round(age.total_seconds()))
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} seconds ago"


def _generation(generation: Generation, now: datetime) -> list[str]:
    claim = generation.claim
    who = claim.get("host") or claim.get("machine") or "a machine without a claim"
    since = f" since {claim['since']}" if claim.get("since") else ""
    origin = f", restored from generation {claim['restored_from']}" if claim.get("restored_from") else ""
    version = generation.version or claim.get("postgresql") or "unknown"
    text = [f"generation {generation.name}: {who}{since}{origin}; PostgreSQL {version}"]
    for one in generation.backups:
        note = ", of a history that a restore has left" if one.is_left else ""
        note = f", damaged: {one.damage}" if one.damage else note
        if one.is_usable and one.until < generation.last_time:
            note = f", restores times until {shown(one.until)} only: a gap follows"
        sizes = f"{size(one.bytes)}, {size(one.stored)} of it in the bucket"
        text.append(f"{INDENT}{one.kind:<12}  {shown(one.finished)}  {one.label}, {sizes}{note}")
    if generation.last_time:
        text.append(
            f"{INDENT}last WAL      {shown(generation.last_time)}  {generation.last_segment}, "
            f"{ago(now - generation.last_time)}"
        )
    text += [f"{INDENT}gap           {_gap(gap)}" for gap in generation.gaps]
    text += [f"{INDENT}can restore   {shown(start)} until {shown(end)}" for start, end in generation.spans]
    return text


def _superseded(held: Held, generation: Generation, now: datetime) -> list[str]:
    """That a generation may go, and how; or that it went."""
    if _is_removed(held, generation, now):
        since = held.losses[generation.name].since
        return [f"{INDENT}removed       {shown(since)}; the bucket keeps its versions for 35 days from then on"]
    newer = superseded.by(generation, held.generations, held.losses, held.keep, now)
    if not newer or not generation.backups:
        return []
    last, backup = superseded.last_written(generation, held.losses), newer.backup_for()
    where = f"s3://{held.bucket}/{DATABASE_PREFIX}{generation.name}/"
    endpoint = f" --endpoint-url {held.endpoint}" if held.endpoint else ""
    return [
        f"{INDENT}superseded    nobody has written here since {shown(last)}, {ago(now - last)}; "
        f"generation {newer.name} has a backup of {shown(backup.finished)}, {size(backup.bytes)}",
        f"{INDENT}to remove it  aws s3 rm --recursive {where}{endpoint}",
    ]


def _is_removed(held: Held, generation: Generation, now: datetime) -> bool:
    return superseded.is_removed(generation, held.generations, held.losses, held.keep, now)


def _gap(gap: Gap) -> str:
    names = gap.first if gap.count == 1 else f"{gap.first} to {gap.last}"
    until = f"from {shown(gap.until)} on they can again" if gap.until else "no backup has been made since"
    segments = "segment" if gap.count == 1 else "segments"
    return f"{gap.count:,} WAL {segments} missing, {names}: times after {shown(gap.after)} cannot be restored; {until}"


def _open(gap: Gap) -> str:
    return f"{_gap(gap)}: `make backup` makes one"


def _late(what: str, at: datetime | None, now: datetime) -> list[str]:
    if at is None:
        return [f"no finished {what} that can be restored; `make backup` makes one"]
    if now - at > OLD:
        return [f"the newest {what} was finished {ago(now - at)}, and one is made each day; `make status` says why"]
    return []
