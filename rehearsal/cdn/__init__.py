"""A stand-in for CloudFront, configured by what it reads through the CloudFront API.

``start`` runs it as a process of its own; README.md lists what it imitates.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cdn:
    """A running stand-in. ``url`` needs a Host header, or a name that resolves to loopback."""

    port: int
    url: str
    log: Path
    _process: subprocess.Popen

    def lines(self) -> list[dict]:
        """The access log so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=30)
        self._process.stdout.close()


def start(
    port: int = 0,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
    max_age: float = 0,
    tls: tuple[Path, Path] | None = None,
) -> Cdn:
    """Start the stand-in and return when it answers.

    ``env`` adds to this process's environment: endpoints, region and the ``cdn`` identity. With
    ``max_age=0`` a change made through the API is seen by the very next request. Raises OSError if
    the port is taken and RuntimeError if the process ends before it is ready.
    """
    log = log or Path(tempfile.mkdtemp(prefix="slipway-cdn-")) / "access.log"
    log.touch()
    with socket.create_server(("127.0.0.1", port), backlog=512) as listener:
        # The child inherits the listening socket, so that no other process can take the port.
        command = [sys.executable, "-m", "rehearsal.cdn", f"--fd={listener.fileno()}"]
        command += [f"--log={log}", f"--max-age={max_age}"]
        if tls:
            command += [f"--tls-cert={tls[0]}", f"--tls-key={tls[1]}"]
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parents[2],
            env={**os.environ, **(env or {})},
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        port = listener.getsockname()[1]
    if process.stdout.readline().strip() != "ready":
        raise RuntimeError(f"the CDN stand-in ended with status {process.wait()}; see its stderr")
    return Cdn(port, f"{'https' if tls else 'http'}://127.0.0.1:{port}", log, process)
