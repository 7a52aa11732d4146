"""Describes the server to Ansible: the groups, and every variable that site.yml and the budget decide."""

import hashlib
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from slipway.tool import VERSION, alarms, config, path_patterns
from slipway.tool.backups.repository import repository, state_of
from slipway.tool.budget import Budget
from slipway.tool.config.background import Job, Worker
from slipway.tool.secrets import Secrets, literal
from slipway.tool.server import agent, host_keys, site_nginx, state
from slipway.tool.server.layout import LAYOUT

GROUPS = ("web", "db", "lb")
# What the playbook consists of.
SOURCES = ("ansible", "nginx")
# Peer login: the kernel tells PostgreSQL which user connects to the socket.
LOCAL_DATABASE = {"DATABASE_URL": f"postgres:///{LAYOUT.database}", "PGHOST": LAYOUT.postgresql_run}


@dataclass(frozen=True, slots=True)
class Inventory:
    """``path`` is the file for Ansible; ``fingerprint`` changes with the playbook and with every variable."""

    path: Path
    fingerprint: str


def write(
    site: config.Site, secrets: Secrets, budget: Budget, sign_in_paths: Sequence[str] = (), *, archives: bool = True
) -> Inventory:
    """Writes inventory.json in the site's state directory. No secret is in it; their digest is in the fingerprint.

    ``sign_in_paths`` are those found in the release, as regular expressions. A server that does not archive
    (``archives``) restores a backup all the same, and takes no place in the bucket.
    """
    directory = state.directory(site)
    packed = agent.pack(directory / "slipway")
    variables = _variables(site, secrets, budget, sign_in_paths)
    if not archives and variables["slipway_backup"]["kind"] == "wal":
        variables["slipway_backup"]["kind"] = "restore"
    fingerprint = _fingerprint(variables, secrets, packed)
    own = ["-F", site.ssh_config] if site.ssh_config else []
    local = {
        "ansible_host": site.server,
        "ansible_ssh_common_args": shlex.join([*own, "-o", f"StrictHostKeyChecking={host_keys.trust(site)}"]),
        "slipway_agent": str(packed),
        "slipway_fingerprint": fingerprint,
    }
    groups = {group: {"hosts": {site.name: None}} for group in GROUPS}
    path = directory / "inventory.json"
    path.write_text(json.dumps({"all": {"vars": literal(variables | local), "children": groups}}, indent=2) + "\n")
    return Inventory(path, fingerprint)


def database(secrets: Secrets) -> dict[str, str]:
    """Variables that point the site to the server's own database; none where the secrets name another."""
    return {} if "DATABASE_URL" in secrets.web else LOCAL_DATABASE


def environment(site: config.Site, secrets: Secrets) -> dict[str, str]:
    """The variables of the site's processes on the server, but for its secrets and the number of workers."""
    return {**site.extra, **site.environment(), "SLIPWAY_WSGI": site.wsgi, **database(secrets)}


def _variables(site: config.Site, secrets: Secrets, budget: Budget, sign_in_paths: Sequence[str]) -> dict[str, Any]:
    return {
        # Ansible prefers these to the roles' defaults.
        **site.vars,
        "slipway_budget": budget.variables(),
        "slipway_first_user": site.server_user,
        "slipway_jobs": [_unit(each) for each in site.schedule],
        "slipway_workers": [_unit(each) for each in site.workers],
        "slipway_admin_keys": list(site.admin_keys),
        "slipway_ci_key": site.ci_key,
        "slipway_packages": list(site.packages),
        "slipway_reboot": site.reboot,
        "slipway_site": site.domain,
        "slipway_version": VERSION,
        "slipway_site_host": site.host,
        "slipway_site_authority": site.authority,
        "slipway_aliases": list(site.aliases),
        "slipway_redirect_hosts": list(site.redirects),
        "slipway_page": next(iter(site.paths), ""),
        "slipway_tls": site.tls,
        "slipway_timeout": site.timeout,
        "slipway_max_body_mb": site.max_body_mb,
        "slipway_proxies": list(site.proxies),
        "slipway_sign_in_found": list(sign_in_paths),
        "slipway_sign_in_named": path_patterns.expressions(site.sign_in_paths),
        "slipway_nginx_files": site_nginx.read(site.project),
        "slipway_acme_directory": site.acme,
        "slipway_acme_email": site.email,
        "slipway_alarms": alarms.receivers(site, secrets),
        "slipway_database_local": bool(database(secrets)),
        "slipway_environment": environment(site, secrets),
        "slipway_backup": repository(site, secrets),
        "slipway_backups": state_of(site, secrets),
    }


def _unit(each: Job | Worker) -> dict[str, Any]:
    """With `start`: its command as a unit's ExecStart= has it.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
    """
    escaped = (re.sub(r'[\\"]', r"\\\g<0>", re.sub(r"[$%]", r"\g<0>\g<0>", word)) for word in each.command)
    return asdict(each) | {"start": " ".join(f'"{word}"' for word in escaped)}


def _fingerprint(variables: dict[str, Any], secrets: Secrets, packed: Path) -> str:
    """A digest of everything that decides what provisioning does."""
    digest = hashlib.sha256(json.dumps(variables, sort_keys=True).encode())
    digest.update(json.dumps(secrets.on_server, sort_keys=True).encode())
    digest.update(packed.read_bytes())
    for top in SOURCES:
        for path in sorted((state.ROOT / top).rglob("*")):
            name = path.relative_to(state.ROOT)
            # Files of editors and tools differ between machines: CI must get the same digest.
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.parts):
                digest.update(f"{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
