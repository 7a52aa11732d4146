"""What a deploy must know of the server, in one round trip."""

import json
import shlex
import time
from dataclasses import dataclass
from typing import Any

from slipway.tool import config
from slipway.tool.server import agent
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError

# The agent's own; sent, because a bare host has no agent.
SCRIPT = agent.SOURCE / "facts.sh"


@dataclass(frozen=True, slots=True)
class Facts:
    """``memory``, ``available`` and ``disk`` are in MB, ``clock_ahead`` in seconds.

    ``resolvers`` are the addresses that it asks for names, ``resolved`` maps each name of the site to what it finds for
    it. ``fingerprint`` is what the server was last provisioned by ("" when it never was), ``drifted`` names what is
    otherwise since.
    """

    system: str
    machine: str
    memory: int
    available: int
    cpus: int
    disk: int
    clock_ahead: float
    glibc: str
    python: str
    addresses: tuple[str, ...]
    resolvers: tuple[str, ...]
    resolved: dict[str, tuple[str, ...]]
    venvs: tuple[str, ...]
    fingerprint: str
    drifted: tuple[str, ...]
    releases: tuple[dict[str, Any], ...]
    # Where the release that it was last provisioned for takes passwords, as regular expressions.
    sign_in_paths: tuple[str, ...] = ()

    @property
    def current(self) -> str:
        """The id of the release that serves; "" before the first."""
        return next((each["id"] for each in self.releases if each["current"]), "")


def gather(connection: Connection, site: config.Site) -> Facts:
    """Asks the server. Raises SlipwayError when its answer cannot be understood."""
    began = time.time()
    names = (site.host, *site.redirects)
    if connection.restricted:
        said = connection.agent("facts", *names)
    else:
        said = connection.run(f"NAMES={shlex.quote(' '.join(names))}; {SCRIPT.read_text()}")
    return parse(said, (began + time.time()) / 2)


def parse(text: str, now: float) -> Facts:
    """The facts in the script's output; ``now`` is this machine's clock when it ran."""
    said: dict[str, str] = {}
    resolved = {}
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "name":
            name, *addresses = value.split()
            resolved[name] = tuple(addresses)
        else:
            said[key] = value
    try:
        drift = json.loads(said.get("drift") or "{}")
        return Facts(
            system=said["system"].strip(),
            machine=said["machine"],
            memory=int(said["memory"]),
            available=int(said["available"]),
            cpus=int(said["cpus"]),
            disk=int(said["disk"]),
            clock_ahead=float(said["clock"]) - now,
            glibc=said["glibc"],
            python=said["python"],
            addresses=tuple(said["addresses"].split()),
            resolvers=tuple(said.get("resolvers", "").split()),
            resolved=resolved,
            venvs=tuple(said["venvs"].split()),
            fingerprint=drift.get("fingerprint", ""),
            drifted=tuple(drift.get("drifted", ())),
            releases=tuple(json.loads(said.get("releases") or "[]")),
            sign_in_paths=tuple(json.loads(said.get("sign_in_paths") or "[]")),
        )
    except (KeyError, ValueError) as error:
        raise SlipwayError(f"the server's answer is not understood ({error}); is it a Debian?") from None
