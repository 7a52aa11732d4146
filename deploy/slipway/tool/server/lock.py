"""The deploy lock: an SSH session holds it, and releases it whenever this process ends."""

import fcntl
import getpass
import hashlib
import platform
import secrets
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from slipway.tool import config
from slipway.tool.server import state
from slipway.tool.server.connection import SSH_FAILED, Connection, Unreachable
from slipway.web.errors import SlipwayError


class Lock:
    """The server's lock, held for ``connection``: each step of it sends the lock's token."""

    def __init__(self, connection: Connection, checkout: str) -> None:
        self._connection, self._checkout = connection, checkout
        self._session = self._take()

    def hand_to(self, connection: Connection) -> None:
        """From now on another connection to the same server sends the token."""
        connection.token, self._connection = self._connection.token, connection

    def check(self) -> None:
        """Raises SlipwayError when the lock is known to be lost. The server checks it at each step of its own."""
        if self._session.poll() is not None:
            raise SlipwayError("the deploy lock is gone: its SSH session has ended; run the same command again")

    def renew(self) -> None:
        """Takes the lock again if it is gone. Raises SlipwayError, with who holds it, if somebody else does."""
        if self._session.poll() is not None:
            self._session = self._take()

    def release(self) -> None:
        self._session.stdin.close()
        self._session.wait()
        self._connection.token = ""

    def _take(self) -> subprocess.Popen[str]:
        holder = f"{getpass.getuser()}@{platform.node()}"
        line = f"SLIPWAY_CHECKOUT={self._checkout} {shlex.join(['slipway', 'hold', holder])}"
        session = subprocess.Popen(
            self._connection.command(line, alone=True),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Ctrl-C reaches this process alone, which releases the lock in order.
            start_new_session=True,
        )
        word, _, rest = session.stdout.readline().strip().partition(" ")
        if word != "held":
            lines = session.stderr.read().strip().splitlines() or ["the server wrote nothing"]
            session.stdin.close()
            if session.wait() == SSH_FAILED:
                raise Unreachable(self._connection.unreachable(lines[-1]))
            raise SlipwayError(lines[-1].removeprefix("slipway: "))
        self._connection.token, _, taken_over = rest.partition(" ")
        if taken_over:
            print(f"    {taken_over}: it was left behind, no command of this checkout runs")
        return session


@contextmanager
def held(connection: Connection) -> Iterator[Lock]:
    """Holds the server's lock for the block. Raises SlipwayError, with who holds it and since when."""
    with _checkout(connection.site) as checkout:
        lock = Lock(connection, checkout)
        try:
            yield lock
        finally:
            lock.release()


@contextmanager
def _checkout(site: config.Site) -> Iterator[str]:
    """Names this checkout while no other command runs in it; "" if one does.

    A lock under the same name is then a finished command's, even if the server has not noticed its end yet.
    """
    path = state.directory(site) / "checkout"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield ""
        else:
            yield _id_of(file)


def _id_of(file: IO[str]) -> str:
    """The checkout's id, made once. The path is part of it: a copy of the folder is another checkout."""
    file.seek(0)
    if not file.read():
        file.write(secrets.token_hex(16))
        file.flush()
    file.seek(0)
    return hashlib.sha256(f"{file.read()} {platform.node()} {file.name}".encode()).hexdigest()[:16]
