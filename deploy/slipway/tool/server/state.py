"""Where this machine keeps what belongs to one site: logs, inventory, builds, packages."""

from pathlib import Path

from slipway.tool import config

ROOT = config.ROOT


def directory(site: config.Site) -> Path:
    """``.slipway/<name of the site>``, made when it is missing, for its owner alone: logs name visitors."""
    path = ROOT / ".slipway" / site.name
    (path / "log").mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path
