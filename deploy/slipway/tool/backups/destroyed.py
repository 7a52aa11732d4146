"""What was deleted or replaced in a generation that pgBackRest itself would have kept.

The server's key may delete, and the bucket keeps the versions. pgBackRest deletes the oldest full backup with what
builds on it and the WAL before the next one, and replaces nothing but its info files. What else is gone was destroyed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from botocore.client import BaseClient

from slipway.tool.backups import info, objects
from slipway.tool.backups.generation import Generation
from slipway.tool.backups.objects import Progress, Version
from slipway.tool.backups.reading import MANIFESTS, STANZA
from slipway.tool.backups.wal import HISTORY, parse
from slipway.tool.cdn.iam_policies import DATABASE_PREFIX

# A write that was not answered is made again, with the same bytes; a backup's last files come after its end. S3 rejects
# a server whose clock differs by 15 minutes.
AGAIN = timedelta(minutes=20)
INFOS = ("archive.info", "backup.info")
# Versions of an info file that are looked through, for one that can be read.
READ = 20


@dataclass(frozen=True, slots=True)
class Loss:
    """``deleted`` and ``replaced`` count objects; ``since`` is when the first of them was, and ``key`` names it.

    ``written`` is when somebody wrote to the generation last; ``is_whole``: nothing of it is left.
    """

    deleted: int
    replaced: int
    since: datetime
    key: str
    written: datetime
    is_whole: bool

    @property
    def before(self) -> datetime:
        """The last time at which all of it was there: S3's times have whole seconds."""
        return self.since - timedelta(seconds=1)


def find(
    client: BaseClient, bucket: str, passphrase: str, generation: Generation, progress: Progress | None = None
) -> Loss | None:
    """The loss of ``generation``, as ``listing.generations`` returns it; None without one.

    It reads all versions, so ``client`` needs s3:ListBucketVersions: the restorer's key, or the user's own.
    """
    prefix = f"{DATABASE_PREFIX}{generation.name}/"
    changes = _Changes(generation)
    for key, versions in objects.histories(client, bucket, prefix, progress):
        changes.add(key[len(prefix) :].split("/"), versions)
    lost = changes.lost()
    if not generation.backups:
        lost += [one for versions in changes.infos for one in _unreadable(client, bucket, passphrase, versions)]
    if not lost:
        return None
    first = min(lost, key=lambda one: one.at)
    deleted = sum(one.is_marker for one in lost)
    return Loss(deleted, len(lost) - deleted, first.at, first.key, changes.written, changes.is_whole)


class _Changes:
    """Collects deletions and replacements; which of them count is known once every key has been seen."""

    def __init__(self, generation: Generation) -> None:
        self.finished = {one.label: one.finished for one in generation.backups}
        self.start = min((one.first_segment for one in generation.backups), default="")
        # A label begins with that of its full backup.
        self.base = min((_full(one.label) for one in generation.backups), default="")
        self.counted: list[Version] = []
        self.infos: list[list[Version]] = []
        self.of_labels: dict[str, list[Version]] = {}
        self.of_wal: list[tuple[datetime, Version]] = []
        # When each backup's manifest was written first: what never had one was never finished.
        self.manifests: dict[str, datetime] = {}
        self.written = datetime.min.replace(tzinfo=UTC)
        self.is_whole = True

    def add(self, path: list[str], versions: list[Version]) -> None:
        self.written = max([self.written, *(one.at for one in versions if not one.is_marker)])
        self.is_whole &= versions[0].is_marker
        match path:
            case ["archive" | "backup", stanza, name] if stanza == STANZA and name in INFOS:
                self.infos.append(versions)
                if versions[0].is_marker:
                    self.counted.append(_first_marker(versions))
            case ["archive", stanza, _, *_, name] if stanza == STANZA:
                self._add_wal(name, versions)
            case ["backup", stanza, label, *rest] if stanza == STANZA and label != "backup.history" and rest:
                if rest == [MANIFESTS[0]]:
                    self.manifests[label] = versions[-1].at
                if versions[0].is_marker:
                    self.of_labels.setdefault(label, []).append(_first_marker(versions))
                elif label in self.finished and versions[0].at > max(self.finished[label], _oldest(versions)) + AGAIN:
                    self.counted.append(versions[0])

    def _add_wal(self, name: str, versions: list[Version]) -> None:
        history = HISTORY.fullmatch(name)
        segment = name[:24] if name[24:25] == "-" and parse(name[:24]) else ""
        if not (history or segment) or (history and history[1] < self.start[:8]) or (segment and segment < self.start):
            return
        newest, oldest = versions[0], _oldest(versions)
        if newest.is_marker:
            self.of_wal.append((oldest, _first_marker(versions)))
        elif newest.at > oldest + AGAIN or len({one.bytes for one in versions if not one.is_marker}) > 1:
            self.of_wal.append((oldest, newest))

    def lost(self) -> list[Version]:
        """The deletions and replacements that pgBackRest's own expiry does not explain."""
        # Expiry never takes the newest full backup. So where none is left, the newest and what followed it is the loss.
        base = self.base or max((label for label in self.manifests if "_" not in label), default="")
        since = (
            datetime.min.replace(tzinfo=UTC)
            if self.start
            else self.manifests.get(base, datetime.max.replace(tzinfo=UTC))
        )
        lost = list(self.counted)
        for label, versions in self.of_labels.items():
            if label in self.manifests and _full(label) >= base:
                lost += versions
        return lost + [version for arrived, version in self.of_wal if arrived >= since]


def _unreadable(client: BaseClient, bucket: str, passphrase: str, versions: list[Version]) -> list[Version]:
    """The first of the newest versions that cannot be read, where an older one can: pgBackRest did not write it."""
    bad = None
    for one in [each for each in versions if not each.is_marker][:READ]:
        try:
            info.parse(objects.read(client, bucket, one) or b"", passphrase)
        except info.Unreadable:
            bad = one
        else:
            return [bad] if bad else []
    return []


def _full(label: str) -> str:
    return label.partition("_")[0]


def _oldest(versions: list[Version]) -> datetime:
    return min(one.at for one in versions)


def _first_marker(versions: list[Version]) -> Version:
    """The first of the markers on top: a key may be deleted repeatedly."""
    marker = versions[0]
    for one in versions:
        if not one.is_marker:
            break
        marker = one
    return marker
