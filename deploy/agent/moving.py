"""move.json: on which side of a move this server is, and how far. Alone here: each WAL file that is archived asks.

On the old server ``state`` is `closed` behind the wall, and `moved` from the moment that decides; ``to`` is the address
of the new one. On the new server ``state`` is `arriving` from before it is provisioned, and then `arrived`, with the
``addresses`` of the old one. ``how`` the database travels is `wal`, `dump` or `none` (it is elsewhere); by WAL,
``generation`` is the old server's. ``at`` is UTC.
"""

import json
import os

from agent.paths import MOVE, HostError

# What `slipway move` takes: move.READS and move.CHANGES.
STEPS = (
    *("plan", "release", "reach", "seen", "dump", "back"),
    *("mark", "wall", "load", "follow", "trust", "arrive", "end"),
)


def state() -> dict:
    """{} on a server that does not move."""
    try:
        return json.loads(MOVE.read_text())
    except FileNotFoundError:
        return {}


def write(**values: object) -> None:
    """Replaces all of it."""
    partial = MOVE.with_suffix(".partial")
    with partial.open("w") as file:
        file.write(json.dumps(values) + "\n")
        # An agent that archives reads it as postgres.
        os.fchmod(file.fileno(), 0o644)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(MOVE)


def require(wanted: str) -> None:
    """Raises HostError when this server's part in a move is another."""
    if state().get("state") != wanted:
        raise HostError(f"this server is not `{wanted}` in a move")


def forget() -> None:
    MOVE.unlink()
