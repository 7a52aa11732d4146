"""The new server's side of a move by WAL: a copy of the old server's database follows that one, and takes over from it.

It is made from the newest backup in the bucket, beside this server's own database, which is empty, and takes that one's
place behind the wall.
"""

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from agent import check, moving, progress, recovery, restore, slot, timelines, wall
from agent import cluster as clusters
from agent.cluster import Cluster
from agent.paths import HostError
from agent.repository import Repository
from agent.standby import Standby


def follow(generation: str, timeline: str) -> str:
    """Prints ``following`` once the copy replays WAL, and then obeys lines of stdin. ``reach LSN``: prints ``reached``
    when it has replayed so much. ``check RELEASE``: prints what the release answers with the copy. ``finish JSON``, the
    old server's word from behind the wall (wall.py): replays the last WAL and puts the copy in the place of this
    server's database.

    Returns ``finished`` then. Raises HostError otherwise, also at the end of stdin; the copy is removed.
    """
    moving.require("arriving")
    moving.write(**moving.state() | {"how": "wal", "generation": generation})
    # An earlier run may have begun to serve.
    wall.stop_site()
    cluster = clusters.here()
    restore.tidy(cluster)
    repository = Repository(generation)
    restore.check_version(cluster, repository)
    chosen = timelines.choose(repository, int(timeline), None)
    restore.make_room(cluster, chosen)
    progress.say(f"copying {repository} from the backup {chosen}, {chosen.size / 1e6:.0f} MB")
    held = slot.held("the copy of a database that moves here", f"{recovery.UNIT}.service")
    with held, restore.beside(cluster), _stopped(cluster):
        with progress.step("fetch the backup"):
            restore.fetch(repository, chosen, cluster.beside)
        with Standby(cluster, repository, int(timeline), cluster.beside) as standby:
            print("following", flush=True)
            _obey(standby)
    restore.exchange(cluster, cluster.beside, "", ask=lambda copy: copy.ask("select 1"))
    return "finished"


@contextmanager
def _stopped(cluster: Cluster) -> Iterator[None]:
    """This server's own database is stopped for the block, and from then on if that ends well.

    Its stop takes many seconds: PostgreSQL tries to archive what is not to be archived here. Behind the wall that would
    be too long.
    """
    cluster.stop()
    try:
        yield
    except BaseException:
        cluster.start()
        raise


def _obey(standby: Standby) -> None:
    """Returns once the copy is whole."""
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "reach":
            standby.reach(rest)
            print("reached", flush=True)
        elif word == "check":
            # The site does not serve here yet: its memory is free for that.
            print(check.check_copy(rest, recovery.SOCKET), flush=True)
        elif word == "finish":
            last = json.loads(rest)
            with progress.step("replay the last WAL"):
                standby.finish(last["at"], last["segment"], base64.b64decode(last["wal"]))
            return
        else:
            break
    raise HostError("the deploying machine gave up, or its connection broke")


def clear() -> None:
    """Removes this server's own database of before; it was empty, or an earlier run's copy."""
    clusters.remove(clusters.here().before)
