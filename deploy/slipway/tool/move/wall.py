"""The wall: the seconds in which nobody is served. The old server holds it up, and takes it down by itself."""

from types import TracebackType

from slipway.tool.move.servers import Old
from slipway.tool.move.session import Session


class Wall:
    """Closes the site on entry; `forward` lets the old server forward it. Left without that, the old one serves again.

    Nobody can write on the old server once the block has begun. ``last`` is then what it says of its last WAL, "" where
    the database does not travel by WAL.
    """

    def __init__(self, old: Old, address: str, seconds: int, how: str) -> None:
        self._session = Session(old.connection, "move", "wall", address, str(seconds), how)
        self.last = ""

    def __enter__(self) -> "Wall":
        self.last = self._session.start().partition(" ")[2]
        return self

    def forward(self) -> None:
        """Raises SlipwayError when the old server had gone back before."""
        self._session.ask("forward")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session.runs:
            said = self._session.end()
            if kind:
                print(f"    {said}")
