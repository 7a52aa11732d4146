"""The command line of the proof, for a deploy and for the demo."""

import sys
from pathlib import Path

from slipway.tool import config
from slipway.web.prefixes import PULLED_PATH


def command(
    site: config.Site,
    *,
    project: Path,
    build: Path,
    origin_log: Path,
    report: Path,
    provisioned: Path | None = None,
) -> list[str]:
    """The quick proof: further arguments may ask for the full one, ``--depth full``.

    ``project`` has the site's own files, ``build`` the release's manifests; ``provisioned`` is the output of
    `describe`, if any.
    """
    return [
        *(sys.executable, "-m", "static_smoke", "--site", site.site_url),
        *("--depth", "quick", "--static", site.static_url, "--media", site.media_url, "--origin-log", str(origin_log)),
        *(() if site.pushes else ("--pull", PULLED_PATH)),
        *(("--no-cdn",) if site.cdn == "none" else ()),
        *("--manifest", str(build / "manifests" / "objects.json")),
        *(("--provisioned", str(provisioned)) if provisioned else ()),
        *(f"--also={host}" for host in site.hosts[1:]),
        *(f"--path={path}" for path in site.paths),
        *(f"--allow={path}={reason}" for path, reason in site.allow.items()),
        *(f"--waived={setting}={reason}" for setting, reason in site.waive.items()),
        *("--source", str(project), "--report", str(report)),
    ]
