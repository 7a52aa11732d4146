"""Where things are on the host: deploy/layout.yml, which is packed into this program as JSON."""

import json
import os
import pkgutil
from pathlib import Path

LAYOUT = json.loads(pkgutil.get_data(__package__, "layout.json"))
# For tests: a folder in place of /.
PREFIX = os.environ.get("SLIPWAY_PREFIX", "")


def _path(name: str) -> Path:
    return Path(PREFIX + LAYOUT[name])


ROOT, CURRENT = _path("root"), _path("current")
RELEASES, VENVS, METADATA = _path("releases"), _path("venvs"), _path("metadata")
SETTINGS, ENVIRONMENT = _path("agent_settings"), _path("environment")
WATCHED, SAVED_STATE = _path("watched"), _path("saved_state")
CERTIFICATE, SANDBOX = _path("certificate"), _path("sandbox")
RUN, LOCK, STEP, SLOT = (_path(name) for name in ("run", "deploy_lock", "step_lock", "slot_lock"))
NGINX_LOGS, POSTGRESQL_LOGS = _path("nginx_logs"), _path("postgresql_logs")
BACKUP_SETTINGS, BACKUP_STATE = _path("backup_settings"), _path("backup_state")
NGINX_CONF, NGINX_PID = _path("nginx_conf"), _path("nginx_pid")
NGINX_MOVE, NGINX_PAGE = _path("nginx_move"), _path("nginx_page")
CLUSTERS, SOCKETS = _path("postgresql_conf"), _path("postgresql_run")
AUTHORITIES, MOVE, SOCKET = _path("authorities"), _path("move_state"), _path("socket")
CLUSTER_DATA, JOBS = _path("postgresql_data"), _path("job_state")
ALARM_SETTINGS, ALARM_STATE, KILLED = _path("alarm_settings"), _path("alarm_state"), _path("killed")


class HostError(Exception):
    """What failed, in one line; printed after ``slipway: ``, exit status 1."""


def prepare() -> None:
    """Makes the folders that are missing on a bare host."""
    for folder in (RELEASES, VENVS, METADATA):
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)


def settings() -> dict:
    """What the playbook wrote for this command: site_host, page, tls, timeout, memory_max."""
    return json.loads(SETTINGS.read_text())


def backup_settings() -> dict[str, str]:
    """What the playbook wrote for pgBackRest, this cluster's included. Raises HostError where nothing is backed up."""
    try:
        lines = BACKUP_SETTINGS.read_text().splitlines()
    except FileNotFoundError:
        raise HostError(
            "the database is not backed up; `make cdn` makes a bucket for it, and `make deploy` starts it"
        ) from None
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}
