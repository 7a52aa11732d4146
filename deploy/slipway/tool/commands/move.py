"""`make move TO=<server>`: brings the site, with its database, from its server to another one, and loses no write."""

import argparse
import json
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass

from slipway.tool import config
from slipway.tool.move import servers, transfer
from slipway.tool.move.copy import Copy
from slipway.tool.move.servers import DUMP, NONE, WAL, New, Old
from slipway.tool.move.wall import Wall
from slipway.tool.phases import phase
from slipway.tool.secrets import Secrets
from slipway.tool.server import facts, inventory, lock, lockout, site_nginx
from slipway.tool.server.connection import Connection
from slipway.tool.server.provision import provision
from slipway.web.errors import SlipwayError

help = "move the site to another server: TO=its address"
interrupted = "interrupted; the old server serves unless it was said that it forwards. The same command goes on"

# The wall's limit, s; it does not depend on the database. With a dump: so many times what it took, and this beside.
SECONDS = 30
TWICE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", default="", help="the new server: an address, or a name of your ssh_config")
    parser.add_argument("--end", action="store_true", help="after DNS has changed: end the old server's part")
    parser.add_argument("--yes", action="store_true", help="ask nothing")


def run(options: argparse.Namespace) -> int:
    site = config.load()
    if bool(options.to) == options.end:
        raise SlipwayError("make move TO=<server>: name the server that the site moves to; END=1 ends a move")
    if options.end:
        return _end(site)
    move = Move(site, Secrets.load(site), options)
    with ExitStack() as stack:
        move.check()
        with phase("Take the deploy lock of the old server"):
            stack.enter_context(lock.held(move.old.connection))
        if move.old.plan["move"].get("state") == "closed":
            with phase("Open the old server again, which an earlier run has closed"):
                print(f"    {move.old.connection.agent('move', 'back')}")
        if not move.old.moved:
            move.prepare(stack)
            move.copy(stack)
            move.switch()
        else:
            move.again(stack)
        move.conclude()
    return 0


@dataclass(slots=True)
class Move:
    """One move; the methods are its phases, in the order of their calls."""

    site: config.Site
    secrets: Secrets
    options: argparse.Namespace
    old: Old | None = None
    new: New | None = None
    # How the database travels and why so, its copy that follows by WAL, the address at which the old server reaches the
    # new one, and the wall's limit.
    how: str = ""
    why: str = ""
    following: Copy | None = None
    address: str = ""
    limit: int = SECONDS

    def check(self) -> None:
        """Both servers, before anything changes."""
        with phase("Check both servers"):
            lockout.check(self.site)
            site_nginx.read(self.site.project)
            self.old = servers.old(self.site)
            self.new = servers.new(self.site, self.secrets, self.old, self.options.to)
            self.how, self.why = servers.way(self.secrets, self.old, self.new)
            for line in self._described():
                print(f"    {line}")

    def _described(self) -> list[str]:
        old, new = self.old, self.new
        lines = [
            f"old  {old.site.server}: {old.host.system}, {old.host.memory} MB, release {old.plan['release']}",
            f"new  {new.site.server}: {new.host.system}, {new.host.memory} MB, "
            + ("bare" if not new.host.fingerprint else "from an earlier run of this move"),
        ]
        if old.moved:
            return [*lines, f"the old one forwards since {old.plan['move']['at']}"]
        how = {DUMP: "dumped and loaded", WAL: "copied from its backup, and then it follows by WAL"}
        if self.how != NONE:
            lines.append(f"database: {old.plan['size'] / 1e6:.0f} MB, {how[self.how]} ({self.why})")
        return lines + new.budget.lines()

    def prepare(self, stack: ExitStack) -> None:
        """Everything but the database, while the old server serves."""
        with phase("Copy the certificate and the ACME account"):
            servers.mark(self.new)
            if self.site.tls != "none":
                transfer.certificate(self.old, self.new)
        described = inventory.write(self.new.site, self.secrets, self.new.budget, self.old.host.sign_in_paths)
        if self.new.host.fingerprint != described.fingerprint or self.new.host.drifted:
            with phase(f"Provision {self.new.site.server}"):
                self._provision(described)
        self._hold(stack)
        with phase(f"Send release {self.old.plan['release']}, which serves"):
            print(f"    {transfer.release(self.old, self.new):.1f} MB of packages with it")
        with phase("Ask the new server from the old one, by TLS and the site's name"):
            self.address, sees = servers.find_address(self.old, self.new)
            self.new.connection.agent("move", "trust", sees)
            print(f"    at {self.address}; it will believe {sees} whose requests it forwards")

    def _provision(self, described: inventory.Inventory) -> None:
        site = self.new.site
        self.new.connection, self.new.host = provision(site, self.secrets, described, moving=True)

    def _hold(self, stack: ExitStack) -> None:
        with phase("Take the deploy lock of the new server"):
            self.new.connection = Connection(self.new.site, moving=True)
            stack.enter_context(lock.held(self.new.connection))

    def copy(self, stack: ExitStack) -> None:
        """The database for the first time, while the old server serves and writes go on."""
        about = "some"
        if self.how == DUMP:
            with phase("Copy the database once, which shows how long it takes, and check the release with it"):
                began = time.monotonic()
                size = transfer.database(self.old, self.new)
                took = time.monotonic() - began
                print(f"    {size} in {took:.0f} s; {self.new.connection.agent('check', self.old.plan['release'])}")
            self.limit, about = SECONDS + round(TWICE * took), f"about {took + 10:.0f}"
        elif self.how == WAL:
            with phase("Copy the database from its newest backup, and let it follow the old server by WAL"):
                self.following = stack.enter_context(Copy(self.old, self.new))
                self.following.reach()
            with phase("Check the release with the copy, which can only be read"):
                print(f"    {self.following.check()}")
        print(f"  nobody will be served for {about} seconds; after {self.limit} s the old server serves again")
        if not self._agreed("Move now?"):
            raise SlipwayError("not moved; the old server serves on, and the same command goes on from here")
        if self.following:
            # While somebody thought about it, it went on.
            self.following.reach()

    def switch(self) -> None:
        """The wall, the last writes, and the new server's first answers."""
        began = time.monotonic()

        def at(what: str) -> None:
            print(f"    {time.monotonic() - began:5.1f} s  {what}", flush=True)

        title = f"The wall: a 503 for everybody, {self.limit} s at most"
        with phase(title), Wall(self.old, self.address, self.limit, self.how) as wall:
            at("the old server is closed, and nobody writes there")
            if self.how == DUMP:
                at(f"the database is there: {transfer.database(self.old, self.new)}")
            elif self.how == WAL:
                self.following.finish(wall.last)
                at(f"the database is there, up to where the old one was shut down, {json.loads(wall.last)['at']}")
            self.new.connection.agent("activate", self.old.plan["release"])
            at("the site answers on the new server")
            wall.forward()
            at("the old server does nothing else any more")

    def again(self, stack: ExitStack) -> None:
        """After the old server has begun to forward: what an interrupted run left to do."""
        self.old.connection.agent("move", "back")
        self._hold(stack)

    def conclude(self) -> None:
        with phase("Make the new server the site's own"):
            self.new.connection.agent("move", "arrive", *sorted(self.old.addresses()))
        server = self.new.site.server
        print(f"\n{self.site.site_url} is served by {server}, and {self.site.server} forwards to it")
        if self._agreed(f"Write `server: {server}` into {self.site.path.name}?"):
            text = self.site.path.read_text()
            self.site.path.write_text(transfer.put_server(text, server))
            print(f"  {self.site.path.name} names {server} now; commit it")
        else:
            print(f"  next: write `server: {server}` into {self.site.path.name}; `make deploy` works there after that")
        names = ", ".join(self.site.hosts)
        print(f"  then: let DNS name the new server ({names}), and a day later run `make move END=1`")
        for problem in json.loads(self.new.connection.agent("status"))["problems"]:
            print(f"  warning   {problem}")

    def _agreed(self, question: str) -> bool:
        if self.options.yes:
            return True
        return sys.stdin.isatty() and input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _end(site: config.Site) -> int:
    """After DNS has changed: the new server believes the old one no more, whose address will be somebody else's."""
    connection = Connection(site)
    host = facts.gather(connection, site)
    if not host.move:
        raise SlipwayError(f"{site.server}: no move is to be ended there; `server` in {site.path.name} names it")
    here = {*host.addresses, *connection.addresses()}
    behind = [name for name, found in host.resolved.items() if not found or set(found) - here]
    if behind and site.tls != "none":
        raise SlipwayError(f"DNS: {', '.join(behind)} does not resolve to {site.server} alone yet; change it first")
    with lock.held(connection), phase("Believe the old server no more"):
        addresses = connection.agent("move", "end")
    print(f"the move is ended; the old server ({addresses}) can be deleted at its provider")
    return 0
