"""The wall: the seconds in which nobody is served. The old server holds it up, and takes it down by itself."""

import subprocess
from types import TracebackType

from slipway.tool.move.servers import Old
from slipway.tool.server.connection import last
from slipway.web.errors import SlipwayError


class Wall:
    """Closes the site on entry; `forward` lets the old server forward it. Left without that, the old one serves again.

    Nobody can write on the old server once the block has begun.
    """

    def __init__(self, old: Old, address: str, seconds: int, how: str) -> None:
        self._old = old
        line = f"SLIPWAY_LOCK={old.connection.token} slipway move wall {address} {seconds} {how}"
        self._command = old.connection.command(line, alone=True)

    def __enter__(self) -> "Wall":
        self._session = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C reaches this process alone, which leaves the block, and the site is opened again.
            start_new_session=True,
        )
        if not self._session.stdout.readline():
            raise SlipwayError(self._end())
        return self

    def forward(self) -> None:
        """Raises SlipwayError when the old server had gone back before."""
        try:
            self._session.stdin.write("forward\n")
            self._session.stdin.flush()
        except BrokenPipeError:
            pass
        if not self._session.stdout.readline().strip():
            raise SlipwayError(self._end())

    def _end(self) -> str:
        """Waits for its end; what it said last."""
        _, error = self._session.communicate()
        return last(error.encode()).removeprefix("slipway: ")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session.poll() is None:
            said = self._end()
            if kind:
                print(f"    {said}")
