"""A restore after which the server archives to another generation than before: its database is not that one's."""

import shutil

from tests.integration.backup.cluster import Backups, Cluster
from tests.integration.backup.photos import GENERATION, OTHER, insert, photos, timeline
from tests.integration.backup.server import Server


def test_another_generations_database_gets_a_generation_of_its_own(server: Server, cluster: Cluster, backups: Backups):
    # As on a bare server: root's is the first pgBackRest there, and PostgreSQL's own must archive after it.
    shutil.rmtree(backups.state / "lock")
    server.restore(OTHER)
    held = server.generation()
    assert held["generation"] not in (GENERATION, OTHER)
    backups.generation = held["generation"]
    assert backups.archived()[:8] == cluster.sql("select to_hex(timeline_id) from pg_control_checkpoint()").zfill(8)


def test_a_generation_that_was_begun_after_a_restore_can_be_restored(
    server: Server, cluster: Cluster, backups: Backups
):
    """As the one after the claim in the bucket was destroyed: it has no history of the timeline that it begins on."""
    if timeline(cluster) == 1:
        server.restore()
    backups.begin("0109")
    backups.full()
    insert(cluster, 109)
    backups.archived()
    left, rows = timeline(cluster), photos(cluster)
    server.restore("0109")
    backups.generation = server.generation()["generation"]
    assert timeline(cluster) > left > 1 and photos(cluster) == rows
