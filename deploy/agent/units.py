"""The services of this host, as systemd knows them."""

from collections.abc import Iterable

from agent import releases
from agent.paths import CLUSTERS, LAYOUT, settings
from agent.processes import output

SITE, SOCKET, DISK = (LAYOUT[f"{name}_unit"] for name in ("site", "socket", "disk"))
# What restarts the site, and what serves meanwhile.
RESTART, OVERLAP = LAYOUT["restart_unit"], LAYOUT["overlap_unit"]
RENEWAL, TIMER = LAYOUT["certificate_unit"], LAYOUT["certificate_timer"]
NGINX = "nginx.service"


def databases() -> list[str]:
    """The units of the clusters on this host; none where the database is elsewhere.

    Debian has them by VERSION/NAME, each with a start.conf that says whether it is started at boot.
    """
    conf = sorted(CLUSTERS.glob("*/*/start.conf"))
    return [
        f"postgresql@{path.parts[-3]}-{path.parts[-2]}.service" for path in conf if "auto" in path.read_text().split()
    ]


def workers() -> list[str]:
    """The site's own long-lived processes, as site.yml names them."""
    return [f"{LAYOUT['worker_prefix']}{each['name']}.service" for each in settings().get("workers", [])]


def expected() -> list[str]:
    """The units that must run on this host, whether they do or not."""
    return [*([SOCKET, SITE, *workers()] if releases.current() else []), NGINX, *databases(), DISK]


def shown(names: Iterable[str], *properties: str) -> dict[str, dict[str, str]]:
    """The properties of each unit, "" where it has none: by name, so that stopped ones are included."""
    selected = [f"--property={name}" for name in ("Id", *properties)]
    printed = output("systemctl", "show", *selected, *names)
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in printed.split("\n\n")]
    found = {block["Id"]: block for block in blocks if "Id" in block}
    return {name: {each: found.get(name, {}).get(each, "") for each in properties} for name in names}


def is_known(name: str) -> bool:
    """Whether systemd has a unit of this name, or the journal has lines of one (a release's job)."""
    if shown([name], "LoadState")[name]["LoadState"] not in ("", "not-found"):
        return True
    return name in output("journalctl", "--field=_SYSTEMD_UNIT").splitlines()


def failed() -> list[str]:
    listed = output("systemctl", "list-units", "--failed", "--no-legend", "--plain")
    return [line.split()[0] for line in listed.splitlines() if line.strip()]
