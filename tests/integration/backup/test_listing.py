"""A real repository of pgBackRest's, as the listing reads it from the bucket."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest

from rehearsal.aws.identities import IDENTITIES
from slipway.tool.backups import listing
from slipway.web.errors import SlipwayError
from tests.integration.backup.cluster import VERSION
from tests.integration.backup.conftest import PASSPHRASE


@pytest.fixture(scope="module")
def restorer(backup_aws):
    """S3 with the restorer's key."""
    keys = IDENTITIES["restorer"]
    return boto3.client(
        "s3",
        endpoint_url=backup_aws.s3_url,
        aws_access_key_id=keys["access_key"],
        aws_secret_access_key=keys["secret_key"],
        region_name=backup_aws.region,
        verify=str(backup_aws.certificate),
    )


def read(client, bucket, name, **options):
    return next(one for one in listing.generations(client, bucket, PASSPHRASE, **options) if one.name == name)


def keys_of(s3, bucket, name, part):
    found = s3.list_objects_v2(Bucket=bucket, Prefix=f"database/{name}/")["Contents"]
    return [one["Key"] for one in found if part in one["Key"]]


def test_backups_and_wal_are_as_pgbackrest_says(backups, generation, restorer, backup_bucket):
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
    assert found.spans == ((backup.finished, max(backup.finished, found.last_time)),)
    assert listing.covers(found, found.spans[0][1]) == ""
    assert "before the end of the first backup" in listing.covers(found, backup.finished - timedelta(seconds=1))
    late = listing.covers(found, found.last_time + timedelta(hours=1))
    assert f"{listing.shown(found.spans[0][1])} is the last time" in late


def test_a_missing_segment_is_a_gap_until_the_next_backup(backups, generation, s3, restorer, backup_bucket):
    backups.full()
    backups.archived()
    gone, after = backups.archived(), backups.archived()
    (key,) = keys_of(s3, backup_bucket, generation, gone)
    s3.delete_object(Bucket=backup_bucket, Key=key)
    found = read(restorer, backup_bucket, generation)
    assert [(gap.first, gap.last, gap.count, gap.until) for gap in found.gaps] == [(gone, gone, 1, None)]
    assert found.last_segment == after
    assert found.spans[0][1] == found.backups[0].until
    backups.pgbackrest("backup", "--type=diff")
    again = read(restorer, backup_bucket, generation)
    assert again.gaps[0].until == again.backups[1].finished
    assert [one.kind for one in again.backups] == ["full", "differential"]
    assert again.backups[0].until == found.backups[0].until
    assert again.backup_for() == again.backups[1]


def test_a_backup_without_one_of_its_files_is_damaged_and_so_is_what_builds_on_it(
    backups, generation, s3, restorer, backup_bucket
):
    label = backups.full()
    backups.pgbackrest("backup", "--type=diff")
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


def test_the_newest_is_the_newest_generation_with_a_finished_backup(
    backups, generation, restorer, backup_bucket, s3, backup_aws
):
    assert listing.newest(restorer, backup_bucket, PASSPHRASE)[0].name < generation
    backups.full()
    found, last = listing.newest(restorer, backup_bucket, PASSPHRASE)
    assert (found.name, last) == (generation, found.spans[-1][1])
    with pytest.raises(SlipwayError, match=rf"generation {generation} in s3://.*another passphrase"):
        listing.newest(restorer, backup_bucket, "another one, of twenty characters")
    s3.create_bucket(Bucket="nothing-backed-up", CreateBucketConfiguration={"LocationConstraint": backup_aws.region})
    assert listing.newest(restorer, "nothing-backed-up", PASSPHRASE) is None
