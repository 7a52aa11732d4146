"""move.json: how far a move from or to this server has come. Alone here, since each WAL file that is archived asks."""

import json
import os

from agent.paths import MOVE


def state() -> dict:
    """What move.json has; {} on a server that does not move."""
    try:
        return json.loads(MOVE.read_text())
    except FileNotFoundError:
        return {}


def write(**values: object) -> None:
    partial = MOVE.with_suffix(".partial")
    with partial.open("w") as file:
        file.write(json.dumps(values) + "\n")
        file.flush()
        os.fsync(file.fileno())
    partial.rename(MOVE)
