"""Whether a site's errors go to Sentry."""

from slipway.tool.config import Site
from slipway.tool.secrets import Secrets
from slipway.web.sentry import VARIABLE


def missing(site: Site, secrets: Secrets) -> str:
    """A line where the secrets have a DSN and the site's packages no sentry-sdk; "" otherwise."""
    locks = (site.project / "lock").glob("*.txt")
    if VARIABLE not in secrets.web or any("\nsentry-sdk==" in f"\n{each.read_text()}" for each in locks):
        return ""
    return (
        f"{VARIABLE} does nothing, the site has no sentry-sdk: add it to project/requirements.in, then `make lock`; "
        "until then `make logs ERRORS=1` shows the exceptions"
    )
