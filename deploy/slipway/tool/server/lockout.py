"""Rejects admin_keys without a key of this machine, before a deploy would lock it out."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from slipway.tool import config, public_keys
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError

AGENT = "SSH_AUTH_SOCK"


def check(site: config.Site) -> None:
    """Raises SlipwayError when ssh here has none of them; where that is unknown, the playbook tries a login itself.

    CI's key is enough: it never runs the playbook.
    """
    offered = _offered(site)
    if not site.admin_keys or not offered:
        return
    allowed = (*site.admin_keys, site.ci_key) if site.ci_key else site.admin_keys
    if not any(public_keys.same(one, other) for one in allowed for other in offered):
        raise SlipwayError(
            f"{site.path}: admin_keys: no key of this machine's is among them, so it would be locked out of "
            f"{site.server}; add yours, such as `{offered[0]}`"
        )


def check_ci(site: config.Site) -> None:
    """Raises SlipwayError when ssh here has CI's key alone: it opened a shell, so the server has it as a person's."""
    offered = _offered(site)
    if site.ci_key and offered and all(public_keys.same(site.ci_key, each) for each in offered):
        raise SlipwayError(
            f"{site.server}: ci_key opens a shell there, because the server has it as a person's too; take it "
            f"out of {LAYOUT.admin_keys}, or run `make deploy` from a machine whose key is in admin_keys"
        )


def _offered(site: config.Site) -> list[str]:
    """The public halves of what ssh logs in with; none where one of them cannot be read."""
    lines = _lines("ssh", *(["-F", site.ssh_config] if site.ssh_config else []), "-G", site.server)
    options = [line.partition(" ")[::2] for line in lines]
    values = dict(options)
    if values.get("pkcs11provider", "none") != "none":
        return []
    agent = values.get("identityagent", AGENT)
    # A path, or the variable that holds one.
    socket = os.environ.get(agent.removeprefix("$"), str(Path(agent).expanduser()))
    keys = _lines("ssh-add", "-L", environment={AGENT: socket})
    offered = [line for line in keys if line.startswith(public_keys.KINDS)]
    for name, value in options:
        path = Path(value).expanduser()
        if name == "identityfile" and path.is_file():
            public = path.with_name(f"{path.name}.pub")
            if not public.is_file() and not (line := _lines("ssh-keygen", "-y", "-P", "", "-f", str(path))):
                return []
            offered.append(public.read_text().strip() if public.is_file() else line[0])
    return offered


def _lines(*command: str, environment: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """The lines that a command prints; none when it fails."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **environment},
            check=False,
        )
    except OSError:
        return []
    return done.stdout.splitlines() if not done.returncode else []
