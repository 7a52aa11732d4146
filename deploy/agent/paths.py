"""Where things lie on the host."""

import json
import os
from pathlib import Path

ROOT = Path(os.environ.get("SLIPWAY_ROOT", "/srv/slipway"))
RELEASES = ROOT / "releases"
VENVS = ROOT / "venvs"
METADATA = ROOT / "records"
CURRENT = ROOT / "current"

ETC = Path(os.environ.get("SLIPWAY_ETC", "/etc/slipway"))
ENVIRONMENT = ETC / "site.env"
CERTIFICATE = ETC / "tls" / "certificate.pem"
SANDBOX = Path(os.environ.get("SLIPWAY_SANDBOX", "/etc/systemd/system/slipway.service.d/sandbox.conf"))
RUN = Path(os.environ.get("SLIPWAY_RUN", "/run"))
LOCK = RUN / "slipway-deploy.lock"
STEP = RUN / "slipway-step.lock"


class HostError(Exception):
    """What failed, in one line; printed after ``slipway: ``, exit status 1."""


def prepare() -> None:
    """Makes the folders that a bare host lacks."""
    for folder in (RELEASES, VENVS, METADATA):
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)


def settings() -> dict:
    """What the playbook wrote for this command: site_host, tls, memory_max."""
    return json.loads((ETC / "release.json").read_text())
