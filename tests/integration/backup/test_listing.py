"""A real repository of pgBackRest's, as the listing reads it from the bucket."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from slipway.tool.backups import destroyed, listing, objects
from slipway.tool.commands import backups as command
from slipway.web.errors import SlipwayError
from tests.integration.backup.cluster import VERSION
from tests.integration.backup.conftest import PASSPHRASE


def read(client, bucket, name, **options):
    return next(one for one in listing.generations(client, bucket, PASSPHRASE, **options) if one.name == name)


def switch_timeline(backups, segment, more=1):
    """Archives what a restore to inside ``segment`` does: a history file, and a segment of a timeline of its own."""
    folder, left = backups.cluster.data / "pg_wal", int(segment[:8], 16)
    timeline = left + more
    made = f"{timeline:08X}{segment[8:]}"
    backups.pgbackrest("archive-get", segment, folder / made)
    (folder / f"{timeline:08X}.history").write_text(f"{left}\t{segment[8:16]}/{segment[22:]}000020\tbefore a time\n")
    for name in (f"{timeline:08X}.history", made):
        backups.pgbackrest("archive-push", folder / name)
        (folder / name).unlink()
    return made


def keys_of(s3, bucket, name, part):
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"database/{name}/")["Contents"]
    return [one["Key"] for one in found if part in one["Key"]]


@pytest.fixture
def report(backup_aws, backup_bucket, monkeypatch, capsys):
    """Runs `make backups` with the restorer's key; returns its exit status and what it printed."""
    for name, value in backup_aws.env_of("restorer").items():
        monkeypatch.setenv(name, value)
    site = SimpleNamespace(
        backup_bucket=backup_bucket, region=backup_aws.region, endpoint="", addressing="path", keep_backups=4
    )
    secrets = SimpleNamespace(backup={"BACKUP_PASSPHRASE": PASSPHRASE}, restorer={}, web={})
    monkeypatch.setattr(command.config, "load", lambda: site)
    monkeypatch.setattr(command.Secrets, "load", lambda _: secrets)

    def run():
        status = command.run(None)
        return status, capsys.readouterr().out

    return run


def test_backups_and_wal_are_as_pgbackrest_says(backups, generation, s3, restorer, backup_bucket, report):
    claim = b'{"host": "example-server", "since": "2026-12-01T10:00:00Z"}'
    s3.put_object(Bucket=backup_bucket, Key=f"generations/{generation}.json", Body=claim)
    status, said = report()
    assert status == 1
    assert f"generation {generation}: example-server since 2026-12-01T10:00:00Z; PostgreSQL {VERSION}" in said
    assert f"WRONG: generation {generation}: no finished backup that can be restored" in said
    assert "restore last proved: never" in said
    assert listing.newest(restorer, backup_bucket, PASSPHRASE)[0].name < generation

    label = backups.full()
    segment = backups.archived()
    found = read(restorer, backup_bucket, generation)
    said = backups.info(generation)["backup"][0]
    assert [(one.label, one.kind, one.damage) for one in found.backups] == [(label, "full", "")]
    backup = found.backups[0]
    assert (backup.first_segment, backup.last_segment) == (said["archive"]["start"], said["archive"]["stop"])
    assert backup.finished == datetime.fromtimestamp(said["timestamp"]["stop"], UTC)
    assert (backup.bytes, backup.stored) == (said["info"]["size"], said["info"]["repository"]["delta"])
    assert (found.version, found.last_segment, found.gaps, found.problems) == (VERSION, segment, (), ())
    end = max(backup.finished, found.last_time)
    assert found.spans == ((backup.finished, end),)
    assert listing.newest(restorer, backup_bucket, PASSPHRASE) == (found, end)
    assert listing.covers(found, end) == ""
    assert "before the end of the first backup" in listing.covers(found, backup.finished - timedelta(seconds=1))
    late = listing.covers(found, found.last_time + timedelta(hours=1))
    assert f"{end:%Y-%m-%d %H:%M:%S} UTC is the last time" in late
    with pytest.raises(SlipwayError, match=rf"generation {generation} in s3://.*another passphrase"):
        listing.newest(restorer, backup_bucket, "another one, of twenty characters")

    s3.put_object(Bucket=backup_bucket, Key="drills/2026-12-01T10:00:00Z.json", Body=b'{"ok": true}')
    bad = b'{"ok": false, "what": "a row differs"}'
    s3.put_object(Bucket=backup_bucket, Key="drills/2026-12-01T11:00:00Z.json", Body=bad)
    said = report()[1]
    assert re.search(
        rf"full +{backup.finished:%Y-%m-%d %H:%M:%S} UTC  {label}, [\d.]+ MB, [\d.]+ MB of it in the bucket", said
    )
    assert re.search(rf"last WAL +{found.last_time:%Y-%m-%d %H:%M:%S} UTC  {segment}, \d+ seconds ago", said)
    assert f"WRONG: generation {generation}" not in said
    assert f"restore last proved: {datetime.now(UTC):%Y-%m-%d}" in said
    assert "WRONG: the last restore drill failed: a row differs" in said

    # What expires was not destroyed.
    backups.full()
    backups.pgbackrest("expire", "--repo1-retention-full=1")
    found = read(restorer, backup_bucket, generation)
    assert label not in [one.label for one in found.backups]
    assert (len(found.backups), found.gaps) == (1, ())
    assert destroyed.find(restorer, backup_bucket, PASSPHRASE, found) is None

    # A restore leaves the timeline inside the last segment; the next segment is on another.
    made = switch_timeline(backups, backups.archived())
    after = read(restorer, backup_bucket, generation)
    assert (after.last_segment, after.gaps, after.problems) == (made, (), ())
    assert [one.is_left for one in after.backups] == [False]
    (history,) = keys_of(s3, backup_bucket, generation, f"{made[:8]}.history")
    marker = s3.delete_object(Bucket=backup_bucket, Key=history)["VersionId"]
    (problem,) = read(restorer, backup_bucket, generation).problems
    assert problem.startswith("the history file of timeline ")
    s3.delete_object(Bucket=backup_bucket, Key=history, VersionId=marker)
    # One that went back to before the backup.
    switch_timeline(backups, after.backups[0].first_segment, 2)
    assert [one.is_left for one in read(restorer, backup_bucket, generation).backups] == [True]

    # Removed as a whole: what it is judged by is in the versions.
    written = max(one.at for one in objects.current(restorer, backup_bucket, f"database/{generation}/"))
    keys = keys_of(s3, backup_bucket, generation, "")
    markers = {key: s3.delete_object(Bucket=backup_bucket, Key=key)["VersionId"] for key in keys}
    loss = destroyed.find(restorer, backup_bucket, PASSPHRASE, read(restorer, backup_bucket, generation))
    assert (loss.is_whole, loss.written) == (True, written)
    assert loss.since >= written
    assert f"WRONG: generation {generation}: what backups need was destroyed" in report()[1]
    # The cluster goes on archiving there.
    for key, marker in markers.items():
        s3.delete_object(Bucket=backup_bucket, Key=key, VersionId=marker)


def test_a_gap_a_damaged_backup_and_what_was_destroyed(backups, generation, s3, restorer, backup_bucket, report):
    label = backups.full()
    backups.archived()
    gone, after = backups.archived(), backups.archived()
    (key,) = keys_of(s3, backup_bucket, generation, gone)
    s3.delete_object(Bucket=backup_bucket, Key=key)
    found = read(restorer, backup_bucket, generation)
    assert [(gap.first, gap.last, gap.count, gap.until) for gap in found.gaps] == [(gone, gone, 1, None)]
    assert found.last_segment == after
    assert found.spans[0][1] == found.backups[0].until
    (other,) = keys_of(s3, backup_bucket, generation, after)
    s3.put_object(Bucket=backup_bucket, Key=other, Body=b"x")
    loss = destroyed.find(restorer, backup_bucket, PASSPHRASE, found)
    assert (loss.deleted, loss.replaced, loss.key, loss.is_whole) == (1, 1, key, False)
    # What is printed is in UTC, wherever this computer is.
    assert loss.since.utcoffset() == timedelta(0)
    status, said = report()
    assert status == 1
    assert f"gap           1 WAL segment missing, {gone}: times after" in said
    assert f"1 deleted and 1 replaced, {key} first" in said
    assert f'AS_OF="{loss.before:%Y-%m-%d %H:%M:%S}"' in said

    backups.pgbackrest("backup", "--type=diff")
    again = read(restorer, backup_bucket, generation)
    assert again.gaps[0].until == again.backups[1].finished
    assert [one.kind for one in again.backups] == ["full", "differential"]
    assert again.backups[0].until == found.backups[0].until
    assert again.backup_for() == again.backups[1]

    key = next(one for one in keys_of(s3, backup_bucket, generation, f"/{label}/") if "manifest" not in one)
    size = s3.head_object(Bucket=backup_bucket, Key=key)["ContentLength"]
    marker = s3.delete_object(Bucket=backup_bucket, Key=key)["VersionId"]
    found = read(restorer, backup_bucket, generation)
    with pytest.raises(SlipwayError, match=rf"generation {generation} in s3://.*: backup {label} cannot be restored"):
        listing.newest(restorer, backup_bucket, PASSPHRASE)
    s3.delete_object(Bucket=backup_bucket, Key=key, VersionId=marker)
    full, diff = found.backups
    assert f"{size:,} of its" in full.damage
    assert diff.damage.startswith(f"it builds on {label}: {size:,} of its")
    why = f"generation {generation} has no finished backup that can be restored: backup {label}"
    assert listing.covers(found, datetime.now(UTC)).startswith(why)


def test_an_empty_bucket_has_nothing_to_restore(restorer, s3, backup_aws):
    s3.create_bucket(Bucket="nothing-yet-backups", CreateBucketConfiguration={"LocationConstraint": backup_aws.region})
    assert listing.newest(restorer, "nothing-yet-backups", PASSPHRASE) is None
