"""A running rehearsal: its site, its machine, its log, and the commands that its steps share."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

from rehearsal.host import Host
from rehearsal.load import Load, Requests, seconds_each
from rehearsal.machine.machine import Machine
from rehearsal.memory import Memory
from rehearsal.run_log import Phase, RunLog
from rehearsal.server_site import USER, ServerSite
from rehearsal.visitor import ask
from slipway import ROOT
from static_smoke.options import Options, parse

RATE = 10  # requests a second; fewer where they would take more than SHARE of an emulated machine's CPU
# The release and the playbook need the rest: a machine without any left measures its own queue.
SHARE = 0.35
# Mostly the lightest page with a database query, because an emulated CPU renders a page of the site some ten times
# slower than a real one.
LIGHT = ("/healthz/ready",) * 9
NO_KERNEL = "the kernel is this computer's own; MACHINE=qemu shows it"


@dataclass(slots=True)
class Results:
    """The report's data besides phases and checks. ``smoke`` is the folder of the proof's report."""

    url: str = ""
    smoke: Path | None = None
    memory: Memory | None = None
    loads: dict[str, Requests] = field(default_factory=dict)
    # What losing the server cost; a rehearsal.steps.disaster.Disaster.
    disaster: Any = None


class Run:
    """The argument of a step, which adds its checks to ``log``."""

    def __init__(self, site: ServerSite, log: RunLog) -> None:
        self.site = site
        self.host = Host(site)
        self.log = log
        self.results = Results()
        # All that were booted; the last one booted is first to end.
        self.machines = [site.machine]

    @property
    def machine(self) -> Machine:
        """The one that serves."""
        return self.site.machine

    def bare_machine(self, release: str = "", *names: str) -> Machine:
        """One more of the same kind, on the network of the first: booted, with the site's names and authorities, or
        other ``names``. Its ``release`` is by default that of the machine that serves."""
        first = self.machines[0]
        number = len(self.machines) + 1
        directory = first.directory.with_name(f"{first.directory.name}-{number}")
        machine = first.another(directory, release or self.machine.release)
        self.machines.append(machine)
        machine.prepare()
        machine.boot(self.site.processes)
        Host(self.site, machine).prepare(*names)
        return machine

    def command(self, name: str, phase: Phase, *arguments: str) -> str:
        """The output of a tool command. Raises SlipwayError with its last line when it fails."""
        return self.log.must(name, tool(*arguments), env=self.site.deployer("admin"), cwd=ROOT, into=phase)

    def status(self) -> tuple[int, str]:
        """Exit status and output of `make status`."""
        return self.log.run("status", tool("status"), env=self.site.deployer("admin"), cwd=ROOT)

    @contextmanager
    def under_load(self, during: str, light: Sequence[str] = LIGHT) -> Iterator[None]:
        """Sends requests while the block runs, and checks that none of them fails; ``light`` are most of them."""
        load = self.load(light)
        self.results.loads[during] = requests = load.requests
        with load:
            yield
        self.log.check(f"No request fails during {during}", not requests.failed and requests.sent > 0, str(requests))

    def load(self, light: Sequence[str] = LIGHT) -> Load:
        """Requests to the site, as many as the machine has time for beside a release."""
        site = self.site.site
        # All through TLS, nginx and Django.
        urls = [site.site_url + path for path in (*light, *(site.paths[:1] or ["/"]))]
        where = self.machine.ports[443], self.site.trusted
        return Load(urls, *where, rate=min(RATE, SHARE / seconds_each(urls, *where)))

    def visit(self, path: str, **headers: str) -> HTTPResponse:
        """A visitor's answer, with its ``text``. Raises OSError without one."""
        return ask(self.machine.ports[443], self.site.site.host, self.site.trusted, path, **headers)

    def check_with_kernel(self, what: str, passed: bool, result: str) -> None:
        """A check that needs a machine with a kernel of its own."""
        if self.machine.own_kernel:
            self.log.check(what, passed, result)
        else:
            self.log.skip(what, f"{result}; {NO_KERNEL}")

    def options(self) -> Options:
        """The proof's options, with which its client reaches the site and signs in."""
        options = parse(["--site", self.site.site.site_url, *self.site.smoke_arguments()])
        return replace(options, login=(USER, self.site.password))


def tool(*arguments: str) -> list[str]:
    """The command line of a tool command."""
    return [sys.executable, "-m", "slipway.tool", *arguments]
