"""Runs the playbook, and asks the server whether it is as described afterwards."""

from slipway.tool import config
from slipway.tool.secrets import Secrets
from slipway.tool.server import facts, host_keys, playbook
from slipway.tool.server.connection import Connection
from slipway.tool.server.inventory import Inventory
from slipway.tool.server.lock import Lock
from slipway.web.errors import SlipwayError


def provision(
    site: config.Site, secrets: Secrets, wanted: Inventory, deploy_lock: Lock | None = None, *, moving: bool = False
) -> tuple[Connection, facts.Facts]:
    """A new connection, which ``deploy_lock`` goes on with, and what the server is now.

    Raises SlipwayError with the task that failed, or with what is not as ``wanted`` afterwards.
    """
    changed, log = playbook.provision(site, secrets, wanted)
    print(f"    {len(changed)} changed; all of it: {log.relative_to(config.ROOT)}")
    # The playbook may have changed who logs in, and where.
    connection = Connection(site, moving=moving)
    if deploy_lock:
        deploy_lock.hand_to(connection)
    host = facts.gather(connection, site)
    if host.fingerprint != wanted.fingerprint or host.drifted:
        what = ", ".join(host.drifted) or "its fingerprint differs"
        raise SlipwayError(f"the playbook has ended and the host is not as described: {what}; see {log}")
    host_keys.provisioned(site)
    return connection, host
