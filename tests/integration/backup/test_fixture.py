"""What the other tests of this room stand on: a backup and its WAL come back from the bucket."""

import re

from tests.integration.backup.cluster import VERSION, Backups, Cluster


def test_the_cluster_archives_and_has_a_full_backup(backups: Backups, cluster: Cluster, s3, backup_bucket: str):
    info = backups.info("0001")
    assert (info["status"]["message"], info["backup"][0]["type"]) == ("ok", "full")
    segment = backups.archived()
    assert re.fullmatch(r"[0-9A-F]{24}", segment)
    prefix = f"database/{backups.generation}/archive/site/{VERSION}-1/"
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=backup_bucket, Prefix=prefix)["Contents"]]
    assert any(segment in key for key in keys)


def test_a_generation_of_its_own_gets_the_wal_meanwhile(backups: Backups, generation: str):
    segment = backups.archived()
    archive = backups.info(generation)["archive"][0]
    assert archive["max"] == segment
    assert segment not in str(backups.info("0001")["archive"])
