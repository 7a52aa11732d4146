"""The password in DATABASE_URL: the site tries the next one where the first is not taken, and only then it changes."""

import secrets as random
from urllib.parse import SplitResult, quote, urlsplit

from slipway.tool.config import Site
from slipway.tool.phases import phase
from slipway.tool.rotation.server import Server
from slipway.tool.secrets import Secrets
from slipway.web.database.next_password import NEXT
from slipway.web.errors import SlipwayError

URL = "DATABASE_URL"
BYTES = 32


def rotate(site: Site, secrets: Secrets, server: Server) -> None:
    """Raises SlipwayError where the database has no password, or the role may not change its own."""
    parts = urlsplit(secrets.web.get(URL, ""))
    if not parts.password:
        raise SlipwayError(
            f"{URL}: no password in {secrets.path.name}; the server's own database has none: "
            "the kernel tells PostgreSQL who connects"
        )
    if not server.host.fingerprint:
        raise SlipwayError(f"{site.server} changes it, and nothing was deployed there yet; run `make deploy` first")
    with phase("Write the next password to the vaulted file"):
        # An interrupted run may have given it to the database already.
        password = secrets.web.get(NEXT) or random.token_urlsafe(BYTES)
        secrets = Secrets.put(site, "web", {NEXT: password})
    server.bring(secrets, "the next password, beside the one that is taken now")
    with phase(f"Change the password of {parts.username} in the database on {parts.hostname}"):
        print(f"    {server.connection.agent('password')}")
    secrets = Secrets.put(site, "web", {URL: _with(parts, password), NEXT: None})
    server.bring(secrets, "the new password alone")


def _with(parts: SplitResult, password: str) -> str:
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}:{quote(password, safe='')}@{host}").geturl()
