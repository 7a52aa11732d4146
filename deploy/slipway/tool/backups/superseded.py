"""Generations that nobody writes to any more, and whose database a newer one has: they may go, by hand.

A server takes a generation for itself, so each new server leaves one. Its backups are kept as long as a server would
keep them, `keep_backups` weeks; then the newer ones are all that a person can want. No program deletes them: only a
person knows whether the newer generation is of the same database, or of one that began empty.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from slipway.tool.backups.destroyed import Loss
from slipway.tool.backups.generation import Generation

# A full backup is made each week.
WEEK = timedelta(days=7)
# The newer generation's backup is not older: a server is alive and makes one each day.
FRESH = timedelta(days=2)


def by(
    generation: Generation, generations: Sequence[Generation], losses: Mapping[str, Loss], keep: int, now: datetime
) -> Generation | None:
    """The newer generation that makes ``generation`` superfluous at ``now``; None while it may be needed.

    ``keep`` is `keep_backups`. A newer one counts while its server is alive, and it is whole: it has a usable backup,
    no fault and no loss.
    """
    written = last_written(generation, losses)
    if written is None or now - written < keep * WEEK:
        return None
    return next((one for one in generations if one.name > generation.name and _is_well(one, losses, now)), None)


def last_written(generation: Generation, losses: Mapping[str, Loss]) -> datetime | None:
    """When somebody wrote there last; None where nothing is known of it."""
    loss = losses.get(generation.name)
    times = [one.finished for one in generation.backups]
    times += [each for each in (generation.last_time, loss and loss.written) if each]
    return max(times, default=None)


def is_removed(
    generation: Generation, generations: Sequence[Generation], losses: Mapping[str, Loss], keep: int, now: datetime
) -> bool:
    """Whether what is missing of it is all of it, and went when it could go: no fault, but a person's tidying."""
    loss = losses.get(generation.name)
    if not (loss and loss.is_whole and loss.since - loss.written >= keep * WEEK):
        return False
    return by(generation, generations, losses, keep, now) is not None


def _is_well(generation: Generation, losses: Mapping[str, Loss], now: datetime) -> bool:
    backup = generation.backup_for()
    return bool(backup and now - backup.finished <= FRESH and not generation.problems and generation.name not in losses)
