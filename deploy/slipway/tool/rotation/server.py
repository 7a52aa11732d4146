"""Brings changed secrets to the server, while it serves: the site restarts behind its socket, as in a deploy."""

from contextlib import ExitStack

from slipway.tool import config
from slipway.tool.phases import phase
from slipway.tool.secrets import Secrets
from slipway.tool.server import facts, inventory, lock, preflight
from slipway.tool.server.connection import reach
from slipway.tool.server.layout import LAYOUT
from slipway.tool.server.provision import provision
from slipway.web.errors import SlipwayError


class Server:
    """The server that serves the site. Its deploy lock is held until ``stack`` ends.

    Raises SlipwayError, before anything changes, where the playbook cannot be run or would bring more than a secret.
    """

    def __init__(self, site: config.Site, stack: ExitStack) -> None:
        self.site = site
        with phase("Check the server"):
            self.connection = reach(site)
            if self.connection.restricted:
                raise SlipwayError(
                    f"{site.server}: the key of CI may not change secrets; "
                    "run `make rotate` from a machine whose key is in admin_keys"
                )
            self.host = facts.gather(self.connection, site)
            if self.host.fingerprint and self.host.layout != LAYOUT.version:
                raise SlipwayError(
                    f"{site.server}: its last deploy was by another version of Slipway; run `make deploy` first"
                )
        self._lock = None
        if self.host.fingerprint:
            with phase("Take the deploy lock"):
                self._lock = stack.enter_context(lock.held(self.connection))

    def bring(self, secrets: Secrets, what: str) -> None:
        """Runs the playbook, unless the server has these secrets. Raises SlipwayError with the task that failed."""
        site = self.site
        if not self.host.fingerprint:
            print(f"  nothing was deployed to {site.server} yet: `make deploy` brings {what}")
            return
        with phase(f"Bring {what} to {site.server}"):
            database = "DATABASE_URL" not in secrets.web
            budget = preflight.check(site, self.host, self.connection.addresses(), database=database)
            wanted = inventory.write(site, secrets, budget, self.host.sign_in_paths)
            if wanted.fingerprint == self.host.fingerprint and not self.host.drifted:
                print("    it is there")
                return
            self._lock.check()
            self.connection, self.host = provision(site, secrets, wanted, self._lock)
