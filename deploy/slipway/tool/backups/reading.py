"""Reads one repository of pgBackRest's: its objects by their names, and its two info files.

archive/site/archive.info                              the passphrase of the WAL
archive/site/15-1/<16 digits>/<24 digits>-<sha1>.zst   a WAL segment; 15-1 is the archive id, PostgreSQL's version
archive/site/15-1/<8 digits>.history                   a timeline's history file
backup/site/backup.info                                the finished backups
backup/site/<label>/backup.manifest                    the last file of a backup
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from botocore.client import BaseClient

from slipway.tool.backups import info, objects
from slipway.tool.backups.generation import Backup, Gap, Generation
from slipway.tool.backups.objects import Version
from slipway.tool.backups.wal import HISTORY, Run, Wal, lsn_of, name_of, parse
from slipway.tool.cdn.iam_policies import DATABASE_PREFIX

STANZA = "site"
KINDS = {"full": "full", "diff": "differential", "incr": "incremental"}
# In a backup's folder, beside what its size counts.
MANIFESTS = ("backup.manifest", "backup.manifest.copy")


@dataclass
class Listed:
    """A repository's objects, as their names tell. ``wal`` is by archive id, such as 15-1; ``sizes`` by backup."""

    count: int = 0
    wal: dict[str, Wal] = field(default_factory=dict)
    histories: dict[tuple[str, int], Version] = field(default_factory=dict)
    infos: dict[str, Version] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)


def list_repository(versions: Iterable[Version], name: str) -> Listed:
    """Sorts the objects below ``database/<name>/``; a WAL segment takes some hundred bytes of memory."""
    listed, start = Listed(), len(f"{DATABASE_PREFIX}{name}/")
    for version in versions:
        listed.count += 1
        match version.key[start:].split("/"):
            case [kind, stanza, file] if stanza == STANZA:
                listed.infos[f"{kind}/{file}"] = version
            case ["archive", stanza, archive, _, file] if stanza == STANZA:
                if segment := parse(file[:24]) if file[24:25] == "-" else None:
                    listed.wal.setdefault(archive, Wal()).add(*segment, version.at.timestamp())
            case ["archive", stanza, archive, file] if stanza == STANZA:
                if match := HISTORY.fullmatch(file):
                    listed.histories[archive, int(match[1], 16)] = version
            case ["backup", stanza, label, *rest] if stanza == STANZA and rest:
                if rest == [MANIFESTS[0]]:
                    listed.finished.add(label)
                size = 0 if rest[0] in MANIFESTS else version.bytes
                listed.sizes[label] = listed.sizes.get(label, 0) + size
    return listed


def read_repository(
    client: BaseClient, bucket: str, name: str, claim: Mapping[str, Any], listed: Listed, passphrase: str
) -> Generation:
    """The generation ``name``. What cannot be read is in its ``problems``."""
    empty = Generation(name, claim)
    if not listed.count:
        return empty
    try:
        archive_info = _info(client, bucket, listed, "archive/archive.info", passphrase)
        backup_info = _info(client, bucket, listed, "backup/backup.info", passphrase)
    except info.Unreadable as error:
        return replace(empty, problems=(str(error),))
    version, number = backup_info["db"]["db-version"], backup_info["db"]["db-id"]
    archive = f"{version}-{number}"
    wal = listed.wal.get(archive, Wal())
    problems = []
    for (of, timeline), where in listed.histories.items():
        if of == archive:
            try:
                data = info.decrypt(objects.read(client, bucket, where) or b"", _subkey(archive_info))
                wal.add_history(timeline, data.decode())
            except ValueError:
                problems.append(f"{where.key} cannot be read: it is damaged")
    backups, runs = [], wal.runs()
    for data in _by_time(backup_info.get("backup:current", {})):
        backups.append(_backup(*data, number, listed, wal, runs, backups))
    gaps = _gaps(wal, backups)
    last = runs[-1].last if runs else None
    return replace(
        empty,
        version=version,
        backups=tuple(backups),
        gaps=gaps,
        last_segment=name_of(*last) if last else "",
        last_time=info.time_of(wal.time(last[1])) if last else None,
        spans=_spans(backups),
        problems=(*problems, *_problems(wal, listed, backups)),
    )


def _info(client: BaseClient, bucket: str, listed: Listed, name: str, passphrase: str) -> info.Info:
    """An info file, or the copy that pgBackRest keeps of it."""
    whys = []
    for each in (name, f"{name}.copy"):
        try:
            if version := listed.infos.get(each):
                return info.parse(objects.read(client, bucket, version) or b"", passphrase)
            whys.append(f"{each} is missing")
        except info.Unreadable as error:
            whys.append(f"{version.key} cannot be read: {error}")
    raise info.Unreadable(whys[-1] if "missing" in whys[0] else whys[0])


def _subkey(archive_info: info.Info) -> str:
    """The passphrase of the WAL, which archive.info holds."""
    return archive_info.get("cipher", {}).get("cipher-pass", "")


def _by_time(current: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return sorted(current.items(), key=lambda one: one[1]["backup-timestamp-stop"])


def _backup(
    label: str,
    data: Mapping[str, Any],
    number: int,
    listed: Listed,
    wal: Wal,
    runs: Sequence[Run],
    before: Sequence[Backup],
) -> Backup:
    """A backup, judged by what is there of it, of those in ``before`` that it builds on, and of its WAL."""
    finished = info.time_of(data["backup-timestamp-stop"])
    stored = data.get("backup-info-repo-size-delta", 0)
    backup = Backup(
        label=label,
        kind=KINDS[data["backup-type"]],
        started=info.time_of(data["backup-timestamp-start"]),
        finished=finished,
        bytes=data["backup-info-size"],
        stored=stored,
        first_segment=data["backup-archive-start"],
        last_segment=data["backup-archive-stop"],
        needs=tuple(data.get("backup-reference") or ()),
    )
    bad = {one.label: one.damage for one in before}
    there = listed.sizes.get(label, 0)
    if label not in listed.finished:
        return replace(backup, damage="its manifest is missing")
    if there < stored:
        return replace(backup, damage=f"{stored - there:,} of its {stored:,} bytes are missing")
    if broken := next((one for one in backup.needs if bad.get(one, "it is missing")), None):
        return replace(backup, damage=f"it builds on {broken}: {bad.get(broken, 'it is missing')}")
    if data["db-id"] != number:
        return replace(backup, damage="it is of another version of PostgreSQL")
    timeline, first = parse(backup.first_segment)
    last = parse(backup.last_segment)[1]
    if not wal.carries(timeline, lsn_of(data["backup-lsn-stop"])):
        return replace(backup, is_left=True)
    run = next((one for one in runs if one.first[1] <= first and last <= one.last[1]), None)
    if run is None:
        return replace(
            backup, damage=f"WAL that it needs is missing, of {backup.first_segment} to {backup.last_segment}"
        )
    return replace(backup, until=max(finished, info.time_of(wal.time(run.last[1]))))


def _gaps(wal: Wal, backups: Sequence[Backup]) -> tuple[Gap, ...]:
    """The holes behind the oldest backup: what lies before it is of no use."""
    usable = [one for one in backups if not one.is_left]
    if not usable:
        return ()
    found = []
    for hole in wal.holes(min(parse(one.first_segment)[1] for one in usable)):
        behind = [one.finished for one in usable if not one.damage and parse(one.first_segment)[1] > hole.position]
        after = info.time_of(hole.after)
        found.append(Gap(hole.first, hole.last, hole.count, after, min(behind, default=None)))
    return tuple(found)


def _spans(backups: Sequence[Backup]) -> tuple[tuple[datetime, datetime], ...]:
    """The times that the backups reach, without overlaps."""
    spans: list[tuple[datetime, datetime]] = []
    for one in backups:
        if one.until is None:
            continue
        if spans and one.finished <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], one.until)
        else:
            spans.append((one.finished, one.until))
    return tuple(spans)


def _problems(wal: Wal, listed: Listed, backups: Sequence[Backup]) -> list[str]:
    lines = [f"backup {one.label} cannot be restored: {one.damage}" for one in backups if one.damage]
    for timeline, position in sorted(wal.doubled):
        lines.append(f"WAL segment {name_of(timeline, position)} is there twice with different contents")
    # What is on a backup's own timeline needs none: a generation may begin on any.
    own = {parse(one.first_segment)[0] for one in backups}
    if own and wal.timeline not in (1, *wal.histories, *own):
        lines.append(f"the history file of timeline {wal.timeline} is missing: its WAL cannot be restored")
    known = {one.label for one in backups}
    newest = backups[-1].label if backups else ""
    for label in sorted(one for one in listed.finished - known if one > newest):
        lines.append(f"backup {label} is in the bucket, and backup.info does not name it")
    return lines
