"""Commands on the server, over one SSH connection that all of them share."""

import os
import re
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import IO

from slipway.tool import config
from slipway.tool.server import host_keys, owner
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError

# https://man.openbsd.org/ssh_config
OPTIONS = (
    "BatchMode=yes",
    "ConnectTimeout=20",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ControlMaster=auto",
    "ControlPersist=120",
)
SSH_FAILED = 255
# The agent's exit status for a command that CI's key may not run (deploy/agent/ci.py).
DENIED = 77
SILENCE = "no output"
# Before a line of the agent's that is for the person, at once (deploy/agent/progress.py).
PROGRESS = b"progress: "
# What ssh prints when an open connection breaks off; nothing at all when it is a shared one.
BROKEN_OFF = rf"^{SILENCE}$|Connection to \S+ closed|not responding|Broken pipe"


class Unreachable(SlipwayError):
    """The server does not answer, or rejects this user."""


class Connection:
    """Runs commands on the server that site.yml names, as ``user``: by default the admin.

    A server of another site rejects each command, unless ``take_over``; one from which the site has moved, unless
    ``moving``. ``token`` is the deploy lock's while it is
    held: the agent checks it before each step that changes something.

    CI's key (`ci_key` in site.yml) can run the steps of a deploy only, each as `NAME=value … slipway COMMAND …`: the
    agent itself checks whose server it is, and no shell reads the line.
    """

    def __init__(
        self, site: config.Site, user: str = LAYOUT.admin_user, *, take_over: bool = False, moving: bool = False
    ) -> None:
        if not site.server:
            raise SlipwayError(f"{site.path}: server: missing; give the address of your VPS")
        self.site = site
        self.user = user
        self.token = ""
        self._guard = owner.guard(site, take_over=take_over, moving=moving)
        self._claim = owner.claim(site)
        self._trust = host_keys.trust(site)

    def command(self, line: str, *, terminal: bool = False, alone: bool = False) -> list[str]:
        """The local command that runs the shell command ``line`` there, by root.

        ``alone`` takes a connection of its own, which ends with the command.
        """
        if self.restricted:
            return self._ssh(f"{self._claim} {line}", terminal=terminal, alone=alone)
        line = self._guard + line
        if self.user != "root":
            line = f"sudo sh -c {shlex.quote(line)}"
        return self._ssh(line, terminal=terminal, alone=alone)

    @cached_property
    def restricted(self) -> bool:
        """Whether the server knows this machine's key as CI's. Raises Unreachable."""
        return bool(self.site.ci_key) and self._run(self._ssh("true")).returncode == DENIED

    def _ssh(self, line: str, *, terminal: bool = False, alone: bool = False) -> list[str]:
        options = [part for each in (*OPTIONS, f"StrictHostKeyChecking={self._trust}") for part in ("-o", each)]
        # The first value counts.
        options = [*(["-o", "ControlMaster=no"] if alone else []), *options]
        socket = "none" if alone else _sockets() / "%C"
        ssh = ["ssh", *(["-F", self.site.ssh_config] if self.site.ssh_config else []), *options]
        return [
            *ssh,
            "-o",
            f"ControlPath={socket}",
            "-l",
            self.user,
            *(["-t"] if terminal else []),
            self.site.server,
            line,
        ]

    def run(self, line: str, *, stdin: IO[bytes] | None = None) -> str:
        """What a shell command prints, run by root; what it says of its progress is printed here as it comes.

        Raises SlipwayError with its last line when it fails.
        """
        done = self._run(self.command(line), stdin)
        if done.returncode:
            raise SlipwayError(last(done.stderr or done.stdout).removeprefix("slipway: "))
        return done.stdout.decode("utf-8", "replace")

    def _run(self, command: list[str], stdin: IO[bytes] | None = None) -> subprocess.CompletedProcess[bytes]:
        done = _printing_progress(command, stdin)
        if host_keys.ADDED in done.stderr:
            print(f"    first contact with {self.site.server}: {host_keys.fingerprint(self.site)}")
        if done.returncode == SSH_FAILED:
            raise Unreachable(self.unreachable(last(done.stderr)))
        return done

    def agent(self, *arguments: str, stdin: IO[bytes] | None = None) -> str:
        """What the agent prints. Raises SlipwayError with its own error line."""
        lock = f"SLIPWAY_LOCK={self.token} " if self.token else ""
        return self.run(lock + shlex.join(["slipway", *arguments]), stdin=stdin).strip()

    def addresses(self) -> set[str]:
        """The addresses that ssh connects to, by its configuration: a server behind NAT does not know them."""
        names = [value for name, value in host_keys.settings(self.site) if name == "hostname"]
        try:
            return {str(entry[4][0]) for name in names for entry in socket.getaddrinfo(name, None)}
        except OSError:
            return set()

    def unreachable(self, reason: str) -> str:
        """What to do about the last line of an ssh that has failed."""
        address = f"{self.user}@{self.site.server}"
        if "Permission denied" in reason:
            return f"{address}: no key of yours is let in; try `ssh {address}`, and see server_user in {self.site.path}"
        if host_keys.UNKNOWN in reason:
            return (
                f"{address}: no host key of it is known here, and no terminal to ask at; run `ssh {address}` once, "
                "and compare the fingerprint with your provider's console"
            )
        if "REMOTE HOST IDENTIFICATION" in reason or "Host key verification failed" in reason:
            return (
                f"{address}: it has another host key than it had; "
                f"if you reinstalled it: ssh-keygen -R {shlex.quote(host_keys.known_name(self.site))}"
            )
        if re.search(BROKEN_OFF, reason):
            return f"{address}: the SSH connection broke off; the same command again takes up where this one ended"
        return f"{address}: not reached over SSH: {reason}; see server in {self.site.path}"


def reach(site: config.Site, *, take_over: bool = False, moving: bool = False) -> Connection:
    """A connection as the admin, or as the first user of a bare host.

    Raises Unreachable when neither is let in, with the first user's error; SlipwayError when the server is another
    site's, unless ``take_over``.
    """
    for user in (LAYOUT.admin_user, site.server_user):
        connection = Connection(site, user, take_over=take_over, moving=moving)
        try:
            # Where there is a key of CI's, this has logged in; the next command rejects another site's server.
            if not connection.restricted and not site.ci_key:
                connection.run("true")
        except Unreachable as error:
            unreachable = error
            if "no key of yours" not in str(error):
                break
        else:
            return connection
    raise unreachable


def _printing_progress(command: list[str], stdin: IO[bytes] | None) -> subprocess.CompletedProcess[bytes]:
    """As subprocess.run does, but that progress is printed when it arrives, and is not in the output."""
    pipes = {"stdin": stdin or subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process, ThreadPoolExecutor(1) as reader:
        try:
            output, errors = reader.submit(process.stdout.read), b""
            for line in process.stderr:
                if line.startswith(PROGRESS):
                    print(f"    {line.removeprefix(PROGRESS).decode('utf-8', 'replace').rstrip()}", flush=True)
                else:
                    errors += line
            return subprocess.CompletedProcess(command, process.wait(), output.result(), errors)
        except BaseException:
            process.kill()
            raise


def _sockets() -> Path:
    """A folder that only this user can open; a socket's path may have 107 characters, so it is kept short."""
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = base / f"slipway-ssh-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SlipwayError(f"{folder}: belongs to somebody else; remove it, or set XDG_RUNTIME_DIR")
    return folder


def last(output: bytes) -> str:
    lines: Iterable[str] = output.decode("utf-8", "replace").strip().splitlines()
    printed = [line.strip() for line in lines if line.strip()]
    # ssh's banner about a changed key has many lines; the one that matters is in the middle.
    banner = [line for line in printed if "REMOTE HOST IDENTIFICATION" in line or host_keys.UNKNOWN in line]
    return (banner or printed or [SILENCE])[-1]
