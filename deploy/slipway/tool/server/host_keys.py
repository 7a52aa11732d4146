"""Which host keys are trusted: the user's own ssh_config decides; by default a new key only at a terminal.

https://man.openbsd.org/ssh_config#StrictHostKeyChecking
"""

import os
import subprocess
import sys
from pathlib import Path

from slipway.tool import config
from slipway.tool.server import state

# What ssh prints when it has saved a new key, and when it rejects one.
ADDED = b"Warning: Permanently added "
UNKNOWN = "host key is known for "
NEW, KNOWN = "accept-new", "yes"
# In the site's state: the name of the server that was provisioned last.
MARKER = "provisioned"


def trust(site: config.Site) -> str:
    """The value for StrictHostKeyChecking: the user's own `yes` or `accept-new`; the latter also in place of `no`."""
    setting = dict(settings(site)).get("stricthostkeychecking", "ask")
    if setting in ("true", "yes"):
        return KNOWN
    if setting in (NEW, "false", "no", "off"):
        return NEW
    # A person sees a new server's fingerprint; CI cannot. The key of the server that was provisioned here is known.
    unattended = "CI" in os.environ or not sys.stdin.isatty()
    return KNOWN if unattended or _provisioned(site) == known_name(site) else NEW


def provisioned(site: config.Site) -> None:
    """From now on the server's key is known on this machine; that of a new server in its place is not."""
    (state.directory(site) / MARKER).write_text(known_name(site))


def _provisioned(site: config.Site) -> str:
    """What known_hosts calls the server that was provisioned last; "" for none."""
    file = state.directory(site) / MARKER
    return file.read_text() if file.exists() else ""


def fingerprint(site: config.Site) -> str:
    """The key that ssh has saved, as `ssh-keygen -l` shows it."""
    wanted = known_name(site)
    for file in dict(settings(site)).get("userknownhostsfile", "~/.ssh/known_hosts").split():
        command = ["ssh-keygen", "-l", "-F", wanted, "-f", str(Path(file).expanduser())]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        shown = [line.split() for line in done.stdout.splitlines() if "SHA256:" in line]
        if shown:
            return (
                next(word for word in shown[0] if word.startswith("SHA256:"))
                + ", compare it with your provider's console"
            )
    return "its fingerprint cannot be shown"


def known_name(site: config.Site) -> str:
    """What known_hosts calls the server: with its port, where that is not 22."""
    options = dict(settings(site))
    name, port = options.get("hostkeyalias") or options.get("hostname", site.server), options.get("port", "22")
    return name if port == "22" or "hostkeyalias" in options else f"[{name}]:{port}"


def settings(site: config.Site) -> list[tuple[str, str]]:
    """ssh's own configuration for the server (`ssh -G`): names in lower case, with their values."""
    own = ["-F", site.ssh_config] if site.ssh_config else []
    done = subprocess.run(["ssh", *own, "-G", site.server], capture_output=True, text=True, check=False)
    return [(name, value) for name, _, value in (line.partition(" ") for line in done.stdout.splitlines())]
