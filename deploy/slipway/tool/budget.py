"""Turns deploy/budget.yml and a host's memory into limits, worker counts and PostgreSQL's settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import yaml

from slipway import ROOT
from slipway.tool.config.background import Worker
from slipway.web.errors import SlipwayError

TABLE = ROOT / "deploy" / "budget.yml"
# PostgreSQL's own jobs, an admin's psql and the migrations. Beside them there is one for each thread, with those of one
# worker more, which checks a release or serves during a restart.
SPARE_CONNECTIONS = 14
# The services of a host that has the database.
OF_DATABASE = ("postgresql", "archive")
# Connections to PostgreSQL that one of the site's own workers may keep.
WORKER_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Budget:
    """``memory`` and the ``parts`` of the services are in MB."""

    memory: int
    parts: dict[str, int]
    workers: int
    threads: int
    # How many processes of the site's own run beside Gunicorn.
    others: int = 0

    @property
    def free(self) -> int:
        """MB that no service has: the page cache."""
        return self.memory - sum(self.parts.values())

    def variables(self) -> dict[str, Any]:
        """The roles' variables."""
        gunicorn, nginx, database = (self.parts.get(name, 0) for name in ("gunicorn", "nginx", "postgresql"))
        tuned = {
            "postgresql_shared_buffers": f"{database * 2 // 3}MB",
            "postgresql_work_mem": f"{max(2, database // 48)}MB",
            "postgresql_maintenance_work_mem": f"{database // 4}MB",
            "postgresql_max_connections": (self.workers + 1) * self.threads
            + self.others * WORKER_CONNECTIONS
            + SPARE_CONNECTIONS,
            # Its files in the page cache count too, and the first WAL file of a server needs TLS twice.
            "backup_archive_memory_max": f"{self.parts.get('archive', 0) * 2}M",
        }
        return (tuned if database else {}) | {
            "gunicorn_workers": self.workers,
            "gunicorn_threads": self.threads,
            # Throttled at its share, killed a quarter above it.
            "gunicorn_memory_high": f"{gunicorn}M",
            "gunicorn_memory_max": f"{gunicorn * 5 // 4}M",
            # nginx's memory is mostly buffers of waiting clients: its limit is for the highest load.
            "nginx_memory_max": f"{nginx * 3}M",
            "agent_memory_max": f"{self.parts['release']}M",
        }

    def lines(self) -> list[str]:
        """The table, as it is printed."""
        width = max(map(len, self.parts))
        return [f"{name:<{width}} {mb:>5} MB" for name, mb in self.parts.items()] + [
            f"{'free':<{width}} {self.free:>5} MB of {self.memory}, for the page cache; "
            f"{self.workers} Gunicorn workers of {self.threads} threads"
        ]


def least() -> dict[str, int]:
    """Service → the MB that it needs in any case."""
    return {name: part["least"] for name, part in yaml.safe_load(TABLE.read_text())["services"].items()}


def plan(
    memory: int,
    cpus: int,
    *,
    database: bool = True,
    workers: int = 0,
    threads: int = 0,
    shares: Mapping[str, int] = MappingProxyType({}),
    others: Sequence[Worker] = (),
) -> Budget:
    """The budget of a host with ``memory`` MB; without ``database`` PostgreSQL runs elsewhere.

    ``workers``: the number in site.yml, or 0 for as many as fit and the CPUs keep busy. ``threads``: the number in
    site.yml, or 0 for the table's as far as PostgreSQL has memory for their connections. ``shares``: the MB of
    services in site.yml, in place of the table's. ``others``: the site's own
    workers; where the rest has no room for them, what Gunicorn's ``workers`` leave of its part is theirs.

    Raises SlipwayError when it does not fit.
    """
    table = yaml.safe_load(TABLE.read_text())
    above = max(0, memory - table["measured_on"] - sum(each.memory for each in others))
    parts = {
        name: int(part["mb"] + part["more"] * above)
        for name, part in table["services"].items()
        if database or name not in OF_DATABASE
    }
    for name in shares.keys() - parts.keys():
        raise SlipwayError(f"memory: {name} in site.yml: the database is not on this server; take it out")
    own = parts | shares
    needed = sum(own.values())
    if shares and needed > memory >= sum(parts.values()):
        figures = " + ".join(f"{name} {mb}" for name, mb in own.items())
        raise SlipwayError(
            f"memory: with site.yml's the parts are {figures} = {needed} MB, and the server shows {memory} MB: "
            f"take {needed - memory} MB off"
        )
    parts = own
    if sum(parts.values()) > memory:
        raise SlipwayError(
            f"the server shows {memory} MB of memory and the budget needs {sum(parts.values())} MB: "
            f"take a larger server, or change {TABLE.parent.name}/{TABLE.name}"
        )
    room = max(1, (parts["gunicorn"] - table["gunicorn_master"]) // table["gunicorn_worker"])
    if workers > room:
        needed = table["gunicorn_master"] + workers * table["gunicorn_worker"]
        raise SlipwayError(
            f"gunicorn_workers: {workers} in site.yml need {needed} MB, and "
            f"Gunicorn's part of this server is {parts['gunicorn']} MB: write {room} or fewer, or take a larger server"
        )
    if others:
        # A part that site.yml names stays as it is.
        gives = workers if "gunicorn" not in shares else 0
        _make_room(table, parts, memory - sum(parts.values()), gives, others)
    workers = workers or min(room, 2 * cpus + 1)
    return Budget(memory, parts, workers, _threads(table, parts.get("postgresql"), workers, threads), len(others))


def _make_room(table: dict[str, Any], parts: dict[str, int], free: int, given: int, others: Sequence[Worker]) -> None:
    """Adds the site's own workers to the parts. Raises SlipwayError, with what else can be done, when they do not fit.

    ``given`` is `gunicorn_workers` in site.yml, or 0."""
    needed = sum(each.memory for each in others)
    spared = max(0, parts["gunicorn"] - table["gunicorn_master"] - (given or 1) * table["gunicorn_worker"])
    room = free + (spared if given else 0)
    if needed > room:
        figures = ", ".join(f"{each.name} {each.memory}" for each in others)
        smaller = not given and needed <= free + spared
        offers = [f"write `gunicorn_workers: 1`, which leaves {spared} MB"] if smaller else []
        offers += ["start it by a timer, which takes nothing at rest (docs/jobs.md)", "take a larger server"]
        raise SlipwayError(
            f"workers in site.yml need {needed} MB ({figures}), and the budget of this server has {room} MB left: "
            f"{', or '.join(offers)}"
        )
    if needed > free:
        parts["gunicorn"] -= needed - free
    parts |= {f"worker {each.name}": each.memory for each in others}


def _threads(table: dict[str, Any], postgresql: int | None, workers: int, given: int) -> int:
    """The threads of each worker. Raises SlipwayError when PostgreSQL's MB do not hold a connection for each."""
    if postgresql is None:
        return given or table["gunicorn_threads"]
    # What shared_buffers leaves.
    connections = postgresql // 3 // table["postgresql_connection"]
    room = max(1, connections // workers)
    if given > room:
        raise SlipwayError(
            f"gunicorn_threads: {given} in site.yml may open {workers * given} connections to PostgreSQL, and its part "
            f"of this server has room for {connections}: write {room} or fewer, or take a larger server"
        )
    return given or min(room, table["gunicorn_threads"])
