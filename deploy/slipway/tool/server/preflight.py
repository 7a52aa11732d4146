"""Rejects a deploy that would fail, before anything on the server is changed."""

import re
from collections.abc import Set

from slipway.tool import VERSION, budget, config
from slipway.tool.requirements import files
from slipway.tool.server.facts import Facts
from slipway.tool.server.layout import LAYOUT
from slipway.web.errors import SlipwayError

# MB: a release with its venv, PostgreSQL's first tables, logs; and apt's packages on a bare host.
DISK = 300
DISK_BARE = 2500
CLOCK = 300  # s; a signature to AWS may be 15 minutes off, a certificate's first minute less


def check(site: config.Site, facts: Facts, reached: Set[str], *, database: bool, moving: bool = False) -> budget.Budget:
    """Returns the memory budget of a host that meets the requirements; SSH ``reached`` it at these addresses.

    ``moving``: for a move, which goes on where an earlier run of it ended. Raises SlipwayError with what is wrong and
    what to do.
    """
    if _numbers(facts.version) > _numbers(VERSION):
        raise SlipwayError(
            f"{site.server} was deployed by Slipway {facts.version}, and this checkout is {VERSION}: "
            "take the newer one, git pull or merge it"
        )
    if facts.move.get("state") == "arriving" and not moving:
        raise SlipwayError(f"{site.server}: a move to it is not done; name the old server, and `make move` again")
    if facts.system not in LAYOUT.systems:
        raise SlipwayError(f"{site.server} runs {facts.system}; install one of {', '.join(LAYOUT.systems)}")
    files.for_server(facts.python)
    planned = budget.plan(
        facts.memory,
        facts.cpus,
        database=database,
        workers=site.gunicorn_workers,
        threads=site.gunicorn_threads,
        shares=site.memory,
        others=site.workers,
    )
    _disk(site, facts, planned.workers * planned.threads)
    if abs(facts.clock_ahead) > CLOCK:
        direction = "ahead" if facts.clock_ahead > 0 else "behind"
        raise SlipwayError(
            f"{site.server}: its clock is {abs(facts.clock_ahead) / 60:.0f} minutes {direction} of this machine's; "
            "set it: certificates and signatures would be rejected"
        )
    # A cloud's metadata service is link-local too, so the site's sandbox denies all of it (roles/gunicorn).
    if facts.resolvers and all(each.startswith("169.254.") for each in facts.resolvers):
        raise SlipwayError(
            f"{site.server}: it asks {', '.join(facts.resolvers)} for names, which the site may not reach; "
            "install systemd-resolved there, which asks in the site's place"
        )
    _schedule(site, facts)
    if site.tls != "none":
        # The old server forwards until DNS has changed.
        _names(site, facts, {*reached, *facts.move.get("addresses", ())})
    return planned


def _disk(site: config.Site, facts: Facts, threads: int) -> None:
    """Each thread may be about to read the largest body: nginx has it in a file, and Django writes it to another."""
    needed, bodies = DISK if facts.fingerprint else DISK_BARE, 2 * threads * (site.max_body_mb - config.MAX_BODY_MB)
    if facts.disk >= needed + bodies:
        return
    if facts.disk >= needed:
        raise SlipwayError(
            f"max_body_mb: {site.max_body_mb} in site.yml may take {bodies} MB of disk in {threads} threads, and / of "
            f"{site.server} has {facts.disk} MB free, of which a release needs {needed}: write less, or make room"
        )
    raise SlipwayError(f"{site.server}: / has {facts.disk} MB free and {needed} are needed; make room there")


def _schedule(site: config.Site, facts: Facts) -> None:
    """The server's own systemd has to read each calendar expression, and to find a time for it."""
    for job in site.schedule:
        following = facts.calendars.get(job.when, "unknown")
        if following in ("", "never"):
            why = "that time never comes" if following else f"systemd of {site.server} cannot read it"
            raise SlipwayError(f"{site.path}: schedule: {job.name}: when: {job.when!r}: {why}; nothing was changed")


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _names(site: config.Site, facts: Facts, reached: Set[str]) -> None:
    """Every name must resolve to this host, or the certificate authority will not issue for it."""
    public = [each for each in facts.addresses if not each.startswith(("127.", "fe80:", "::1"))]
    address = (sorted(reached) or public or [site.server])[0]
    for name, found in facts.resolved.items():
        if not found:
            raise SlipwayError(f"DNS: {name} does not exist yet; set an A record to {address}")
        others = [address for address in found if address not in {*facts.addresses, *reached}]
        if others:
            raise SlipwayError(
                f"DNS: {name} resolves to {', '.join(others)}, which is not {site.server}; "
                f"set its record to {address}, or take the name out of {site.path}"
            )
