"""The old and the new server of a move: what is checked before anything changes, and how they reach each other."""

import dataclasses
import ipaddress
import json
import secrets as random
import shlex
from dataclasses import dataclass
from typing import Any

from slipway.tool import config
from slipway.tool.budget import Budget
from slipway.tool.secrets import Secrets
from slipway.tool.server import facts, inventory, preflight, upload
from slipway.tool.server.connection import Connection, reach
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError

# The PostgreSQL of each system's own packages; known before it is installed.
POSTGRESQL = {"debian 12": "15", "debian 13": "17", "ubuntu 24.04": "16"}
# How the database travels; NONE where it is elsewhere.
WAL, DUMP, NONE = "wal", "dump", "none"


@dataclass(slots=True)
class Old:
    """The server that serves. ``plan`` is what its agent says for a move (deploy/agent/move.py)."""

    site: config.Site
    connection: Connection
    host: facts.Facts
    plan: dict[str, Any]

    @property
    def moved(self) -> bool:
        """Whether it only forwards already: what is left is to do after that."""
        return self.plan["move"].get("state") == "moved"

    def addresses(self) -> set[str]:
        """Those of its own, and those at which it is reached: DNS may name any of them."""
        return {each for each in (*self.connection.addresses(), *self.host.addresses) if is_usable(each)}


@dataclass(slots=True)
class New:
    """The server that the site moves to; bare, or as an earlier run of the same move left it."""

    site: config.Site
    connection: Connection
    host: facts.Facts
    budget: Budget

    def gather(self) -> None:
        self.host = facts.gather(self.connection, self.site)


def old(site: config.Site) -> Old:
    """Raises SlipwayError where there is nothing to move, or something of it cannot be moved."""
    connection = reach(site, moving=True)
    if connection.restricted:
        raise SlipwayError("a move needs a person's key: run it from a machine whose key is in admin_keys")
    host = facts.gather(connection, site)
    if not host.fingerprint:
        raise SlipwayError(f"{site.server}: nothing was deployed there, so there is nothing to move; run `make deploy`")
    if host.layout != LAYOUT.version:
        raise SlipwayError(f"{site.server}: its last deploy was by another version of Slipway; run `make deploy` first")
    plan = json.loads(connection.agent("move", "plan"))
    if not plan["release"]:
        raise SlipwayError(f"{site.server}: no release serves there; run `make deploy` first")
    if plan["certificate"]:
        raise SlipwayError(
            f"{site.server}: {plan['certificate']}, and the new server cannot get one while DNS names the old: "
            "renew it there first, `sudo slipway-certificate renew`"
        )
    return Old(site, connection, host, plan)


def new(site: config.Site, secrets: Secrets, before: Old, server: str) -> New:
    """Raises SlipwayError where it is the same server, serves a site already, or does not meet the requirements."""
    there = dataclasses.replace(site, server=server)
    connection = reach(there, moving=True)
    host = facts.gather(connection, there)
    if _identity(connection) == _identity(before.connection):
        raise SlipwayError(f"{server} is the server that serves the site: TO= names the one that it moves to")
    if host.fingerprint and not host.move:
        raise SlipwayError(
            f"{server}: a site was deployed there already, and a move would overwrite it; take a bare server"
        )
    # DNS names the old one until the site has moved, and that is right.
    accepted = connection.addresses() | before.addresses()
    budget = preflight.check(there, host, accepted, database="DATABASE_URL" not in secrets.web, moving=True)
    _, venv = upload.lock_of(before.host)
    if venv != before.plan["lock"] and not before.moved:
        raise SlipwayError(
            f"{site.server}: release {before.plan['release']} has other packages than this checkout's lock file; "
            "run `make deploy` with this checkout first"
        )
    after = New(there, connection, host, budget)
    size, free = before.plan["size"] >> 20, host.disk
    # A dump is loaded while nothing of it is archived: its WAL stays too.
    needed = (1 if way(secrets, before, after)[0] == WAL else 3) * size
    if free < needed + preflight.DISK:
        raise SlipwayError(f"{server}: / has {free} MB free, and a database of {size} MB needs {needed}; make room")
    return after


def _identity(connection: Connection) -> str:
    """Two names of one server have the same; a copy of its disk has other addresses."""
    files = "/etc/machine-id /etc/ssh/ssh_host_*_key.pub"
    return connection.run(f"cat {files} 2>/dev/null; ip -o address | awk '{{print $4}}'").strip()


def way(secrets: Secrets, before: Old, after: New) -> tuple[str, str]:
    """How the database travels, and why it is no better way: WAL suits a server of the same kind, whatever the size of
    the database; a dump suits each version of PostgreSQL; one elsewhere stays where it is.
    """
    if not inventory.database(secrets):
        return NONE, "it is elsewhere, and stays there"
    there, here = POSTGRESQL[after.host.system], before.plan["postgresql"]
    if there != here:
        return DUMP, f"PostgreSQL {here} to {there}"
    # The order of texts in an index is the system's, and how its pages are laid out the processor's.
    kinds = [f"{host.system} on {host.machine}" for host in (before.host, after.host)]
    if kinds[0] != kinds[1]:
        return DUMP, " to ".join(kinds)
    why = before.plan["unarchived"]
    return (DUMP, why) if why else (WAL, f"PostgreSQL {here} on both")


def find_address(before: Old, after: New) -> tuple[str, str]:
    """At which address the old server reaches the new one, by TLS and the site's name; and by which address the new one
    sees it. Raises SlipwayError where it does not.
    """
    known = [*sorted(after.connection.addresses()), *after.host.addresses]
    usable = [each for each in dict.fromkeys(known) if is_usable(each)]
    token = random.token_hex(8)
    faults = json.loads(before.connection.agent("move", "reach", token, *usable))
    seen = json.loads(after.connection.agent("move", "seen", token))
    for number, address in enumerate(usable):
        if not faults[address] and str(number) in seen:
            return address, seen[str(number)]
    why = "; ".join(f"{address}: {fault or 'another server answers there'}" for address, fault in faults.items())
    raise SlipwayError(
        f"{before.site.server} does not reach {after.site.server} on port 443 as {before.site.host}: "
        f"{why or 'it has no address'}; let it through, and run the same command again"
    )


def is_usable(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return not (parsed.is_loopback or parsed.is_link_local)


def mark(after: New) -> None:
    """Notes on the bare server that this site moves to it: a later run goes on, and no archive is begun there."""
    text = json.dumps({"state": "arriving", "from": after.site.host})
    path = LAYOUT.move_state
    after.connection.run(
        f"mkdir -p {shlex.quote(LAYOUT.state)} && [ -e {path} ] || printf '%s\\n' {shlex.quote(text)} > {path}"
    )
