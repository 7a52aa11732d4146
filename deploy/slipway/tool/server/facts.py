"""What a deploy must know of the server, in one round trip."""

import json
import shlex
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.tool import config
from slipway.tool.server import agent, layout
from slipway.tool.server.connection import Connection
from slipway.web.errors import SlipwayError

# The agent's script; sent, because a bare host has no agent.
SCRIPT = agent.SOURCE / "facts.sh"


@dataclass(frozen=True, slots=True)
class Facts:
    """``memory``, ``available`` and ``disk`` are in MB, ``clock_ahead`` in seconds.

    ``resolvers`` are its DNS servers, ``resolved`` maps each name of the site to its addresses there. ``fingerprint``
    is that of the last provisioning ("" if never), ``drifted`` names what has changed since.
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
    # The version of Slipway and the layout of its last deploy; "" and 0 where unknown.
    version: str = ""
    layout: int = 0
    # Paths where the release of that time takes passwords, as regular expressions.
    sign_in_paths: tuple[str, ...] = ()
    # On a server that a site moves to: its ``state``, `arriving` or `arrived`, and then the old server's ``addresses``.
    move: Mapping[str, Any] = field(default_factory=dict)
    # The tables in the server's own database; None where PostgreSQL does not answer.
    tables: int | None = None
    # The generation that it archives to; "" before the first. ``restored``: its database came from another one.
    generation: str = ""
    restored: bool = False
    # Of each calendar expression of the schedule, when that is next by the server's own systemd: "never" if it is over,
    # "" if systemd cannot read it. CI's key does not ask: it changes no schedule.
    calendars: Mapping[str, str] = field(default_factory=dict)
    # Each visitor gets the 503 page.
    maintenance: bool = False

    @property
    def current(self) -> str:
        """The id of the release that serves; "" before the first."""
        return next((each["id"] for each in self.releases if each["current"]), "")

    @property
    def has_data(self) -> bool:
        """Whether its database has tables; one that does not answer has them if a release has served."""
        return bool(self.current) if self.tables is None else self.tables > 0


def gather(connection: Connection, site: config.Site) -> Facts:
    """Asks the server. Raises SlipwayError when its answer cannot be understood."""
    began = time.time()
    ask = script(site.hosts, [each.when for each in site.schedule])
    data = connection.agent("facts", *site.hosts) if connection.restricted else connection.run(ask)
    return parse(data, (began + time.time()) / 2)


def script(names: Iterable[str], calendars: Iterable[str] = ()) -> str:
    """The agent's facts.sh with its variables; ``names`` are looked up, ``calendars`` read by systemd."""
    paths = {name: value for name, value in layout.VALUES.items() if isinstance(value, str)}
    variables = paths | {"NAMES": " ".join(names), "CALENDARS": "\n".join(dict.fromkeys(calendars))}
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items()) + SCRIPT.read_text()


def parse(text: str, now: float) -> Facts:
    """The facts in the script's output; ``now`` is this machine's clock when it ran."""
    data: dict[str, str] = {}
    resolved, calendars = {}, {}
    for line in text.splitlines():
        key, _, value = line.partition("=")
        if key == "name":
            name, *addresses = value.split()
            resolved[name] = tuple(addresses)
        elif key == "calendar":
            when, _, following = value.partition(" = ")
            calendars[when] = following.strip()
        else:
            data[key] = value
    try:
        drift = json.loads(data.get("drift") or "{}")
        settings = json.loads(data.get("settings") or "{}")
        backups = json.loads(data.get("generation") or "{}")
        return Facts(
            system=data["system"].strip(),
            machine=data["machine"],
            memory=int(data["memory"]),
            available=int(data["available"]),
            cpus=int(data["cpus"]),
            disk=int(data["disk"]),
            clock_ahead=float(data["clock"]) - now,
            glibc=data["glibc"],
            python=data["python"],
            addresses=tuple(data["addresses"].split()),
            resolvers=tuple(data.get("resolvers", "").split()),
            resolved=resolved,
            venvs=tuple(data["venvs"].split()),
            fingerprint=drift.get("fingerprint", ""),
            drifted=tuple(drift.get("drifted", ())),
            releases=tuple(json.loads(data.get("releases") or "[]")),
            version=settings.get("version", ""),
            layout=settings.get("layout", 0),
            move=json.loads(data.get("move") or "{}"),
            sign_in_paths=tuple(json.loads(data.get("sign_in_paths") or "[]")),
            tables=int(data["tables"]) if data.get("tables") else None,
            generation=backups.get("generation", ""),
            restored=bool(backups.get("restored_from")),
            calendars=calendars,
            maintenance=data.get("maintenance") == "on",
        )
    except (KeyError, ValueError) as error:
        raise SlipwayError(f"the server's answer cannot be read ({error}); does it run Debian or Ubuntu?") from None
