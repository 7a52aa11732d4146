"""The copy of the database on the new server, which follows the old one by its WAL."""

import contextlib

from slipway.tool.move.servers import New, Old
from slipway.tool.move.session import Session


class Copy:
    """It is made on entry, from the newest backup in the bucket. Left before `finish`, the new server removes it.

    Raises SlipwayError, with the new server's reason.
    """

    def __init__(self, old: Old, new: New) -> None:
        self._old = old
        plan = old.plan
        self._session = Session(new.connection, "move", "follow", plan["generation"], str(plan["timeline"]))

    def __enter__(self) -> "Copy":
        self._session.start()
        return self

    def reach(self) -> None:
        """Returns once it has what the old server had written at the call, and that is on its disk."""
        self._session.ask(f"reach {self._old.connection.agent('move', 'mark')}")

    def check(self) -> str:
        """What the release that serves answers with it, in a throwaway process."""
        return self._session.ask(f"check {self._old.plan['release']}")

    def finish(self, last: str) -> None:
        """It becomes the new server's database. ``last`` is what the wall says."""
        self._session.ask(f"finish {last}")

    def __exit__(self, *_: object) -> None:
        # It has ended, or says what the error says that leads here.
        with contextlib.suppress(OSError):
            self._session.end()
