"""A generation: what one server wrote to the bucket of the backups, with the times that can be restored from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slipway.tool.cdn.iam_policies import DATABASE_PREFIX


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup. ``kind`` is full, differential or incremental; ``bytes`` the size of the database, ``stored``
    what this backup added to the bucket; ``needs`` the labels that it builds on.

    ``damage`` is why it cannot be restored, "" for one that can. ``is_left``: a restore went back to before it, so that
    the database's history went on without it. ``until``: the last time that can be restored from it.
    """

    label: str
    kind: str
    started: datetime
    finished: datetime
    bytes: int
    stored: int
    first_segment: str
    last_segment: str
    needs: tuple[str, ...]
    damage: str = ""
    is_left: bool = False
    until: datetime | None = None

    @property
    def is_usable(self) -> bool:
        return not self.damage and not self.is_left


@dataclass(frozen=True, slots=True)
class Gap:
    """``count`` WAL segments are missing, ``first`` to ``last``. Times after ``after`` cannot be restored, until a
    backup that is newer, finished at ``until``; None while there is none."""

    first: str
    last: str
    count: int
    after: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Generation:
    """What one server wrote. ``name`` has four digits; ``claim`` is its claim, {} when that is missing.

    ``backups`` are finished ones, oldest first; ``version`` is PostgreSQL's, "" without a backup. ``last_segment`` is
    the newest of its WAL, which arrived at ``last_time`` ("" and None without any). ``spans`` are the times that can be
    restored, oldest first. ``problems`` are lines of what is damaged or missing.
    """

    name: str
    claim: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    backups: tuple[Backup, ...] = ()
    gaps: tuple[Gap, ...] = ()
    last_segment: str = ""
    last_time: datetime | None = None
    spans: tuple[tuple[datetime, datetime], ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """pgBackRest's repo1-path."""
        return f"/{DATABASE_PREFIX}{self.name}"

    def backup_for(self, time: datetime | None = None) -> Backup | None:
        """The newest backup from which ``time`` (None: the newest) can be restored; None when there is none."""
        usable = [one for one in self.backups if one.is_usable and (time is None or one.finished <= time)]
        return usable[-1] if usable else None
