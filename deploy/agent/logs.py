"""The logs of the site, nginx and PostgreSQL, from the journal or from files."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

from agent import units
from agent.paths import NGINX_LOGS, POSTGRESQL_LOGS, HostError


def sources() -> dict[str, tuple[list[str], list[Path]]]:
    """By name: units whose journal is read, and files."""
    return {
        "site": ([units.SITE, units.OVERLAP], []),
        "nginx": ([units.NGINX], []),
        "access": ([], [NGINX_LOGS / "access.log"]),
        "error": ([], [NGINX_LOGS / "error.log"]),
        "postgresql": (units.databases(), sorted(POSTGRESQL_LOGS.glob("*.log"))),
        "certificate": ([units.RENEWAL], []),
    }


def logs(name: str, lines: int, follow: bool) -> None:
    """Prints the last ``lines`` of ``name``, or of each when it is "", and new lines until the reader goes away.

    Raises HostError, with the known names, when there is no such log.
    """
    known = sources()
    wanted = {name: known[name]} if name in known else known if not name else {name: ([_unit(name)], [])}
    commands = []
    for each, (journal, files) in wanted.items():
        # With all logs together, each line names its own.
        prefix = "" if name else f"{each:<11} | "
        if journal:
            selected = [f"--unit={unit}" for unit in journal]
            more = ["--follow"] if follow else []
            commands.append(
                (prefix, ["journalctl", "--quiet", "--output=short-iso", f"--lines={lines}", *selected, *more])
            )
        if files:
            # -F follows the name: a rotated log is a new file.
            commands.append(
                (prefix, ["tail", "--quiet", f"--lines={lines}", *(["-F"] if follow else []), *map(str, files)])
            )
    _print(commands, follow)


def follow() -> None:
    """Prints each request that arrives, as nginx logs it, and tail's message when the log is rotated."""
    # -F as above; the proof reads tail's English message.
    line = ["tail", "--lines=0", "-F", str(NGINX_LOGS / "access.log")]
    environment = os.environ | {"LC_ALL": "C"}
    # Leaves no tail behind when a signal ends it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, env=environment) as tail:
        try:
            _wait_for_reader_to_leave()
        finally:
            tail.terminate()


def _unit(name: str) -> str:
    """The unit of this name. Raises HostError, with the known names, when there is none."""
    full = name if "." in name else f"{name}.service"
    if units.is_known(full):
        return full
    raise HostError(
        f"UNIT={name}: no such log; there are {', '.join(sources())}, and each unit of systemd's by its name"
    )


def _print(commands: list[tuple[str, list[str]]], follow: bool) -> None:
    """Runs all of them; each line is printed whole, with its prefix."""
    readers = []
    for prefix, line in commands:
        process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        thread = threading.Thread(target=_pass_on, args=(process, prefix), daemon=True)
        thread.start()
        readers.append((process, thread))
        # One after the other, so that each log's lines stay together.
        if not follow:
            thread.join()
    if follow:
        _wait_for_reader_to_leave()
    for process, _ in readers:
        process.terminate()
        process.wait()


def _pass_on(process: subprocess.Popen, prefix: str) -> None:
    with contextlib.suppress(OSError):
        for line in process.stdout:
            sys.stdout.buffer.write(prefix.encode() + line)
            sys.stdout.buffer.flush()


def _wait_for_reader_to_leave() -> None:
    """The pipe polls as an error once its reader is gone, even with nothing to write."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    poll.poll()
