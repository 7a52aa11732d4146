"""What the site, nginx and PostgreSQL write, each from where it writes it: the journal, or files."""

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
        "site": ([units.SITE], []),
        "nginx": ([units.NGINX], []),
        "access": ([], [NGINX_LOGS / "access.log"]),
        "error": ([], [NGINX_LOGS / "error.log"]),
        "postgresql": (units.databases(), sorted(POSTGRESQL_LOGS.glob("*.log"))),
        "certificate": ([units.RENEWAL], []),
    }


def logs(name: str, lines: int, follow: bool) -> None:
    """Prints the last ``lines`` of ``name``, or of each when it is "", and what comes until nobody reads.

    Raises HostError, with what there is, when there is no such log.
    """
    there = sources()
    wanted = {name: there[name]} if name in there else there if not name else {name: ([_unit(name)], [])}
    commands = []
    for each, (journal, files) in wanted.items():
        # Of all together each line says whose it is.
        prefix = "" if name else f"{each:<11} | "
        if journal:
            asked = [f"--unit={unit}" for unit in journal]
            more = ["--follow"] if follow else []
            commands.append(
                (prefix, ["journalctl", "--quiet", "--output=short-iso", f"--lines={lines}", *asked, *more])
            )
        if files:
            # By name: a log that is turned over is a new file.
            commands.append(
                (prefix, ["tail", "--quiet", f"--lines={lines}", *(["-F"] if follow else []), *map(str, files)])
            )
    _print(commands, follow)


def follow() -> None:
    """Prints each request that arrives, as nginx logs it, and what tail says of a log that is turned over."""
    # By name, as above; the proof reads the English words.
    line = ["tail", "--lines=0", "-F", str(NGINX_LOGS / "access.log")]
    plain = os.environ | {"LC_ALL": "C"}
    # Ended by a signal, too, it leaves no tail behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with subprocess.Popen(line, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, env=plain) as tail:
        try:
            _until_nobody_reads()
        finally:
            tail.terminate()


def _unit(name: str) -> str:
    """The unit of this name. Raises HostError, with what there is, when there is none."""
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
        # In turn, so that what is past stands together.
        if not follow:
            thread.join()
    if follow:
        _until_nobody_reads()
    for process, _ in readers:
        process.terminate()
        process.wait()


def _pass_on(process: subprocess.Popen, prefix: str) -> None:
    with contextlib.suppress(OSError):
        for line in process.stdout:
            sys.stdout.buffer.write(prefix.encode() + line)
            sys.stdout.buffer.flush()


def _until_nobody_reads() -> None:
    """A reader that went away shows as an error of the pipe, whether there is a line to write or not."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    poll.poll()
