"""Whose host key is believed: the user's own ssh_config decides; where it does not, a new key only at a terminal.

https://man.openbsd.org/ssh_config#StrictHostKeyChecking
"""

import os
import subprocess
import sys
from pathlib import Path

from slipway.tool import config
from slipway.tool.server import state

# What ssh says when it has noted a new key, and when it would not.
ADDED = b"Warning: Permanently added "
UNKNOWN = "host key is known for "
NEW, KNOWN = "accept-new", "yes"


def trust(site: config.Site) -> str:
    """What StrictHostKeyChecking is to be. Whoever wrote `yes` or `accept-new` gets that, and for `no` the latter."""
    data = dict(settings(site)).get("stricthostkeychecking", "ask")
    if data in ("true", "yes"):
        return KNOWN
    if data in (NEW, "false", "no", "off"):
        return NEW
    # A person sees the fingerprint of a server that is new; CI cannot, and what was provisioned here is known.
    nobody = "CI" in os.environ or not sys.stdin.isatty()
    return KNOWN if nobody or (state.directory(site) / "provisioned").exists() else NEW


def provisioned(site: config.Site) -> None:
    """From now on the server's key is known on this machine."""
    (state.directory(site) / "provisioned").touch()


def fingerprint(site: config.Site) -> str:
    """The key that ssh has noted, as `ssh-keygen -l` shows it."""
    data = dict(settings(site))
    name, port = data.get("hostkeyalias") or data.get("hostname", site.server), data.get("port", "22")
    wanted = name if port == "22" or "hostkeyalias" in data else f"[{name}]:{port}"
    for file in data.get("userknownhostsfile", "~/.ssh/known_hosts").split():
        command = ["ssh-keygen", "-l", "-F", wanted, "-f", str(Path(file).expanduser())]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        shown = [line.split() for line in done.stdout.splitlines() if "SHA256:" in line]
        if shown:
            return (
                next(word for word in shown[0] if word.startswith("SHA256:"))
                + ", compare it with your provider's console"
            )
    return "its fingerprint cannot be shown"


def settings(site: config.Site) -> list[tuple[str, str]]:
    """What ssh would do, by its own configuration: names in lower case, with their values."""
    own = ["-F", site.ssh_config] if site.ssh_config else []
    data = subprocess.run(["ssh", *own, "-G", site.server], capture_output=True, text=True, check=False)
    return [(name, value) for name, _, value in (line.partition(" ") for line in data.stdout.splitlines())]
