"""Commands on the server, over one SSH connection that all of them share."""

import os
import re
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Iterable
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
# What the server's own command ends with when the key is CI's (deploy/agent/ci.py), whatever was asked of it.
DENIED = 77
SILENCE = "no output"
# What ssh says when it was let in and the connection then went away; where others share it, nothing at all.
BROKEN_OFF = rf"^{SILENCE}$|Connection to \S+ closed|not responding|Broken pipe"


class Unreachable(SlipwayError):
    """The server does not answer, or lets this user not in."""


class Connection:
    """The way to the server that site.yml names, as ``user``: the admin, unless told otherwise.

    Each command is rejected there when the server is another site's; ``take_over`` lets it pass. ``token`` is the deploy
    lock's while it is held: the server's own command asks for it at each step that changes something.

    With the key of CI (`ci_key` in site.yml) only the steps of a deploy can be run there, each as
    `NAME=value … slipway COMMAND …`: the server answers for whose it is, and no shell reads it.
    """

    def __init__(self, site: config.Site, user: str = LAYOUT.admin_user, *, take_over: bool = False) -> None:
        if not site.server:
            raise SlipwayError(f"{site.path}: server: missing; give the address of your VPS")
        self.site = site
        self.user = user
        self.token = ""
        self._guard = owner.guard(site, take_over=take_over)
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
        """Whether the server takes this machine's key for CI's, as it says itself. Raises Unreachable."""
        return bool(self.site.ci_key) and self._ask(self._ssh("true")).returncode == DENIED

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
        """What a shell command prints, run by root. Raises SlipwayError with its last line when it fails."""
        done = self._ask(self.command(line), stdin)
        if done.returncode:
            raise SlipwayError(_last(done.stderr or done.stdout).removeprefix("slipway: "))
        return done.stdout.decode("utf-8", "replace")

    def _ask(self, command: list[str], stdin: IO[bytes] | None = None) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(command, stdin=stdin or subprocess.DEVNULL, capture_output=True, check=False)
        if host_keys.ADDED in done.stderr:
            print(f"    first contact with {self.site.server}: {host_keys.fingerprint(self.site)}")
        if done.returncode == SSH_FAILED:
            raise Unreachable(self._unreachable(_last(done.stderr)))
        return done

    def agent(self, *arguments: str, stdin: IO[bytes] | None = None) -> str:
        """What the host's own `slipway` command says; its refusal is raised as it stands."""
        lock = f"SLIPWAY_LOCK={self.token} " if self.token else ""
        return self.run(lock + shlex.join(["slipway", *arguments]), stdin=stdin).strip()

    def addresses(self) -> set[str]:
        """Where ssh goes, by its own configuration: a server behind address translation does not know that itself."""
        names = [value for name, value in host_keys.settings(self.site) if name == "hostname"]
        try:
            return {str(entry[4][0]) for name in names for entry in socket.getaddrinfo(name, None)}
        except OSError:
            return set()

    def _unreachable(self, reason: str) -> str:
        place = f"{self.user}@{self.site.server}"
        if "Permission denied" in reason:
            return f"{place}: no key of yours is let in; try `ssh {place}`, and see server_user in {self.site.path}"
        if host_keys.UNKNOWN in reason:
            return (
                f"{place}: no host key of it is known here, and who it is nobody can ask now; once `ssh {place}`, and "
                "compare the fingerprint with your provider's console"
            )
        if "REMOTE HOST IDENTIFICATION" in reason or "Host key verification failed" in reason:
            return (
                f"{place}: it has another host key than it had; if you reinstalled it: ssh-keygen -R {self.site.server}"
            )
        if re.search(BROKEN_OFF, reason):
            return f"{place}: the SSH connection broke off; the same command again takes up where this one ended"
        return f"{place}: not reached over SSH: {reason}; see server in {self.site.path}"


def reach(site: config.Site, *, take_over: bool = False) -> Connection:
    """A connection as whoever is let in: the admin, or on a bare host its first user.

    Raises Unreachable, with what the first user was told, when nobody is; SlipwayError when the server is another
    site's and is not to be taken over.
    """
    for user in (LAYOUT.admin_user, site.server_user):
        connection = Connection(site, user, take_over=take_over)
        try:
            if not connection.restricted:
                connection.run("true")
        except Unreachable as error:
            unreachable = error
            if "no key of yours" not in str(error):
                break
        else:
            return connection
    raise unreachable


def _sockets() -> Path:
    """A folder that only this user can open; a socket's path may have 107 characters, so it lies near the root."""
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = base / f"slipway-ssh-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SlipwayError(f"{folder}: belongs to somebody else; remove it, or set XDG_RUNTIME_DIR")
    return folder


def _last(output: bytes) -> str:
    lines: Iterable[str] = output.decode("utf-8", "replace").strip().splitlines()
    wanted = [line.strip() for line in lines if line.strip()]
    # ssh's banner about a changed key is many lines long; the words that matter stand in its middle.
    told = [line for line in wanted if "REMOTE HOST IDENTIFICATION" in line or host_keys.UNKNOWN in line]
    return (told or wanted or [SILENCE])[-1]
