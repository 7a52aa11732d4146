"""What was destroyed with the server's own key is copied back from the bucket's versions, and restored from there."""

import itertools
import shutil
import time
from datetime import UTC, datetime, timedelta

import pytest

from slipway.tool.backups import destroyed, listing, objects, versions
from slipway.web.errors import SlipwayError
from tests.integration.backup.cluster import VERSION, as_postgres
from tests.integration.backup.conftest import PASSPHRASE, client_of

NUMBERS = itertools.count(9001)


def later_second():
    """S3's times have whole seconds: what comes next has another one."""
    now = datetime.now(UTC)
    time.sleep(1 - now.microsecond / 1e6)
    return now.replace(microsecond=0)


def test_a_destroyed_repository_is_restored_from_its_versions(
    backups, cluster, generation, s3, restorer, backup_aws, backup_bucket
):
    cluster.sql("drop table if exists kept; create table kept as select generate_series(1, 1000) as id")
    label = backups.full()
    backups.archived()
    moment = later_second()
    robber = client_of(backup_aws, "backup")
    mine = f"database/{generation}/"
    keys = [one["Key"] for one in robber.list_objects_v2(Bucket=backup_bucket, Prefix=mine)["Contents"]]
    for key in keys:
        if key.endswith(".info"):
            robber.put_object(Bucket=backup_bucket, Key=key, Body=b"gone")
        else:
            robber.delete_object(Bucket=backup_bucket, Key=key)
    (now,) = (one for one in listing.generations(restorer, backup_bucket, PASSPHRASE) if one.name == generation)
    assert now.backups == ()
    assert "cannot be read" in now.problems[0]
    loss = destroyed.find(restorer, backup_bucket, PASSPHRASE, now)
    assert loss.since > moment
    assert loss.before <= moment + timedelta(seconds=1)
    wal = [key for key in keys if "/archive/site/15-1/" in key or f"/archive/site/{VERSION}-1/" in key]
    assert loss.replaced == 2
    assert loss.deleted > len([key for key in keys if f"/{label}/" in key])
    assert wal

    then = listing.generations(restorer, backup_bucket, PASSPHRASE, at=moment)
    (before,) = (one for one in then if one.name == generation)
    assert [one.label for one in before.backups] == [label]
    assert listing.covers(before, before.spans[-1][1]) == ""

    seen = []
    path = versions.copy_as_of(restorer, backup_bucket, generation, moment, lambda done, of: seen.append((done, of)))
    assert path == f"/database/{generation}-at-{moment:%Y%m%dT%H%M%SZ}"
    assert seen[-1] == (len(keys), len(keys))
    # Nothing is copied again.
    written = {one["Key"]: one["LastModified"] for one in _objects(restorer, backup_bucket, path)}
    assert versions.copy_as_of(restorer, backup_bucket, generation, moment) == path
    assert {one["Key"]: one["LastModified"] for one in _objects(restorer, backup_bucket, path)} == written

    data = cluster.top / "from-versions"
    data.mkdir(mode=0o700)
    if user := as_postgres():
        shutil.chown(data, **user)
    backups.pgbackrest("restore", f"--pg1-path={data}", "--type=immediate", f"--set={label}", generation=path[10:])
    assert (data / "PG_VERSION").exists()
    # The cluster archives there until the test has ended.
    for _, found in objects.histories(s3, backup_bucket, mine):
        for one in found:
            if one.at > moment:
                s3.delete_object(Bucket=backup_bucket, Key=one.key, VersionId=one.id)


@pytest.fixture
def place(s3, backup_bucket):
    """A generation with three objects, which no server writes to."""
    name = f"{next(NUMBERS):04d}"
    for key in "abc":
        s3.put_object(Bucket=backup_bucket, Key=f"database/{name}/{key}", Body=key.encode() * 9)
    return name


def test_an_object_of_another_content_is_copied_again(place, restorer, s3, backup_bucket):
    moment = later_second()
    path = versions.copy_as_of(restorer, backup_bucket, place, moment)
    s3.put_object(Bucket=backup_bucket, Key=f"{path[1:]}/b", Body=b"x" * 9)
    versions.copy_as_of(restorer, backup_bucket, place, moment)
    assert restorer.get_object(Bucket=backup_bucket, Key=f"{path[1:]}/b")["Body"].read() == b"b" * 9


def test_an_interrupted_copy_goes_on(place, restorer, s3, backup_bucket, monkeypatch):
    moment, copied = later_second(), []
    copy = versions.copy_version

    def interrupted(client, bucket, version, key):
        if version.key.endswith("c") and not copied.count("c"):
            copied.append("c")
            raise KeyboardInterrupt
        copied.append(version.key[-1])
        copy(client, bucket, version, key)

    monkeypatch.setattr(versions, "copy_version", interrupted)
    with pytest.raises(KeyboardInterrupt):
        versions.copy_as_of(restorer, backup_bucket, place, moment)
    path = versions.copy_as_of(restorer, backup_bucket, place, moment)
    assert (sorted(copied), len(_objects(restorer, backup_bucket, path))) == (["a", "b", "c", "c"], 3)


def test_what_is_more_than_was_there_is_an_error(place, restorer, s3, backup_bucket):
    moment = later_second()
    path = versions.copy_as_of(restorer, backup_bucket, place, moment)
    s3.put_object(Bucket=backup_bucket, Key=f"{path[1:]}/planted", Body=b"x")
    with pytest.raises(SlipwayError, match=r"1 objects .*/planted first; somebody writes there"):
        versions.copy_as_of(restorer, backup_bucket, place, moment)


def test_a_time_without_versions_is_one_line(place, restorer, backup_bucket):
    long_ago = datetime.now(UTC) - timedelta(days=400)
    with pytest.raises(SlipwayError, match=f"s3://{backup_bucket}/database/{place}/ has no version of 20"):
        versions.copy_as_of(restorer, backup_bucket, place, long_ago)


def test_a_large_object_is_copied_in_parts(place, restorer, s3, backup_bucket, monkeypatch):
    # S3 takes parts from 5 MB on.
    monkeypatch.setattr(versions, "LARGEST", 6 * 1024**2)
    monkeypatch.setattr(versions, "PART", 5 * 1024**2)
    body = bytes(range(256)) * (12 * 4096)
    s3.put_object(Bucket=backup_bucket, Key=f"database/{place}/large", Body=body)
    path = versions.copy_as_of(restorer, backup_bucket, place, later_second())
    assert restorer.get_object(Bucket=backup_bucket, Key=f"{path[1:]}/large")["Body"].read() == body


def _objects(client, bucket, path):
    return client.list_objects_v2(Bucket=bucket, Prefix=f"{path[1:]}/")["Contents"]
