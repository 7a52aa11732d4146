"""Starts processes on free ports, and ends exactly those."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from rehearsal.parent import die_with_parent
from slipway.web.errors import SlipwayError

# Below the range of outgoing connections: one of these could take a port before its server does, or during its restart.
# https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
ANY = range(20_000, 32_768)
# Reserves ports for this process until it ends: another demo may look for one before its server starts.
_reserved: list[socket.socket] = []


def free_port(wanted: int = 0, host: str = "127.0.0.1") -> int:
    """``wanted``, or the next port above it that is free; any free port for 0.

    No other call, in any process, gets the same one while this process runs.
    """
    for port in range(wanted, wanted + 100) if wanted else random.SystemRandom().sample(ANY, 100):
        if _is_free(port, host) and _reserve(port):
            return port
    raise SlipwayError(f"no free port from {wanted or ANY.start} on {host}; stop the programs that use them")


def _is_free(port: int, host: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _reserve(port: int) -> bool:
    """By an abstract socket's name, which the kernel frees with the process. Only Linux has them."""
    if sys.platform != "linux":
        return True
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0slipway-port-{port}")
    except OSError:
        holder.close()
        return False
    _reserved.append(holder)
    return True


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nothing listens on, all different."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return list(ports)


class Processes:
    """Processes started together; leaving the block ends them, last first, each by its id.

    One that has not ended ``patience`` seconds after SIGTERM is killed.
    """

    def __init__(self, log_dir: Path, patience: float = 15) -> None:
        self.log_dir = log_dir
        self.patience = patience
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while self._running:
            self._end(*self._running.pop())

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        ready: Sequence[Path | int] = (),
        seconds: float = 60,
        user: str | None = None,
        group: str | None = None,
        orphaned: signal.Signals = signal.SIGTERM,
    ) -> subprocess.Popen[bytes]:
        """Starts ``command`` with its output in ``<name>.log`` and waits until it is ready.

        ``ready`` lists the ports and Unix sockets that must accept a connection; ``orphaned`` is the signal that it
        gets when this process was killed. Raises SlipwayError, with the log's last line, when it ends first or takes
        too long.
        """
        log = self.log_dir / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches only this process, which ends the others in order.
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(orphaned),
                user=user,
                group=group,
            )
        self._running.append((name, process))
        deadline = time.monotonic() + seconds
        while not all(map(_accepts, ready)):
            if process.poll() is not None:
                raise SlipwayError(f"{name} ended with status {process.returncode}: {_last(log)}")
            if time.monotonic() > deadline:
                raise SlipwayError(f"{name} is not ready after {seconds:.0f} s: {_last(log)}")
            time.sleep(0.05)
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """Ends one of them now."""
        for entry in self._running:
            if entry[1] is process:
                self._running.remove(entry)
                self._end(*entry)
                return

    def _end(self, name: str, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(self.patience)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def connect(path: Path) -> socket.socket:
    """A connection to a Unix socket, however long its path is: the kernel takes 107 bytes. Raises OSError."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            short = f"/proc/self/fd/{folder}/{path.name}" if sys.platform == "linux" else str(path)
            connection.connect(short)
        finally:
            os.close(folder)
    except OSError:
        connection.close()
        raise
    return connection


def _accepts(ready: Path | int) -> bool:
    try:
        probe = connect(ready) if isinstance(ready, Path) else socket.create_connection(("127.0.0.1", ready), 1)
    except OSError:
        return False
    probe.close()
    return True


def _last(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines() or ["no output"]
    return f"{lines[-1]} (all of it: {log})"
