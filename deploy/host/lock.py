"""The deploy lock: an SSH session that holds it, and that lets go of it when this process ends, however it ends."""

import getpass
import platform
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.errors import SlipwayError
from deploy.host.connection import Connection


@contextmanager
def held(connection: Connection) -> Iterator[None]:
    """Holds the server's lock for the block. Raises SlipwayError, with who holds it and since when."""
    holder = f"{getpass.getuser()}@{platform.node()}"
    session = subprocess.Popen(
        connection.command(shlex.join(["slipway", "hold", holder]), alone=True),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C reaches this process alone, which lets go of the lock in order.
        start_new_session=True,
    )
    try:
        if session.stdout.readline().strip() != "held":
            said = session.stderr.read().strip().splitlines() or ["the server said nothing"]
            raise SlipwayError(said[-1].removeprefix("slipway: "))
        yield
    finally:
        session.stdin.close()
        session.wait()
