"""Where this machine keeps what belongs to one site: logs, inventory, builds."""

from pathlib import Path

from deploy import config

ROOT = config.ROOT


def directory(site: config.Site) -> Path:
    """``.slipway/<name of the site>``, made when it is missing."""
    path = ROOT / ".slipway" / site.name
    (path / "log").mkdir(parents=True, exist_ok=True)
    return path
